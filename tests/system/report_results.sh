#!/usr/bin/env bash
# nntrain report: every number about results is that of evaluation.h5 and results.json, for classes, answers of yes or no,
# several targets, values with units, series, images and classes of pixels; names cannot break the page; what is missing,
# damaged, outdated or of another run is said in words; undefined results are not shown as 0.
source "$(dirname "$0")/common.sh"
find_python
[ -n "$python" ] || { echo "skipped: no Python with h5py and numpy (scripts/setup.sh tests)"; exit 77; }
"$python" "$source_folder/tests/tools/make_report_data.py" . || fail "no data"
check=$source_folder/tests/tools/check_report_results.py

# configure NAME: the rest of NAME.yaml from standard input
configure() { # configure NAME DATA
    { echo "data: {$2}"; cat; echo "training: {epochs: ${epochs:-5}, batch_size: 16}"; } >"$1.yaml"
    use_engine "$1.yaml"
}
# reported NAME SECTION...: trains NAME.yaml, reports on it, and compares the page with its sources
reported() {
    local name=$1
    shift
    ends 0 "${ranks:-1}" 1 --run-dir "$name" "$name.yaml"
    run report "$name" -o "$name.html"
    "$python" "$check" "$name.html" "$name" "$@" >check.log 2>&1 || { fail "the page of $name"; cat check.log; }
}

configure images 'file: images.h5, train: {x: x, y: y}, split: {test: 0.4}' <<'YAML'
network: [conv2d: {filters: 6, kernel: 3, activation: relu}, global_average_pool, dense: {units: classes}]
loss: cross_entropy
metrics: [accuracy, auc, calibration_error]
optimizer: {adam: {learning_rate: 0.01}}
YAML
reported images classes probabilities worst
configure yes 'file: table.h5, train: {x: x, y: yes}, split: {test: 0.4}' <<'YAML'
network: [dense: {units: 6, activation: tanh}, dense: {units: 1}]
loss: binary_cross_entropy
metrics: [accuracy, auc]
YAML
reported yes classes probabilities worst
configure several 'file: table.h5, train: {x: gaps, y: {kind: kind, values: values}}, split: {test: 0.4}, fields: {x: {missing: mean}}' <<'YAML'
network:
  - dense: {units: 8, activation: tanh, name: trunk}
  - dense: {units: classes, name: kind, inputs: trunk}
  - dense: {units: 2, name: values, inputs: trunk}
losses: {kind: cross_entropy, values: mse}
metrics: [kind.accuracy, values.rmse, values.mae]
evaluation: {sample: 40}
YAML
ranks=2 reported several classes probabilities values worst
grep -q 'predicted against true, from 40 of 120 samples' several.html || fail "several: how many samples are drawn"
grep -qF 'predicted (°C)' several.html || fail "several: no unit"
"$python" - several/evaluation.h5 table.h5 <<'PYTHON' || fail "several: ranges and missing values"
import sys

import h5py
import numpy

data = h5py.File(sys.argv[2])
ranges = h5py.File(sys.argv[1])["ranges"]
assert set(ranges) == {"x", "values"}, list(ranges)
for key, name in (("x", "gaps"), ("values", "values")):
    values, own = data[name][:], ranges[key]
    assert (numpy.nanmin(own["least"][:], 0) == numpy.nanmin(values, 0)).all(), key
    assert (numpy.nanmax(own["most"][:], 0) == numpy.nanmax(values, 0)).all(), key
    assert (own["missing"][:].sum(0) == numpy.isnan(values).sum(0)).all(), key
    assert (own["values"][:].sum(0) == 300).all() and own["samples"][:].sum() == 300, key
    assert (own["least"][2] != own["least"][0]).any(), "all parts have one range"
PYTHON
configure series 'file: series.h5, train: {x: series}, split: {validation: 0.1, test: 0.4}, window: {length: 6, horizon: 2}' <<'YAML'
network: [dense: {units: 12, activation: tanh}, dense: {units: 2}]
loss: mse
metrics: [rmse]
YAML
reported series values series worst
run import text text.txt -o text.h5
configure text 'file: text.h5, train: {x: text}, split: {validation: 0.2}, window: {length: 48, stride: 16, target: every_step}, fields: {x: {kind: index}}' <<'YAML'
network: [embedding: {symbols: classes, units: 8}, lstm: {units: 16, output: sequence}, dense: {units: classes, per_step: true}]
loss: cross_entropy
metrics: [accuracy]
evaluation: {sample: 20, worst: 3}
YAML
reported text classes probabilities worst
cp text/evaluation.h5 kept.h5
ends 0 3 2 --run-dir text3 text.yaml
cmp -s text/evaluation.h5 text3/evaluation.h5 || fail "other text on 3 ranks"
"$python" -c '
import h5py, subprocess, sys
text = h5py.File(sys.argv[2])["text"]
prompt = text["prompt"][()].decode()
whole = subprocess.run([sys.argv[1], "generate", "text", "--length", "200", "--prompt", prompt], capture_output=True, check=True).stdout
assert whole.decode() == prompt + text["written"][()].decode() + "\n", whole' "$program" text/evaluation.h5 || fail "generate writes another text"
run eval text --store
cmp -s text/evaluation.h5 kept.h5 || fail "eval --store writes another evaluation"
configure pixels 'file: pixels.h5, train: {x: x, y: y}, split: {test: 0.3}' <<'YAML'
network: [conv2d: {filters: 6, kernel: 3, padding: same, activation: relu}, conv2d: {filters: 3, kernel: 1, name: y}]
loss: cross_entropy
metrics: [accuracy, iou]
YAML
reported pixels classes probabilities worst maps
# 8 x 8 without channels, a network with repeated blocks
epochs=1 configure digits "file: $digits/digits.h5, train: {x: x_train, y: y_train}, validation: {x: x_valid, y: y_valid}, test: {x: x_test, y: y_test}" <<'YAML'
network:
  - reshape: [8, 8, 1]
  - conv2d: {filters: 4, kernel: 3, padding: same}
  - repeat: {times: 6, layers: [residual_block: {filters: 4}]}
  - global_average_pool
  - dense: {units: classes}
loss: cross_entropy
YAML
reported digits classes probabilities worst
grep -q '>6 times</text>' digits.html || fail "repeated layers are not drawn once"
"$program" eval digits --metrics auc,calibration_error >log 2>&1 || fail "what the page recommends fails"
grep -qE 'test.*auc' log || { fail "what the page recommends has no auc"; cat log; }
for command in "eval digits --metrics auc,calibration_error" "metrics: [auc,calibration_error]"; do
    grep -qF "$command" digits.html || fail "not on the page: $command"
done

# A part without one of the classes: its results are undefined, and neither the page nor info says 0.
sed 's/auc, calibration_error/auc, recall: {average: macro}/' images.yaml >one.yaml
"$python" -c '
import h5py
with h5py.File("images.h5") as old, h5py.File("one.h5", "w") as new:
    x, y = old["x"][()], old["y"][()]
    for name, rows in (("train", slice(0, 160)), ("test", (y == 1))): new["x_" + name], new["y_" + name] = x[rows], y[rows]'
sed -i 's/^data:.*/data: {file: one.h5, train: {x: x_train, y: y_train}, test: {x: x_test, y: y_test}}/' one.yaml
reported one classes probabilities worst
"$program" info one >log 2>&1
grep -qE '^ +auc +undefined' log || { fail "info: an undefined result"; cat log; }

# What is missing, damaged, of another run or outdated.
says() { # says TEXT RUN
    run report "$2" -o page.html
    grep -qF -- "$1" page.html || { fail "not on the page: $1"; }
}
cp yes/evaluation.h5 kept.h5
cp yes/results.json kept.json
rm yes/evaluation.h5
says 'evaluation.h5 is missing: it is written at the end of a run, and by nntrain eval yes --store' yes
grep -q 'id="classes"' page.html && fail "a section without its source"
head -c 5000 kept.h5 >yes/evaluation.h5
says 'evaluation.h5 is not shown: it is damaged' yes
cp several/evaluation.h5 yes/evaluation.h5
says 'evaluation.h5 is not shown: it is of another run' yes
run eval yes --store
says 'Confusion matrix, test part' yes
cp kept.h5 yes/evaluation.h5
rm yes/results.json
says 'Results of the whole part are not shown: results.json is missing' yes
grep -q 'Results by class' page.html && fail "results by class without results.json"
cp kept.json yes/results.json
ends 0 1 1 --run-dir yes --set training.epochs=7 yes.yaml
cp kept.h5 yes/evaluation.h5
says 'What follows is outdated: of weights' yes
says 'results.json and evaluation.h5 are of different weights' yes
rm -rf yes/checkpoints yes/best.h5
says 'The network is in checkpoints, and the run directory has none' yes
finish
