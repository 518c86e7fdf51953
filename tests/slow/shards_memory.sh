#!/usr/bin/env bash
# A network of 100 million parameters on two emulated nodes, each of which writes half of a checkpoint: while a save is
# in progress, and to resume, rank 0 needs memory for one half, and the bits are those of one rank that was never killed.
source "$(dirname "$0")/../system/common.sh"
faults=$2/tests/nntrain_faults
bound_mib=24 # what a save may need in addition: the file's metadata, buffers of MPI, stacks of threads
"$2/tests/make_data" data.h5 32 784 10 >/dev/null
cat >large.yaml <<YAML
data: {file: data.h5, train: {x: x, y: y}}
network:
  - dense: {units: 9650, activation: relu}
  - dense: {units: 9650, activation: relu}
  - dense: {units: classes}
loss: cross_entropy
optimizer: {sgd: {learning_rate: 0.001, momentum: 0.9}}
training: {epochs: 1, batch_size: 4, microbatch_size: 2, peak_seconds: 0}
checkpoint: {every: 4 steps, keep_last: 1, shard_size: 100}
YAML

# start FAULT: two ranks, each on a node of its own, in the background
start() {
    NN_FAULT="comm.node_size=value:1,$1" OMP_NUM_THREADS=1 \
        mpirun -n 2 --bind-to none "$faults" train large.yaml --run-dir parts >train.log 2>&1 &
    launcher=$!
}

# stopped: waits until rank 0 has stopped itself, and sets `processes`, `first`, and its peak of memory in KiB
stopped() {
    local tries
    peak=0
    for ((tries = 0; tries < 6000; tries++)); do
        mapfile -t processes < <(pgrep -P $launcher)
        first=$(process_of_rank 0)
        if grep -q '^State:.T' "/proc/$first/status" 2>/dev/null; then
            peak=$(awk '/^VmHWM:/ {print $2}' "/proc/$first/status")
            return
        fi
        kill -0 $launcher 2>/dev/null || break
        sleep 0.05
    done
    fail "rank 0 has not stopped"
    cat train.log
    finish
}

train 1 1 large.yaml --run-dir whole --set checkpoint.shard_size=10000 || { cat train.log; fail "one rank"; }
reference=$(fingerprint)

start step.share@4/0=stop,manifest.written@1/0=stop
stopped
before=$peak
kill -CONT "$first"
stopped
after=$peak
kill -9 "$(process_of_rank 1)"
kill -CONT "$first"
wait $launcher && fail "a run without rank 1 has succeeded"
share=$(stat -c %s parts/checkpoints/step-0000000004.shard-1-of-2.h5) || { cat train.log; fail "no shard"; }
all=$(cat parts/checkpoints/step-0000000004*.h5 | wc -c)
echo "a checkpoint of $((all >> 20)) MiB, $((share >> 20)) MiB of it on rank 0, whose peak was $((before >> 10)) MiB" \
    "before the save and $((after >> 10)) MiB after it"

# Wrong: rank 0 writes most of it, or holds its part more than once.
[ $((all >> 20)) -gt 760 ] || fail "the checkpoint has only $all bytes"
[ $((2 * share)) -lt $((all + (8 << 20))) ] || fail "rank 0 writes $share of $all bytes"
[ $((after - before)) -lt $(((share >> 10) + (bound_mib << 10))) ] ||
    fail "a save needs $(((after - before) >> 10)) MiB, more than its share and $bound_mib MiB"
grep -q 'one rank per node needs 38[0-9]\.* *[0-9]* MiB more while saving' train.log ||
    { fail "it is not announced"; grep '^memory' train.log; }

# Wrong: rank 0, which reads all parts, holds more than one of them when it resumes, or other bits are the result.
start step.share@2/0=stop
stopped
resumed=$peak
kill -CONT "$first"
wait $launcher || { cat train.log; fail "the run is not resumed"; }
echo "the peak of rank 0 after it has resumed was $((resumed >> 10)) MiB"
[ $((resumed - before)) -lt $(((share >> 10) + (bound_mib << 10))) ] ||
    fail "resuming needs $(((resumed - before) >> 10)) MiB, more than a part and $bound_mib MiB"
grep -q '^resuming' train.log || fail "the run was not resumed"
[ "$(fingerprint)" = "$reference" ] || fail "$(fingerprint), not $reference"
finish
