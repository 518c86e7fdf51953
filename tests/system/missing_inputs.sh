#!/usr/bin/env bash
# Missing inputs as numbers that the user gives, and where they were missing as inputs of their own: the bits of files in
# which both were written by hand, for tables, images and windows over a series; the same on any ranks and streamed; predict,
# the C library and ONNX replace what is missing themselves.
build_folder=$(realpath "$2")
source "$(dirname "$0")/common.sh"
find_python
[ -n "$python" ] || { echo "skipped: no Python with h5py"; exit 77; }

"$python" - <<'PY' || exit 1
import h5py, numpy
random = numpy.random.default_rng(3)
shapes = {'table': (200, 3), 'image': (96, 5, 4, 2), 'series': (240, 2)}
with h5py.File('gaps.h5', 'w') as gaps, h5py.File('hand.h5', 'w') as hand:
    for name, shape in shapes.items():
        x = random.normal(2, 1, shape).astype('f4')
        y = x.reshape(len(x), -1).sum(1, keepdims=True)
        lost = random.random(shape) < 0.1
        filled = numpy.where(lost, numpy.float32(-1.5), x)
        gaps[name], hand[name] = numpy.where(lost, numpy.nan, x).astype('f4'), numpy.concatenate([filled, lost], -1).astype('f4')
        hand[name + '_filled'] = filled
        gaps[name + '_y'] = hand[name + '_y'] = y.astype('f4')
PY

# config NAME FILE DATASET KIND
config() {
    local window='' network='[flatten, dense: {units: 6, activation: tanh}, dense: {units: 1}]'
    [ "$4" != series ] || window=', window: {length: 4}'
    [ "$4" != image ] || network='[conv2d: {filters: 3, kernel: 2, activation: relu}, global_average_pool, dense: {units: 1}]'
    cat >"$1.yaml" <<C
data:
  file: $2
  train: {x: $3, y: $4_y}
  fields: {x: {normalize: none}}
  split: {validation: 0.2}$window
network: $network
loss: mse
metrics: [rmse]
lr_schedule: constant
training: {epochs: 2, batch_size: 16, microbatch_size: 4}
C
    sed -i 's/^  split: \(.*}\), window: \(.*\)$/  split: \1\n  window: \2/' "$1.yaml"
}

# bits RANKS NAME RUN ARGUMENT...: the fingerprint, in `found`
bits() {
    local ranks=$1 name=$2 run=$3
    shift 3
    train "$ranks" 1 "$name.yaml" --run-dir "$run" --fresh "$@" || { fail "training $name $*"; cat train.log; }
    found=$(sed -n 's/^fingerprint: //p' train.log)
}

impute=(--set data.fields.x.missing=impute --set data.fields.x.impute=-1.5)
indicator=("${impute[@]}" --set data.fields.x.missing_indicator=true)
for kind in table image series; do
    config $kind gaps.h5 $kind $kind
    config $kind-filled hand.h5 ${kind}_filled $kind
    config $kind-hand hand.h5 $kind $kind
    bits 1 $kind-filled by_hand
    by_hand=$found
    bits 1 $kind $kind "${impute[@]}"
    [ -n "$found" ] && [ "$found" = "$by_hand" ] || fail "$kind: impute is not what it is by hand"
    bits 3 $kind other "${impute[@]}" --set data.cache=stream
    [ "$found" = "$by_hand" ] || fail "$kind: impute, streamed on three ranks, gives other bits"
    bits 1 $kind-hand by_hand
    by_hand=$found
    bits 2 $kind $kind "${indicator[@]}"
    [ "$found" = "$by_hand" ] || fail "$kind: the indicator is not what it is by hand"
    grep -q 'values are missing .* each becomes the number that impute gives' train.log || fail "$kind: nothing is said"
    run eval $kind
    run eval by_hand
    run predict $kind -o $kind.csv --part train
    run predict by_hand -o by_hand.csv --part train
    cmp -s $kind.csv by_hand.csv || fail "$kind: predictions are not what they are by hand"
    run predict $kind --data gaps.h5 -o all.csv
    ! grep -qi nan all.csv || fail "$kind: rows with missing values of another file are not predicted"
    run export $kind $kind.nn
done

# ---- the mean, with the indicator; other programs ----
bits 1 table mean --set data.fields.x.normalize=standardize --set data.fields.x.missing=mean
plain=$found
bits 1 table mean --set data.fields.x.normalize=standardize --set data.fields.x.missing=mean --set data.fields.x.missing_indicator=true
[ "$found" != "$plain" ] || fail "the indicator changes nothing"
run export mean mean.nn
run predict mean -o mean.csv --part train
export PYTHONDONTWRITEBYTECODE=1
"$python" - "$source_folder" "$build_folder" <<'PY' || fail "the C library predicts something else"
import csv, os, sys
import h5py, numpy
source, build = sys.argv[1:]
sys.path.insert(0, os.path.join(source, 'scripts/python'))
os.environ['NNTRAIN_LIBRARY'] = os.path.join(build, 'libnntrain_infer.so.0')
import nntrain
x = h5py.File('gaps.h5')['table'][:]
for name in 'mean', 'table':
    found = nntrain.load(f'{name}.nn').predict(x)[:, 0]
    with open(f'{name}.csv') as file:
        lines = list(csv.DictReader(file))
    rows = [int(line['row']) for line in lines]
    ours = numpy.array([float(line['y_predicted']) for line in lines])
    assert numpy.allclose(found[rows], ours, rtol=1e-5), (found[rows][:4], ours[:4])
PY
find_interop_python onnxruntime h5py numpy
if [ -n "$python" ] && "$program" version | grep -q '^export: ONNX yes'; then
    for kind in table image mean; do
        run export $kind $kind.onnx
        "$python" - $kind "$source_folder" "$build_folder" <<'PY' || fail "$kind: ONNX predicts something else"
import os, sys
import h5py, numpy, onnxruntime
kind, source, build = sys.argv[1:]
sys.path.insert(0, os.path.join(source, 'scripts/python'))
os.environ['NNTRAIN_LIBRARY'] = os.path.join(build, 'libnntrain_infer.so.0')
import nntrain
x = h5py.File('gaps.h5')['table' if kind == 'mean' else kind][:]
ours = nntrain.load(f'{kind}.nn').predict(x)
theirs = onnxruntime.InferenceSession(f'{kind}.onnx').run(None, {'x': x})[0]
assert numpy.isfinite(ours).all() and numpy.allclose(ours, theirs, rtol=1e-4, atol=1e-5), (ours[:4], theirs[:4])
PY
    done
fi

# ---- what makes no sense is refused ----
program_refuses 5 'missing_indicator: without missing: mean, mask or impute' train table.yaml --run-dir no \
    --set data.fields.x.missing_indicator=true
program_refuses 5 'missing: impute: a target that is missing teaches nothing' train table-filled.yaml --run-dir no \
    --set data.fields.y.missing=impute
finish
