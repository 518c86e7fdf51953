#!/usr/bin/env bash
# Data that one rank of a job cannot read. Rank 0 describes the data for all ranks, the others read their rows: whoever
# fails, the job ends on all ranks, and one message names the file, the reason, and the rank with its host.
shim=$(realpath "$2")/tests/nn_fault_shim.so
source "$(dirname "$0")/common.sh"
if [ ! -f "$shim" ]; then
    echo "skipped: this build has no library for LD_PRELOAD"
    exit 77
fi
classifier
mkdir data
cp "$digits/digits.h5" data
sed -i "s|file: .*|file: $work/data/digits.h5|" classifier.yaml
declare -A numbers=([EIO]=5 [EACCES]=13 [ESTALE]=116 [end]=-1)

# fails RANK CALL FIRST ERROR ARGUMENT...: three ranks, of which one gets ERROR from call FIRST on; sets `code`
fails() {
    local rank part=() all=()
    for rank in 0 1 2; do
        part=("$program" train classifier.yaml --run-dir run --fresh --set training.peak_seconds=0 "${@:5}")
        [ "$rank" != "$1" ] || part=(env LD_PRELOAD="$shim" NN_SHIM_HURRY=1 NN_SHIM_FOLDER="$work/data" NN_SHIM_CALL="$2"
            NN_SHIM_FIRST="$3" NN_SHIM_LAST=1000000 NN_SHIM_ERROR="$4" "${part[@]}")
        all+=(${all[0]+:} -n 1 --bind-to none "${part[@]}")
    done
    OMP_NUM_THREADS=1 timeout 60 mpirun "${all[@]}" >train.log 2>&1
    code=$?
}

# expect_end CODE TEXT RANK: the job has ended so, with one message, which has the text and, if any, the rank
expect_end() {
    local count
    count=$(grep -c '^nntrain: ' train.log)
    [ $code = "$1" ] || { fail "$what: exit $code, not $1"; cat train.log; }
    [ "$count" = 1 ] || { fail "$what: $count messages"; cat train.log; }
    grep -q "^nntrain: ${3:+rank $3 on $(hostname): }.*$2" train.log || { fail "$what: not named"; cat train.log; }
    grep -q '^epoch 2' train.log && fail "$what: it trained"
}

# struck MODE RANK CALL FIRST CODE ERROR REASON: the job meets the error, and ends so
struck() {
    what="data.cache: $1, rank $2, $3 $4: $6"
    fails "$2" "$3" "$4" "${numbers[$6]}" --set data.cache="$1"
    grep -q '^shim:' train.log || fail "$what: rank $2 has not met it"
    expect_end "$5" "$work/data/digits.h5: $7" "$2"
}

for mode in memory stream; do
    struck $mode 0 open 1 6 ESTALE 'Stale file handle'
    struck $mode 0 open 1 5 EACCES 'Permission denied'
    struck $mode 0 read 1 6 EIO 'Input/output error'
    struck $mode 0 read 4 6 end 'Input/output error'
done
struck stream 1 open 1 6 ESTALE 'Stale file handle'
struck stream 1 read 1 6 EIO 'Input/output error'
struck stream 1 read 3 6 end 'Input/output error'

# unusable REASON: the file is so for all ranks
unusable() {
    what="the file $1"
    fails none open 1 0
    expect_end 5 "$work/data/digits.h5.*$1" ''
}
truncate -s 20000 data/digits.h5
unusable 'is cut short'
echo 'not HDF5' >data/digits.h5
unusable 'is not an HDF5 file'
rm data/digits.h5
unusable 'No such file or directory'
finish
