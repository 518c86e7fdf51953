#!/usr/bin/env bash
# nntrain explain: derivatives are those of the predictions, by name; a permutation orders columns by what they say; and
# what cannot be explained is refused.
source "$(dirname "$0")/common.sh"

# ---- a linear function of two of three columns ----

awk 'BEGIN { srand(5); print "a,b,c,y"
    for (i = 0; i < 300; i++) { a = rand() * 4; b = rand() * 2 - 1; c = rand(); printf "%.4f,%.4f,%.4f,%.4f\n", a, b, c, 3 * a - 2 * b } }' >t.csv
"$program" import csv t.csv --x a,b,c --y y -o t.h5 >log 2>&1 || { fail "import"; cat log; }
cat >linear.yaml <<'YAML'
data: {file: t.h5, train: {x: x, y: y}, split: {validation: 0.2}, fields: {y: {kind: value}}}
network: [dense: {units: 6, activation: tanh}, dense: {units: 1}]
loss: mse
metrics: [rmse]
optimizer: {adam: {learning_rate: 0.01}}
training: {epochs: 8, batch_size: 20, microbatch_size: 5, precision: float64}
YAML
run train linear.yaml --run-dir linear
run explain linear t.h5 --sample 7 -o e.csv
said 'sample 7 of t.h5 (row 7 of t.h5): y is '
said 'wrote e.csv'
[ "$(cut -d, -f1 e.csv | paste -sd' ')" = "input a b c" ] || { fail "the names of e.csv"; cat e.csv; }

# The differences of predictions for the row with a column a little larger and smaller.
{ head -1 t.csv; awk -F, 'NR == 9 { for (c = 1; c <= 3; c++) for (s = -1; s <= 1; s += 2)
    print $1 + (c == 1) * s * 1e-3 "," $2 + (c == 2) * s * 1e-3 "," $3 + (c == 3) * s * 1e-3 "," $4 }' OFMT=%.8f CONVFMT=%.8f t.csv; } >near.csv
"$program" import csv near.csv --x a,b,c --y y -o near.h5 >log 2>&1 || { fail "import near.csv"; cat log; }
run predict linear near.h5 -o near_predicted.csv
awk -F, 'FNR == 1 { for (f = 1; f <= NF; f++) if ($f == "y_predicted") column = f; next }
    FILENAME ~ /near/ { y[FNR - 2] = $column; next }
    { found = (y[2 * n + 1] - y[2 * n]) / 2e-3; error = found - $3; n++
      if (error < 0) error = -error
      if (error > 1e-3 * (1 + (found < 0 ? -found : found))) { print "FAIL: " $1 ": " $3 " instead of " found; bad = 1 } }
    END { exit bad || n != 3 }' near_predicted.csv e.csv >log || { fail "the derivatives are not those of predict"; cat log e.csv; }

run explain linear t.h5 --sample 7 -o e.json
python3 -c 'import json; e = json.load(open("e.json")); assert [i["input"] for i in e["inputs"]] == ["a", "b", "c"] and e["output"] == "y", e' ||
    { fail "e.json"; cat e.json; }

# The values are those of the file, in float32 too, with the units of columns and targets; padding is left out.
find_python
if [ -n "$python" ]; then
    "$python" - <<'PY' || fail "making sequences"
import h5py, numpy
random = numpy.random.default_rng(1)
with h5py.File('s.h5', 'w') as file:
    x = (random.integers(0, 200, size=(60, 5, 2)) * 0.1 + 16).astype('f4')
    x[0, 0, 0] = 16
    file['x'], file['lengths'] = x, [2] + [4] * 59
    file['y'] = numpy.stack([x[:, 0, 0], x[:, 0, 1], x.sum((1, 2))], 1)
    file['x'].attrs['units'] = 'K'
    file['y_columns'], file['y_units'] = numpy.array(['t', 'p', 'q'], 'S'), numpy.array(['K', 'Pa', 'kg'], 'S')
PY
    cat >s.yaml <<'YAML'
data: {file: s.h5, train: {x: x, y: y, lengths: lengths}, fields: {y: {kind: value}}}
network: [lstm: {units: 3}, dense: {units: 3}]
loss: mse
training: {epochs: 1, batch_size: 20, microbatch_size: 5}
YAML
    run train s.yaml --run-dir s
    for output in p y.p y:p y_p 1 y:1; do
        run explain s s.h5 --sample 0 --output $output -o s.csv
        said 'y_p is '
        grep -q 'y_p is [-0-9.]* Pa$' log || { fail "the units of --output $output"; cat log; }
    done
    grep -q '^  x_0\[0\] (K)  *16 ' log || { fail "16 K is not shown"; cat log; }
    [ "$(cut -d, -f1,5 s.csv | paste -sd' ')" = "input,units x_0[0],K x_1[0],K x_0[1],K x_1[1],K" ] || { fail "padding, or units"; cat s.csv; }
    grep -q '^x_0\[0\],16,' s.csv || { fail "16 became another number"; cat s.csv; }
    program_refuses 2 'choose one with --output: y_t, y_p, y_q' explain s --sample 0
fi

# ---- rows that were trained on are never the test part ----

for command in eval predict "explain --sample 1"; do
    for set in data.split.seed=2 'data.split={test: 0.5}' data.train.x=x data.fields.x.missing=drop data.on_bad_sample=skip; do
        program_refuses 2 'name the files whose rows you mean with --data FILE' $command linear --set "$set"
    done
done
run eval linear --set data.cache=stream
said '60 samples of the validation part'
program_refuses 2 'so nothing is split' eval linear --data t.h5 --set data.split.seed=2
head -281 t.csv >fewer.csv
"$program" import csv fewer.csv --x a,b,c --y y -o fewer.h5 >log 2>&1 || { fail "import fewer.csv"; cat log; }
program_refuses 5 'was trained on other data' eval linear --set "data.file=$work/fewer.h5"
cp t.h5 moved.h5
run eval linear --set "data.file=$work/moved.h5"
said '60 samples of the validation part'
run eval linear --data fewer.h5
said '280 samples'

# ---- what cannot be printed is an error; an option is given once ----

for command in "eval linear" "explain linear --sample 1" "predict linear --explain 2" "info linear" "info --graph linear" help; do
    "$program" $command 2>log >/dev/full && fail "$command ended with 0 on a full disk"
    said 'cannot write to standard output'
done
"$program" predict linear --explain 1000 -o piped.csv 2>log | head -1 >/dev/null
[ "${PIPESTATUS[0]}" = 141 ] && [ ! -s log ] || { fail "predict without a reader"; cat log; }
[ "$(wc -l <piped.csv)" = 301 ] && ! ls ./*.tmp 2>/dev/null || fail "predict without a reader left half a file"
program_refuses 2 "--id is given twice, as 'a' and as 'b'" predict linear --id a --id b
program_refuses 2 '--external-above 2: this option is given twice' export linear m.onnx --external-above 1 --external-above 2

# ---- files of networks that are not checkpoints ----

echo mine >m.nn.tmp
run export linear m.nn
[ "$(cat m.nn.tmp)" = mine ] || fail "the user's own m.nn.tmp is gone"
run info m.nn
said 'kind: model'
said 'fingerprint: '
run info --json m.nn
python3 -c 'import json, sys; facts = json.load(open("log")); assert facts["inputs"][0]["shape"] == [3] and facts["graph"]["layers"]' ||
    { fail "info --json m.nn"; cat log; }
"$program" info --graph m.nn >model.json && "$program" info --graph linear | cmp - model.json || fail "info --graph m.nn"
for command in eval predict "explain --sample 1" generate "info --graph"; do
    case $command in eval | predict | explain*) program_refuses 9 'is a model of nntrain export' $command m.nn ;; esac
    echo onnx >o.onnx
    program_refuses 9 'o.onnx is an ONNX model' $command o.onnx
done
program_refuses 2 'o.onnx is an ONNX model' info o.onnx

# ---- permutation ----

run explain linear --method permutation --part train --repeat 3 -o p.csv
[ "$(cut -d, -f1 p.csv | paste -sd' ')" = "column a b c" ] || { fail "the order of columns"; cat p.csv; }
awk -F, 'NR == 2 && $2 < 1 { exit 1 } NR == 4 && ($2 > 0.1 || $2 < -0.1) { exit 1 }' p.csv || { fail "how much worse"; cat p.csv; }
mpirun -n 3 --bind-to none "$program" explain linear --method permutation --part train --repeat 3 -o p3.csv >log 2>&1 || { fail "three ranks"; cat log; }
cmp p.csv p3.csv || fail "other numbers on three ranks"

# ---- classes, several outputs, images, sequences ----

"$program" init digits >log 2>&1 || fail "init digits"
run train digits/digits.yaml --run-dir classes --set training.epochs=1
run explain classes --sample 3 -o image.h5
said 'y_probability_'
run explain classes --sample 3 --output 4
said 'y_probability_4 is '
said 'and 44 more: -o writes all'
program_refuses 2 "--output '11' is not one of the 10 values of y: 0, 1, 2" explain classes --sample 3 --output 11

# ---- refused ----

program_refuses 2 'which sample? Give --sample N' explain linear
program_refuses 2 'there is no sample 300; the test part has 300' explain linear t.h5 --sample 300
program_refuses 2 "--sample must be a whole number from 0" explain linear --sample -1
program_refuses 2 "--method must be gradient or permutation, not 'shap'" explain linear --method shap --sample 1
program_refuses 2 'leave out --sample and --output' explain linear --method permutation --sample 1
program_refuses 2 'must end with .csv, .h5 or .json' explain linear --sample 1 -o e.txt
program_refuses 2 "--output 'z' is not one of the 1 values of y: y" explain linear --sample 1 --output z
program_refuses 2 'explain: -o t.h5 is a file of the data' explain linear t.h5 --sample 1 -o t.h5
# A file that is not of explanations, or of predictions, or a model, is never replaced; one that is, again and again.
for command in 'explain linear t.h5 --sample 7 -o near.h5' 'explain linear --method permutation --repeat 1 -o near.csv' \
    'predict linear t.h5 -o near.h5' 'predict linear t.h5 -o near.csv' 'explain linear t.h5 --sample 7 -o near_predicted.csv' \
    'explain linear t.h5 --sample 7 -o pack.json' 'export linear old.nn' 'export linear old.onnx' \
    'plot linear loss -o old.svg'; do
    file=${command##* }
    case $file in near*) ;; *) echo '{"config": 1}' >$file ;; esac
    cp $file kept
    program_refuses 2 "${command%% *}: $file exists, and is not a" $command
    cmp $file kept || fail "$command has replaced $file"
done
rm old.*
for command in 'explain linear t.h5 --sample 7 -o again.h5' 'explain linear t.h5 --sample 7 -o e.csv' 'explain linear t.h5 --sample 7 -o e.json' \
    'explain linear --method permutation --repeat 1 -o p.csv' 'predict linear t.h5 -o again_p.h5' 'predict linear t.h5 -o near_predicted.csv' \
    'predict linear t.h5 --columns row -o again.csv' 'export linear old.nn' 'plot linear loss -o old.svg'; do
    run $command
    run $command
done
# What is given in place of a checkpoint is named.
cp linear/config.yaml some.yaml
program_refuses 9 't.h5 is a data file, not a checkpoint' eval t.h5
program_refuses 9 't.h5 is a data file, not a checkpoint' export t.h5 x.nn
program_refuses 9 'some.yaml is a configuration, not a checkpoint: give its run directory' predict some.yaml
program_refuses 2 'is a checkpoint of a run' explain linear --sample 1 -o linear/best.h5
if [ -n "$python" ]; then
    "$python" -c 'import h5py; f = h5py.File("t.h5", "r+"); f["x"][1, 0] = float("nan")' || fail "writing a NaN"
    program_refuses 5 'a of sample 1 is missing (NaN)' explain linear t.h5 --sample 1
    run explain linear t.h5 --sample 1 --set data.fields.x.missing=mask
    "$python" -c 'import h5py; f = h5py.File("t.h5", "r+"); f["x"][2, 1] = float("inf")' || fail "writing Inf"
    program_refuses 5 'b of sample 2 is infinite: choose another sample, or correct the file' explain linear t.h5 --sample 2
fi
finish
