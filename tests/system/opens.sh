#!/usr/bin/env bash
# What each of eight ranks opens when a run starts, and when it resumes: the configuration and everything in the run
# directory are opened and listed by rank 0 alone; the data by every rank, which shows that the ranks are seen.
source "$(dirname "$0")/common.sh"
shim=$(realpath "$2")/tests/nn_fault_shim.so
[ -f "$shim" ] || { echo "the shim is not built here"; exit 77; }
mkdir folder
cp "$digits"/digits.h5 folder
sed '1i include: common.yaml' "$digits"/digits.yaml >folder/digits.yaml
echo 'training: {hang_timeout: 300}' >folder/common.yaml

# start EPOCHS: trains to that epoch; `record` has a line per rank and file.
start() {
    rm -f record
    OMP_NUM_THREADS=1 NN_SHIM_FOLDER=$work/folder NN_SHIM_RECORD=$work/record mpirun -n 8 --bind-to none \
        -x LD_PRELOAD="$shim" "$program" train "$work/folder/digits.yaml" --run-dir "$work/folder/run" \
        --set training.epochs="$1" --set training.peak_seconds=0 --set checkpoint.every='1 epoch' >train.log 2>&1 ||
        { cat train.log; fail "training to epoch $1"; }
    sort -u record >opened
    [ "$(grep -c 'open .*/folder/digits.h5$' opened)" = 8 ] || { cat opened; fail "not all ranks are seen"; }
    for file in digits.yaml common.yaml; do
        [ "$(grep "open .*/folder/$file$" opened | cut -d ' ' -f 1)" = 0 ] || fail "$file is not opened by rank 0 alone"
    done
    grep -q '^0 opendir .*/run' opened || fail "rank 0 does not list the run directory"
    grep '/folder/run' opened | grep -v '^0 ' && fail "epoch $1: another rank than 0 opens this"
}

start 1
start 2
grep -q resum train.log || { cat train.log; fail "the second run did not resume"; }
finish
