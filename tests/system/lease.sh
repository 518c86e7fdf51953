#!/usr/bin/env bash
# On a file system without locks (flock fails with ENOLCK), a job suspended for long loses its run directory to the next
# job. When continued it ends and changes nothing there, and no third job enters.
shim=$(realpath "$2")/tests/nn_fault_shim.so
source "$(dirname "$0")/common.sh"
if [ ! -f "$shim" ]; then
    echo "skipped: this build has no library for LD_PRELOAD"
    exit 77
fi
classifier
settings=(--set training.peak_seconds=0 --set training.epochs=100000 --set 'checkpoint.every=6 steps')

# job NAME ARGUMENT...: starts a job in the background, output to NAME.log; sets `process`
job() {
    local name=$1
    shift
    OMP_NUM_THREADS=1 env LD_PRELOAD="$shim" NN_SHIM_FOLDER="$work/run" NN_SHIM_CALL=flock NN_SHIM_FIRST=1 \
        NN_SHIM_LAST=1000000 NN_SHIM_ERROR=37 "$program" train classifier.yaml --run-dir "$work/run" "${settings[@]}" "$@" \
        >"$name.log" 2>&1 &
    process=$!
}

# until_says NAME WORDS: waits up to a minute for WORDS in NAME.log
until_says() {
    local tries
    for ((tries = 0; tries < 600; tries++)); do
        grep -q "$2" "$1.log" 2>/dev/null && return 0
        sleep 0.1
    done
    fail "$1 does not say: $2"
    cat "$1.log"
    return 1
}

job first
first=$process
until_says first '^epoch 2/'
grep -q 'using a time stamp instead' first.log || fail "the locks do not fail"
kill -STOP $first
touch -d '200 seconds ago' run/lease
job second
second=$process
until_says second '^epoch [0-9]*[1-9]/'
owner=$(cat run/lease)
case $owner in *"process $second,"*) ;; *) fail "the second job has not taken the lease: $owner" ;; esac
lines=$(wc -l <run/metrics.jsonl)
kill -CONT $first
wait $first
code=$?
[ $code = 10 ] || { fail "the first job ends with $code"; tail -n 3 first.log; }
grep -q "^nntrain: .*was taken over by another job (host .*process $second, .*while this one was suspended" first.log ||
    { fail "the first job does not say why"; tail -n 3 first.log; }
[ "$(cat run/lease)" = "$owner" ] || fail "the first job has changed the lease: $(cat run/lease)"
job third
wait $process
code=$?
[ $code = 10 ] || { fail "a third job enters: exit $code"; tail -n 3 third.log; }
kill -TERM $second
wait $second
code=$?
[ $code = 75 ] || { fail "the second job ends with $code"; tail -n 3 second.log; }
[ ! -s run/lease ] || fail "the second job has not given the lease back"
"$program" verify run >verify.log || { fail "not all files are good"; cat verify.log; }
# Each epoch is listed once.
sed -n 's/^{"epoch":\([0-9]*\),.*/\1/p' run/metrics.jsonl >epochs
[ "$(cat epochs)" = "$(seq "$(wc -l <epochs)")" ] || fail "metrics.jsonl is not that of one run"
[ "$(wc -l <run/metrics.jsonl)" -ge "$lines" ] || fail "lines of metrics.jsonl are lost"
job fourth --set training.epochs=1 --fresh
wait $process || { fail "a fourth job does not enter"; cat fourth.log; }
finish
