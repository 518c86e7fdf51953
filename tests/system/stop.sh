#!/usr/bin/env bash
# A request to stop (USR1) ends the run at a step boundary with a checkpoint and exit code 75; the same command resumes
# with the same bits. The same happens at the end of the job's time. A finished run says so; more epochs continue it;
# changes that affect the result are refused.
source "$(dirname "$0")/common.sh"
classifier
settings=(--set training.epochs=300)
train 2 1 classifier.yaml --run-dir whole "${settings[@]}" || fail "the uninterrupted run"
reference=$(fingerprint)

# status PATTERN: the status line of the run, which info shows too
status() {
    grep -q -E "^$1" stopped/status && "$program" info stopped | grep -q -E "^status: $1" ||
        fail "the run's status is '$(cat stopped/status)', not '$1'"
}

# After TERM and INT mpirun may exit with its own code; the run directory has the program's.
ranks=1
for signal in USR1 TERM INT; do
    ranks=$((ranks % 3 + 1))
    rm -f stopped.log
    OMP_NUM_THREADS=1 mpirun -n $ranks --bind-to none "$program" train classifier.yaml --run-dir stopped \
        "${settings[@]}" >stopped.log 2>&1 &
    launcher=$!
    for _ in $(seq 100); do grep -q '^epoch' stopped.log 2>/dev/null && break; sleep 0.05; done
    kill -$signal $launcher
    wait $launcher
    code=$?
    if [ $code = 75 ] || { [ $signal != USR1 ] && [ $code != 0 ]; }; then
        grep -q 'stopped on request' stopped.log || fail "no message about the stop"
    else
        fail "$signal on $ranks ranks: exit $code, not 75"
        cat stopped.log
    fi
    status '75 .* stopped on request after step [0-9]+$'
done
# A job stops on its own before its time ends, wherever the limit comes from.
train 2 1 classifier.yaml --run-dir stopped "${settings[@]}" --time-limit '1 s'
[ $? = 75 ] || { fail "--time-limit does not stop the run"; cat train.log; }
grep -q "stopped before the job's time ends" train.log || fail "no message about the time limit"
SLURM_JOB_END_TIME=$(($(date +%s) + 2)) train 1 2 classifier.yaml --run-dir stopped "${settings[@]}"
[ $? = 75 ] || { fail "SLURM_JOB_END_TIME does not stop the run"; cat train.log; }
train 2 1 classifier.yaml --run-dir stopped "${settings[@]}" --time-limit soon
[ $? = 2 ] || fail "a time limit that is none is not refused"
train 5 1 classifier.yaml --run-dir stopped "${settings[@]}"
[ "$(fingerprint)" = "$reference" ] || fail "after stops: $(fingerprint), not $reference"
status '0 .* trained to the end$'

train 2 1 classifier.yaml --run-dir stopped "${settings[@]}" || fail "a finished run ends with $?"
grep -q 'the run is finished' train.log || fail "a finished run does not say so"
train 2 1 classifier.yaml --run-dir stopped --set training.epochs=301 || fail "more epochs end with $?"
grep -q '^epoch 301/301' train.log || fail "the run did not continue to epoch 301"
train 2 1 classifier.yaml --run-dir stopped --set training.epochs=301 --set training.clip_norm=2
[ $? = 2 ] || fail "a change of the result is not refused"
status "2 "
grep -q 'training.clip_norm: was 0.5, is now 2' train.log || { fail "the difference is not shown"; cat train.log; }
train 2 1 classifier.yaml --run-dir stopped --set training.epochs=301 --set training.memory=100 \
    --set checkpoint.keep_last=1 || fail "a change of speed and output options is refused"
cp "$digits/digits.h5" moved.h5
train 2 1 classifier.yaml --run-dir stopped --set training.epochs=302 --set data.file=moved.h5 ||
    { fail "a moved data file is refused"; cat train.log; }
train 2 1 classifier.yaml --run-dir stopped --set training.epochs=1 --set training.seed=2 --fresh ||
    fail "--fresh does not start over"

# A run directory removed during a run and taken by another job: the first job ends and leaves the second's files alone.
"$program" train classifier.yaml --run-dir taken --set training.epochs=100000 >first.log 2>&1 &
first=$!
for _ in $(seq 200); do [ -n "$(ls taken/checkpoints 2>/dev/null)" ] && break; sleep 0.05; done
mkdir other && touch other/lease && mv taken gone && mv other taken
for _ in $(seq 600); do kill -0 $first 2>/dev/null || break; sleep 0.1; done
kill -9 $first 2>/dev/null
wait $first
code=$?
[ $code = 10 ] || { fail "a run whose directory another job has taken ends with $code, not 10"; tail -n 3 first.log; }
[ "$(grep -c '^nntrain: .*was removed while this job ran' first.log)" = 1 ] || { fail "no message about it"; tail -n 3 first.log; }
finish
