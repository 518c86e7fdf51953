#!/usr/bin/env bash
# What each rank opens when a run starts, and when it resumes, on 1, 2 and 8 ranks: the configuration, the run
# directory and what describes the data are looked at by rank 0 alone; data in memory are read by one rank of each node;
# a rank that streams data opens each file once; and a node that waits for others reads a few of their heartbeats.
source "$(dirname "$0")/common.sh"
build=$(realpath "$2")
shim=$build/tests/nn_fault_shim.so
faults=$build/tests/nntrain_faults
[ -f "$shim" ] || { echo "the shim is not built here"; exit 77; }
mkdir -p folder/data
for number in 1 2; do cp "$digits"/digits.h5 folder/data/digits-$number.h5; done
sed -e '1i include: common.yaml' -e 's,digits.h5,data/digits-*.h5,' "$digits"/digits.yaml >folder/digits.yaml
echo 'training: {hang_timeout: 300}' >folder/common.yaml

# record RANKS PROGRAM ARGUMENT...: `record` has a line per rank and file that it opens, in order.
record() {
    local ranks=$1
    shift
    rm -f record
    OMP_NUM_THREADS=1 NN_SHIM_FOLDER=$work/folder NN_SHIM_RECORD=$work/record mpirun -n "$ranks" --bind-to none \
        -x LD_PRELOAD="$shim" "$@" >train.log 2>&1 || { cat train.log; fail "$*"; }
}

train_to() {
    local ranks=$1 program=$2
    record "$ranks" "$program" train "$work/folder/digits.yaml" --run-dir "$work/folder/run" \
        --set training.epochs="$3" --set training.peak_seconds=0 --set checkpoint.every='1 epoch' "${@:4}"
}

# times RANK CALL PATH: how often that rank opened it
times() { grep -c "^$1 $2 $work/folder/$3\$" record; }

# expect_data RANKS "RANK ...": each of these opens each file of the data once, and no other rank does. The program
# also looks at the files in a process of its own before MPI starts (store/probe.h), which counts for rank 0.
expect_data() {
    local rank file expected found
    for ((rank = 0; rank < $1; rank++)); do
        for file in 1 2; do
            expected=0
            [[ " $2 " == *" $rank "* ]] && expected=1
            [ $rank = 0 ] && expected=2
            found=$(times $rank open data/digits-$file.h5)
            [ "$found" = $expected ] || fail "$case: rank $rank opens file $file of the data $found times, not $expected"
        done
        [ $rank = 0 ] || [ "$(times $rank opendir data)" = 0 ] || fail "$case: rank $rank lists the folder of the data"
    done
}

# The rest: by rank 0 alone, and as often on any number of ranks.
expect_rank_0() {
    grep -v '/folder/data' record | grep -v '^0 ' | sort | uniq -c >others
    [ ! -s others ] || { cat others; fail "$case: other ranks than 0 open these"; }
    grep '^0 ' record | sed 's/step-[0-9]*/step/' | sort | uniq -c >"opened-$1"
    for file in digits.yaml common.yaml; do
        [ "$(times 0 open $file)" -gt 0 ] || fail "$case: rank 0 does not open $file"
    done
    # Once to sweep it; where there is no checkpoint, again for best weights from which the run could resume.
    local lists=$((epochs == 1 ? 2 : 1)) found
    found=$(times 0 opendir run)
    [ "$found" = $lists ] || fail "$case: rank 0 lists the run directory $found times, not $lists"
    [ "$1" = 1 ] || diff opened-1 "opened-$1" || fail "$case: rank 0 opens more, or less, than on one rank"
}

for cache in memory stream; do
    for epochs in 1 2; do
        for ranks in 1 2 8; do
            case="$ranks ranks, $cache, epoch $epochs"
            rm -rf folder/run
            [ $epochs = 1 ] || train_to "$ranks" "$program" 1
            train_to "$ranks" "$program" $epochs --set data.cache=$cache
            [ $epochs = 1 ] || grep -q resum train.log || { cat train.log; fail "$case: the run does not resume"; }
            [ $cache = memory ] && readers=0 || readers=$(seq -s ' ' 0 $((ranks - 1)))
            expect_data "$ranks" "$readers"
            expect_rank_0 "$ranks"
        done
    done
done

# Four nodes of two ranks.
if [ -x "$faults" ]; then
    case="four nodes"
    rm -rf folder/run
    NN_FAULT=comm.node_size=value:2 train_to 8 "$faults" 1 --set data.cache=memory
    expect_data 8 "0 2 4 6"
fi

# Evaluation: the checkpoint by rank 0 alone.
case="evaluation"
record 8 "$program" eval "$work/folder/run"
expect_data 8 ""
grep -v '^0 ' record && fail "$case: other ranks than 0 open these"

# Six nodes of one rank wait for the seventh, which hangs: three of them watch all, the others watch these three. One is
# named however many watch.
heartbeats() {
    local rank others expected
    rm -rf record folder/run
    NN_FAULT=comm.node_size=value:1 NN_SHIM_FOLDER=$work/folder NN_SHIM_RECORD=$work/record LD_PRELOAD=$shim \
        start "$faults" 7 "$work/folder/run" "$work/folder/digits.yaml" --set training.epochs=100000 \
        --set training.peak_seconds=0 --set training.hang_timeout=8 --set checkpoint.every='10000 epochs'
    kill -STOP "$(process_of_rank 6)"
    gone 60 || { fail "heartbeats: the job still runs after 60 s"; clear_away; }
    wait $launcher
    grep -q '^  rank 6 on .* is not running' folder/run.log || { cat folder/run.log; fail "rank 6 is not named"; }
    for ((rank = 0; rank < 6; rank++)); do
        others=$(sed -n "s,^$rank open .*/heartbeat/node-of-rank-,,p" record | grep -vx $rank | sort -nu | tr '\n' ' ')
        expected=
        for ((other = 0; other < 7; other++)); do
            [ $other = $rank ] || { [ $rank -gt 2 ] && [ $other -gt 2 ]; } || expected+="$other "
        done
        [ "$others" = "$expected" ] || fail "rank $rank reads the heartbeats of $others, not of $expected"
    done
}
[ -x "$faults" ] && heartbeats
finish
