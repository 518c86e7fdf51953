#!/usr/bin/env bash
# Columns of an input with names for their numbers: one-hot as if the columns had been written so by hand, to the bit;
# an embedding where there are many; missing ones a category of their own; the same on any ranks, streamed and resumed;
# predictions, ONNX and model.nn take the numbers as imported.
build_folder=$(realpath "$2")
source "$(dirname "$0")/common.sh"
find_python
[ -n "$python" ] || { echo "skipped: no Python with h5py"; exit 77; }

"$python" - <<'PY' || exit 1
import csv, random
import h5py, numpy
random.seed(1)
places, towns = ['INLAND', 'ISLAND', 'NEAR BAY', 'NEAR OCEAN'], [f'town{i:02d}' for i in range(30)]
rows = []
for i in range(240):
    age, place, town = random.gauss(30, 10), i % 4 if i < 4 else random.randrange(4), i % 30
    rows.append((round(age, 2), place, town, round(age + (0, 50, -20, 7)[place] + town % 7, 2)))
def write(name, rows, order=lambda x: x):
    with open(name, 'w') as file:
        table = csv.writer(file)
        table.writerow(['age', 'place', 'town', 'price'])
        for age, place, town, price in rows:
            table.writerow([age, places[place], towns[town], price])
write('homes.csv', rows)
with h5py.File('hand.h5', 'w') as file:
    hand = numpy.zeros([240, 5], 'f4')
    for i, (age, place, town, price) in enumerate(rows):
        hand[i, 0], hand[i, 1 + place] = age / 10, 1
    file['x'], file['y'] = hand, numpy.array([[r[3]] for r in rows], 'f4')
with h5py.File('tens.h5', 'w') as file:
    file['x'] = numpy.array([[hand[i, 0], r[1]] for i, r in enumerate(rows)], 'f4')
    file['y'] = numpy.array([[r[3]] for r in rows], 'f4')
    file['x_columns'], file['x_categories/place'] = ['age', 'place'], places
with h5py.File('other.h5', 'w') as file:  # the same rows, numbered in another order
    order = [2, 0, 3, 1]
    file['x'] = numpy.array([[hand[i, 0], order.index(r[1])] for i, r in enumerate(rows)], 'f4')
    file['y'] = numpy.array([[r[3]] for r in rows], 'f4')
    file['x_columns'], file['x_categories/place'] = ['age', 'place'], [places[p] for p in order]
PY

# config NAME FILE FIELDS
config() {
    cat >"$1.yaml" <<C
data: {file: $2, train: {x: x, y: y}, split: {validation: 0.2}, fields: {$3}}
network: [dense: {units: 8, activation: tanh}, dense: {units: 1}]
loss: mse
metrics: [rmse]
lr_schedule: constant
training: {epochs: 2, batch_size: 16, microbatch_size: 4}
C
}
print() { sed -n 's/^fingerprint: //p' train.log; }
trained() { # NAME RANKS RUN ARGUMENT...
    local name=$1 ranks=$2 run=$3
    shift 3
    train "$ranks" 1 "$name.yaml" --run-dir "$run" --fresh "$@" || { fail "training $name"; cat train.log; }
}

# ---- as by hand ----
config hand hand.h5 'x: {normalize: none}'
config tens tens.h5 'x: {normalize: none}'
trained hand 1 hand
by_hand=$(print)
trained tens 1 tens
grep -q 'input x: place (4 categories, one-hot)' train.log || { fail "the summary does not say what is one-hot"; cat train.log; }
[ -n "$by_hand" ] && [ "$(print)" = "$by_hand" ] || fail "one-hot is not what it is by hand"
trained tens 1 code --set data.fields.x.categorical=code
[ "$(print)" != "$by_hand" ] || fail "categorical: code changes nothing"
run predict hand -o hand.csv
run predict tens -o tens.csv
cmp -s hand.csv tens.csv || fail "predictions are not what they are by hand"
run predict tens --data other.h5 -o other.csv
run predict tens --data tens.h5 -o same.csv
cmp -s same.csv other.csv || fail "categories in another order are not found by their names"

# ---- embeddings and one-hot, in any way ----
run import csv homes.csv --x age,place,town --y price -o homes.h5
"$python" -c "
import h5py, numpy, shutil
shutil.copy('homes.h5', 'missing.h5')
with h5py.File('missing.h5', 'a') as file:
    x = file['x'][:]
    x[5::9, 1], x[3::40, 2], x[7::50, 0] = numpy.nan, numpy.nan, numpy.nan
    file['x'][:] = x
"
config homes homes.h5 ''
config missing missing.h5 'x: {missing: mean}'
for name in homes missing; do
    reference=
    for way in '1' '2 --set data.cache=stream' '3'; do
        # shellcheck disable=SC2086 # ranks and arguments
        trained $name ${way%% *} "$name" ${way#?}
        : "${reference:=$(print)}"
        [ -n "$reference" ] && [ "$(print)" = "$reference" ] || { fail "$name: $way gives other bits"; cat train.log; }
    done
    train 2 1 $name.yaml --run-dir "$name-2" --fresh --set training.epochs=1
    train 1 1 $name.yaml --run-dir "$name-2"
    [ "$(print)" = "$reference" ] || { fail "$name: resumed, it has other bits"; cat train.log; }
    run eval "$name"
    said rmse
    run explain "$name" --method permutation
    said town
    run check $name.yaml
done
grep -q 'input x: place (4 categories, one-hot), town (30 categories, embedding of 15)' train.log ||
    { fail "the summary does not list both"; cat train.log; }

# ---- other programs: the numbers as imported ----
export PYTHONDONTWRITEBYTECODE=1
for name in homes missing; do
    run predict $name -o $name.npy --part train
    run export $name $name.nn
    "$python" - $name "$source_folder" "$build_folder" <<'PY' || fail "$name: the C library predicts something else"
import os, sys
import h5py, numpy
name, source, build = sys.argv[1:]
sys.path.insert(0, os.path.join(source, 'scripts/python'))
os.environ['NNTRAIN_LIBRARY'] = os.path.join(build, 'libnntrain_infer.so.0')
import nntrain
x = h5py.File(f'{name}.h5')['x'][:]
one, other = nntrain.load(name).predict(x), nntrain.load(f'{name}.nn').predict(x)
assert numpy.array_equal(one, other) and numpy.isfinite(one).all(), (one, other)
PY
done

find_interop_python onnxruntime h5py numpy
if [ -n "$python" ] && "$program" version | grep -q '^export: ONNX yes'; then
    for name in homes missing; do
        rm -f predicted.csv
        run predict $name -o predicted.csv --part train
        run export $name $name.onnx
        "$python" - $name <<'PY' || fail "$name: ONNX predicts something else"
import csv, sys
import h5py, numpy, onnxruntime
name = sys.argv[1]
x = h5py.File(f'{name}.h5')['x'][:]
lines = list(csv.DictReader(open('predicted.csv')))
ours = numpy.array([float(line['y_predicted']) for line in lines])
rows = [int(line['row']) for line in lines]
session = onnxruntime.InferenceSession(f'{name}.onnx')
theirs = session.run(None, {'x': x[rows]})[0][:, 0]
assert numpy.abs(theirs - ours).max() < 1e-4 * numpy.abs(ours).max(), (ours[:5], theirs[:5])
PY
    done
fi

# ---- what makes no sense is refused ----
program_refuses 2 'noise changes values, which makes no sense for columns of categories' train tens.yaml --run-dir no \
    --set 'data.fields.x.augment=[noise: 0.1]' --set data.fields.x.normalize=auto
finish
