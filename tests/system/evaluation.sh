#!/usr/bin/env bash
# RUN_DIR/evaluation.h5: the same bytes on any number of ranks; its samples, largest losses and curves are those of the
# predictions; what is missing, damaged, of another run or outdated is distinguished from what is intact.
source "$(dirname "$0")/common.sh"
find_python
classifier
use_engine classifier.yaml
echo 'evaluation: {sample: 50, worst: 7}' >>classifier.yaml

ends 0 1 1 --run-dir run classifier.yaml
for ranks in 3 16; do
    ends 0 $ranks 2 --run-dir run$ranks classifier.yaml
    cmp -s run/evaluation.h5 run$ranks/evaluation.h5 || fail "other bytes on $ranks ranks"
done
run predict run --part test -o p.csv

if [ -n "$python" ]; then
    "$python" - run/evaluation.h5 p.csv "$digits/digits.h5" <<'PYTHON' || fail "evaluation.h5 does not fit the predictions"
import csv
import sys

import h5py
import numpy

table = list(csv.DictReader(open(sys.argv[2])))
label = numpy.array([int(row["y"]) for row in table])
p = numpy.array([[float(row[f"y_probability_{c}"]) for c in range(10)] for row in table])
loss = -numpy.log(p[numpy.arange(len(p)), label])
images = h5py.File(sys.argv[3])["x_test"][:]


def near(a, b):
    numpy.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5)


with h5py.File(sys.argv[1]) as file:
    assert file.attrs["format"] in ("nntrain evaluation 1", b"nntrain evaluation 1")
    sample, worst, target = file["sample"], file["worst"], file["targets/y"]
    position = sample["position"][:]
    assert len(position) == 50 and (numpy.diff(position) > 0).all() and (position == sample["row"][:]).all()
    assert position.max() > 250 and position.min() < 100, "the sample is not spread"
    near(sample["y/predicted"][:], p[position])
    assert (sample["y/truth"][:] == label[position]).all()
    near(sample["loss"][:], loss[position])
    order = numpy.argsort(-loss, kind="stable")[:7]
    assert (worst["position"][:] == order).all(), (worst["position"][:], order)
    near(worst["loss"][:], loss[order])
    assert numpy.abs(worst["input"][:] - images[order]).max() < 1e-4
    matrix = numpy.zeros((10, 10))
    numpy.add.at(matrix, (label, p.argmax(1)), 1)
    assert (target["confusion"][:] == matrix).all()
    counts = target["hits_support_predicted"][:]
    assert (counts == numpy.stack([matrix.diagonal(), matrix.sum(1), matrix.sum(0)], 1)).all()
    sure = p.max(1)
    bins = numpy.clip(numpy.ceil(sure * 20).astype(int) - 1, 0, 19)
    calibration = target["calibration"][:]
    assert (calibration[:, 0] == numpy.bincount(bins, minlength=20)).all()
    for b in range(20):
        if (bins == b).any():
            near(calibration[b, 1:], [(p.argmax(1) == label)[bins == b].mean(), sure[bins == b].mean()])
    # The area under the binned curve is that of all pairs, to the width of a bin.
    for c in range(10):
        false, true = target["roc"][c].T
        area = ((false[1:] - false[:-1]) * (true[1:] + true[:-1]) / 2).sum()
        pairs = p[label == c, c][:, None] - p[label != c, c][None, :]
        exact = (pairs > 0).mean() + (pairs == 0).mean() / 2
        assert abs(area - exact) < 0.01 and true[0] == false[0] == 0 and true[-1] == false[-1] == 1
PYTHON
fi

states() { # states STATE RUN
    "$program" info --json "$2" >info.log 2>&1 || fail "info of a run whose evaluation.h5 is $1"
    grep -q "\"evaluation\":\"$1\"" info.log || { fail "not $1:"; cat info.log; }
}
states intact run
cp run/evaluation.h5 kept.h5
size=$(stat -c %s kept.h5)
for at in 100 $((size / 2)) $((size - 5)); do
    cp kept.h5 run/evaluation.h5
    printf '\x5a' | dd of=run/evaluation.h5 bs=1 seek="$at" conv=notrunc 2>/dev/null
    states damaged run
done
head -c $((size / 2)) kept.h5 >run/evaluation.h5
states damaged run
rm run/evaluation.h5
states missing run
run eval run --store
states intact run
if [ -n "$python" ]; then
    "$python" -c '
import sys, h5py
a, b = (h5py.File(name) for name in sys.argv[1:])
names = []
a.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
assert len(names) > 15
import numpy
for name in names: numpy.testing.assert_array_equal(a[name][()], b[name][()])
' kept.h5 run/evaluation.h5 || fail "eval --store writes something else than the run"
fi
program_refuses 2 "give the run directory" eval run/best.h5 --store
ends 0 2 1 --run-dir seed --set training.seed=2 --set evaluation.store=false classifier.yaml
states missing seed
cp kept.h5 seed/evaluation.h5
states "other run" seed
ends 0 2 1 --run-dir run --set training.epochs=5 classifier.yaml
states intact run
cp kept.h5 run/evaluation.h5
states outdated run

# Targets of values in their own units, and windows in their order.
regression
use_engine regression.yaml
ends 0 3 1 --run-dir values regression.yaml
run predict values --part test -o v.csv
if [ -n "$python" ]; then
    "$python" - values/evaluation.h5 v.csv <<'PYTHON' || fail "values"
import csv
import sys

import h5py
import numpy

table = list(csv.DictReader(open(sys.argv[2])))
with h5py.File(sys.argv[1]) as file:
    sample = file["sample"]
    assert (sample["row"][:] == [int(row["row"]) for row in table]).all()
    for name, column in (("truth", "y"), ("predicted", "y_predicted")):
        numpy.testing.assert_allclose(sample["y/" + name][:], [float(row[column]) for row in table], rtol=1e-4, atol=1e-5)
PYTHON
fi
finish
