#!/usr/bin/env bash
# logging.tensorboard and logging.csv: event files and metrics.csv have what metrics.jsonl has, after a kill and a resume too:
# for TensorBoard's own reader, and for its server with both of its loaders. Without tensorboard (scripts/setup.sh interop) the
# records are still checked, by their lengths.
source "$(dirname "$0")/common.sh"
faults=$2/tests/nntrain_faults
"$program" version | grep -q 'without.*ONNX' && { echo "skipped: built without protobuf-c"; exit 77; }
classifier
use_engine classifier.yaml
settings=(classifier.yaml --set training.peak_seconds=0
    --set logging='{every: 1 steps, tensorboard: true, csv: true, fingerprints: 9 steps}')

# ---- a whole run, and one that is killed after step 16 or 17 and resumed from step 15 on other ranks: of the lines of
# each step, that of step 15 must stay and that of step 16 is written twice ----
train 1 2 "${settings[@]}" --run-dir whole || { cat train.log; fail "the undisturbed run"; }
# Checkpoints are written while training continues: a kill can come before that of step 15 is complete.
for _ in 1 2 3 4 5 6 7 8; do
    rm -rf killed
    NN_FAULT=step.claim@17/0=kill OMP_NUM_THREADS=1 mpirun -n 3 --bind-to none "$faults" train "${settings[@]}" \
        --run-dir killed >killed.log 2>&1 &
    program=$faults wait_launcher $!
    [ "$(ls killed/checkpoints | tail -n 1)" != step-0000000015.h5 ] || break
done
grep -q '"line":"step","step":16,' killed/metrics.jsonl || { fail "the line of step 16 is not there to be cut off"; cat killed.log; }
[ "$(ls killed/checkpoints | tail -n 1)" = step-0000000015.h5 ] || fail "step 15 is not the last that is saved"
train 2 1 "${settings[@]}" --run-dir killed || { cat train.log; fail "the resumed run"; }
[ "$(times_aside killed)" = "$(times_aside whole)" ] || fail "metrics.jsonl differs"
[ "$(grep -c '"line":"fingerprints"' whole/metrics.jsonl)" = 6 ] || fail "not 6 lines of fingerprints"
grep '"line":"fingerprints","step":54' whole/metrics.jsonl | grep -q "\"weights\":\"$(fingerprint)\"" ||
    fail "the last fingerprint is not that of the run"
run diff whole killed
said "6 of them with fingerprints"
# The same table: the columns of times come last.
columns=$(head -n 1 whole/metrics.csv | tr , '\n' | grep -vc '^time\.')
cmp <(cut -d, -f1-"$columns" whole/metrics.csv) <(cut -d, -f1-"$columns" killed/metrics.csv) || fail "metrics.csv differs"
[ "$(wc -l <whole/metrics.csv)" = $(($(grep -vc fingerprints whole/metrics.jsonl) + 1)) ] || fail "metrics.csv has other lines"
find_python
if [ -n "$python" ]; then
    "$python" - <<'PY' || fail "metrics.csv does not have the values of metrics.jsonl"
import csv, json
rows = list(csv.DictReader(open("whole/metrics.csv")))
lines = [json.loads(line) for line in open("whole/metrics.jsonl") if "fingerprints" not in line]
for row, line in zip(rows, lines):
    assert row["line"] == line.get("line", "epoch") and int(row["step"]) == line["step"], (row, line)
    for part in ("train", "validation", "time"):
        for name, value in line.get(part, {}).items(): assert float(row[part + "." + name]) == value, (row, name, value)
    if "loss" in line: assert float(row["loss"]) == line["loss"] and row["train.loss"] == ""
PY
fi
[ "$(ls killed/tensorboard | grep -c '^events\.out\.tfevents\.')" = 2 ] || fail "not one event file per start"
run train "${settings[@]}" --run-dir killed --fresh --set training.epochs=1
[ "$(ls killed/tensorboard | wc -l)" = 1 ] || fail "--fresh left the event files of the run before"

# ---- where nothing can be written: one warning, and training continues ----
mkdir blocked
touch blocked/tensorboard
train 1 1 "${settings[@]}" --run-dir blocked || { cat train.log; fail "a file in the place of the folder ended the run"; }
[ "$(grep -c 'training continues: checkpoints hold the metrics too' train.log)" = 1 ] || { fail "not one warning"; cat train.log; }
[ "$(times_aside blocked)" = "$(times_aside whole)" ] || fail "metrics.jsonl differs where event files cannot be written"
[ "$failures" = 0 ] || finish

# ---- TensorBoard ----
needs_interop_python tensorboard
rm -rf killed
NN_FAULT=step.claim@17/0=kill "$faults" train "${settings[@]}" --run-dir killed >killed.log 2>&1
train 2 1 "${settings[@]}" --run-dir killed || { cat train.log; fail "the resumed run"; }
cat >board.py <<'PY'
import json, os, socket, subprocess, sys, time, urllib.parse, urllib.request
from tensorboard.backend.event_processing import event_accumulator
wanted = {}
for line in map(json.loads, open("whole/metrics.jsonl")):
    if line.get("line") == "fingerprints": continue
    prefix = "step/" if line.get("line") == "step" else ""
    for name, value in line.items():
        if isinstance(value, (int, float)) and name not in ("step", "epoch"): wanted.setdefault(prefix + name, []).append((line["step"], value))
        if isinstance(value, dict) and name != "time":
            for inner, number in value.items(): wanted.setdefault(prefix + name + "/" + inner, []).append((line["step"], number))
def compare(got, tag, who):
    assert [s for s, v in got] == [s for s, v in wanted[tag]], (who, tag, got, wanted[tag])
    for (s, v), (t, w) in zip(got, wanted[tag]): assert abs(v - w) <= 1e-6 * abs(w), (who, tag, s, v, w)
for run in ("whole", "killed"):
    board = event_accumulator.EventAccumulator(run + "/tensorboard", size_guidance={"scalars": 0, "histograms": 0})
    board.Reload()
    for tag in wanted: compare([(e.step, e.value) for e in board.Scalars(tag)], tag, run)
    histograms = board.Histograms("weights/dense1/weight")
    assert [h.step for h in histograms] == [18, 36, 54], histograms
    value = histograms[-1].histogram_value
    assert value.num == 64 * 96 and abs(sum(value.bucket) - value.num) < 1e-6 and value.min < 0 < value.max
    assert "_hparams_/session_start_info" in board.summary_metadata if hasattr(board, "summary_metadata") else True
for loader in ("true", "false"):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    server = subprocess.Popen([sys.executable, "-m", "tensorboard.main", "--logdir", ".", "--host", "127.0.0.1", "--port", str(port),
                               "--load_fast", loader, "--reload_interval", "1"], stdout=open("board.log", "a"), stderr=subprocess.STDOUT)
    def get(path):
        return json.load(urllib.request.urlopen("http://127.0.0.1:%d/data/%s" % (port, path), timeout=5))
    try:
        until = time.time() + 60
        runs = {}
        while time.time() < until:
            try:
                runs = get("plugin/scalars/tags")
                if all(any("step/loss" in t for r, t in runs.items() if r.startswith(n)) for n in ("whole", "killed")): break
            except (OSError, ValueError): assert server.poll() is None, open("board.log").read()
            time.sleep(0.3)
        for run in ("whole", "killed"):
            name = next(r for r in runs if r.startswith(run))
            for tag in wanted:
                points = get("plugin/scalars/scalars?" + urllib.parse.urlencode({"run": name, "tag": tag}))
                compare([(p[1], p[2]) for p in points], tag, "server, load_fast=%s, %s" % (loader, run))
            assert "weights/dense1/weight" in get("plugin/histograms/tags")[name]
        request = urllib.request.Request("http://127.0.0.1:%d/data/plugin/hparams/experiment" % port, data=json.dumps({"experimentName": ""}).encode(), headers={"Content-Type": "application/json"})
        found = {h["name"] for h in json.load(urllib.request.urlopen(request, timeout=10)).get("hparamInfos", [])}
        assert "optimizer.adam.learning_rate" in found, found
    finally:
        server.terminate()
        server.wait()
PY
"$python" board.py >board.out 2>&1 || { fail "TensorBoard shows other values"; tail -n 30 board.out; tail -n 20 board.log; }
finish
