#!/usr/bin/env bash
# train --profile and --trace: the table, the numbers in the metrics, and a timeline of every rank and thread; the
# weights and the rest of the metrics are those of a run without them. The trace is valid after a stop, a trace that
# cannot be written, or would replace another file, is refused before training.
source "$(dirname "$0")/common.sh"
classifier
find_python

train 2 1 classifier.yaml --run-dir plain || { cat train.log; fail "training"; }
reference=$(fingerprint)
grep -q '"profile_' plain/metrics.jsonl && fail "a profile that was not asked for"

# table: whether train.log has one that adds up to the step
table() {
    awk '/^profile of [0-9]+ steps?, in milliseconds per step/ { shown = 1; next }
         shown && /^  step / { step = $2; found = 1; shown = 0 }
         shown && /%/ { for (i = 2; i < NF; i++) if ($(i + 1) == "%") { sum += $(i - 1); break } }
         END { exit !(found && step > 0 && sum > 0.98 * step && sum < 1.02 * step) }' train.log
}

# timeline FILE RANKS THREADS [STEPS]: checks a trace
timeline() {
    [ -n "$python" ] || return 0
    "$python" - "$@" <<'PYTHON'
import json, sys
name, ranks, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
trace = json.load(open(name))
events = [e for e in trace["traceEvents"] if e["ph"] == "X"]
lanes = {(e["pid"], e["tid"]) for e in trace["traceEvents"] if e["name"] == "thread_name"}
assert lanes == {(r, t) for r in range(ranks) for t in range(threads)}, lanes
assert {e["pid"] for e in trace["traceEvents"] if e["name"] == "process_name"} == set(range(ranks))
for rank in range(ranks):
    names = {e["name"] for e in events if e["pid"] == rank}
    assert {"dense1 forward", "dense2 backward", "dense3 weight gradient", "input", "loss"} <= names, (rank, names)
    names = {e["name"] for e in events if e["pid"] == rank and e["tid"] == 0}
    assert {"reduction", "agreement", "update", "share"} <= names, (rank, names)
    assert {e["tid"] for e in events if e["pid"] == rank} == set(range(threads)), rank
for e in events:
    assert e["ts"] >= 0 and e["dur"] >= 0, e
# Of one lane, an event lies within another or apart from it, to a thousandth of a microsecond.
for lane in lanes:
    ends = []
    own = [e for e in events if (e["pid"], e["tid"]) == lane]
    for e in sorted(own, key=lambda e: (e["ts"], -e["dur"])):
        while ends and ends[-1] <= e["ts"] + 0.002:
            ends.pop()
        assert not ends or e["ts"] + e["dur"] <= ends[-1] + 0.002, e
        ends.append(e["ts"] + e["dur"])
steps = {r: sum(e["cat"] == "step" for e in events if e["pid"] == r) for r in range(ranks)}
assert len(set(steps.values())) == 1, steps
if len(sys.argv) > 4:
    assert steps[0] == int(sys.argv[4]), steps
assert trace["otherData"]["steps"].startswith("%d from step " % steps[0]), trace["otherData"]
PYTHON
}

for ranks in 1 3; do
    train $ranks 2 classifier.yaml --run-dir run-$ranks --profile --trace trace-$ranks.json ||
        { cat train.log; fail "$ranks ranks"; }
    [ "$(fingerprint)" = "$reference" ] || fail "the profile changes the weights on $ranks ranks"
    [ "$(times_aside run-$ranks)" = "$(times_aside plain)" ] || fail "the profile changes the metrics on $ranks ranks"
    table || { cat train.log; fail "the lines of the table do not add up to the step on $ranks ranks"; }
    timeline trace-$ranks.json $ranks 2 54 || fail "the trace of $ranks ranks"
    [ -z "$python" ] || "$python" - run-$ranks/metrics.jsonl <<'PYTHON' || fail "the profile in the metrics"
import json, sys
for line in open(sys.argv[1]):
    time = json.loads(line)["time"]
    layers = time["profile_layers"]
    assert layers == ["flatten1", "dense1", "dropout1", "dense2", "dense3"], layers
    for key in ["forward_ms", "backward_ms", "gradient_ms", "gflops", "of_peak"]:
        assert len(time["profile_" + key]) == len(layers), key
    rows = [v for k, v in time.items() if k.startswith("profile_") and k.endswith("_ms") and k != "profile_step_ms"]
    total = sum(sum(v) if isinstance(v, list) else v for v in rows)
    assert abs(total - time["profile_step_ms"]) < 0.02 * time["profile_step_ms"] + 0.01, (total, time)
PYTHON
done

# A run that is stopped, and resumed: the trace is of the steps of each part.
OMP_NUM_THREADS=1 mpirun -n 2 --bind-to none "$program" train classifier.yaml --run-dir stopped --trace stopped.json \
    --profile --set training.epochs=3000 >stopped.log 2>&1 &
launcher=$!
for _ in $(seq 200); do grep -q '^epoch' stopped.log 2>/dev/null && break; sleep 0.05; done
grep -q 'the run is in progress' stopped.json || fail "the file does not say that the run is in progress"
kill -USR1 $launcher
wait $launcher
code=$?
[ $code = 75 ] || { cat stopped.log; fail "USR1: exit $code, not 75"; }
cp stopped.log train.log
table || { cat train.log; fail "no table after a stop"; }
timeline stopped.json 2 1 || fail "the trace of a stopped run"
grep -q '^trace: [0-9]* steps of 2 ranks, from step 1 on' stopped.log || fail "the log does not name the trace"

# A finished run has no steps to show, and keeps the trace that it has written.
cp trace-3.json kept.json
ends 0 3 2 classifier.yaml --run-dir run-3 --profile --trace trace-3.json
cmp -s kept.json trace-3.json || fail "a finished run replaces its trace"
[ ! -e trace-3.json.nntrain.tmp ] || fail "a finished run leaves a temporary file"
grep -q '^no profile: no step was left to run' train.log || { cat train.log; fail "no line about the profile"; }
grep -q '^no trace: no step was left to run' train.log || { cat train.log; fail "no line about the trace"; }

# A run that fails before its first step keeps it, too; one that has a step replaces it.
ends 5 2 1 classifier.yaml --run-dir early --trace trace-3.json --set data.file=missing.h5
cmp -s kept.json trace-3.json || fail "a run that fails early replaces a trace"
ends 0 1 1 classifier.yaml --run-dir replaced --trace trace-3.json
timeline trace-3.json 1 1 54 || fail "a new run does not replace a trace"
: >empty.json
ends 0 1 1 classifier.yaml --run-dir emptied --trace empty.json
timeline empty.json 1 1 54 || fail "an empty file does not become a trace"

# A file that is not a trace is refused and stays: here the name of the trace was forgotten.
cp "$digits/digits.h5" digits.h5
for name in classifier.yaml digits.h5; do
    cp "$name" untouched
    ends 2 2 1 --run-dir refused --trace "$name"
    cmp -s untouched "$name" || fail "--trace changes $name"
    grep -q -- "--trace: $name exists and is not a trace" train.log || { cat train.log; fail "the message about $name"; }
    grep -q '^epoch' train.log && fail "training began with $name as a trace"
done

# Ranks with different options end with a message instead of waiting for each other.
for option in --profile --trace=some.json; do
    OMP_NUM_THREADS=1 timeout 120 mpirun --bind-to none -n 1 "$program" train classifier.yaml --run-dir unequal $option : \
        -n 1 "$program" train classifier.yaml --run-dir unequal >train.log 2>&1
    code=$?
    [ $code = 2 ] || { cat train.log; fail "$option on one of two ranks: exit $code"; }
    grep -q 'were given different arguments' train.log || { cat train.log; fail "the message about $option on one rank"; }
done

# What cannot be written is refused at once, once.
train 2 1 classifier.yaml --run-dir refused --trace no/such/folder/trace.json
[ $? = 2 ] || fail "a trace in a folder that is not there"
[ "$(grep -c 'trace' train.log)" = 1 ] && grep -q -- '--trace: cannot write no/such/folder/trace.json' train.log ||
    { cat train.log; fail "the message about the trace"; }
grep -q '^epoch' train.log && fail "training began without a trace"
train 1 1 classifier.yaml --run-dir refused --trace .
[ $? = 2 ] || { cat train.log; fail "a folder as a trace"; }
train 2 1 classifier.yaml --run-dir refused --trace classifier.yaml/trace.json
[ $? = 2 ] || { cat train.log; fail "a trace in a file"; }
train 1 1 classifier.yaml --run-dir refused --trace=
[ $? = 2 ] && grep -q -- '--trace needs a file' train.log || { cat train.log; fail "a trace without a name"; }
finish
