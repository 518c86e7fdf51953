#!/usr/bin/env bash
# predict -o NAME.h5 and NAME.npy. Fails when they hold other numbers than the CSV file, other bits on several ranks, lack
# shapes, names or dimension scales, or are left behind by a failure. NN_TEST_XARRAY names a Python with xarray.
source "$(dirname "$0")/common.sh"
find_python
if [ -z "$python" ]; then
    echo "skipped: python3 has no h5py"
    finish
fi
"$python" - <<'PY' || fail "no data"
import h5py, numpy as n
r = n.random.default_rng(7)
x = r.normal(size=(257, 6, 5, 1)).astype('f4')
def put(name, rows):
    with h5py.File(name, 'w') as f:
        f['x'], f['mask'] = x[rows], x[rows] * 40 + 3
        f['kind'] = (x[rows].mean((1, 2, 3)) > 0).astype('i4')
        f['kind_classes'] = n.array([b'cold', b'warm, dry'])
put('all.h5', n.arange(257))
put('one.h5', n.arange(90))
x[95, 2, 2] = n.nan
put('two.h5', n.arange(90, 257))
with h5py.File('large.h5', 'w') as f: f.create_dataset('x', data=n.ones((90000, 6, 5, 1), 'f4'), compression=1)
PY
cat >arrays.yaml <<'YAML'
data:
  file: all.h5
  train: {x: x, y: {kind: kind, mask: mask}}
  split: {validation: 0.2}
network:
  - conv2d: {filters: 2, kernel: 3, padding: same, activation: tanh, name: body}
  - conv2d: {filters: 1, kernel: 3, padding: same, name: mask}
  - flatten: {inputs: body}
  - dense: {units: classes, name: kind}
losses: {kind: cross_entropy, mask: mse}
training: {epochs: 2, batch_size: 32, microbatch_size: 4}
YAML
use_engine arrays.yaml
run train arrays.yaml --run-dir run
sed '/^losses/d; /- flatten/d; /name: kind/d; s/, name: mask//; s/^training/loss: mse\n&/; s/y: {.*}}/y: mask}/' arrays.yaml >mask.yaml
run train mask.yaml --run-dir mask
sed '/name: mask/d; /^losses/d; s/, name: kind//; s/^training/loss: cross_entropy\n&/; s/y: {.*}}/y: kind}/' arrays.yaml >kind.yaml
run train kind.yaml --run-dir kind

# ---- HDF5 ----
run predict run one.h5 two.h5 -o files.csv
run predict run one.h5 two.h5 -o files.h5
said "1 of 257 rows have no prediction"
run predict run -o parts.h5
"$python" - <<'PY' || fail "the HDF5 file is not the table"
import csv, h5py, numpy as n
with open('files.csv') as f: table = list(csv.DictReader(f))
f = h5py.File('files.h5')
assert f['mask_predicted'].shape == f['mask'].shape == (257, 6, 5, 1), f['mask'].shape
assert n.array_equal(f['file'].asstr()[:], [t['file'] for t in table])
assert n.array_equal(f['row'][:], [int(t['row']) for t in table])
assert n.array_equal(f['sample'][:], n.arange(257))
names = list(f['kind_class'].asstr()[:])
assert names == ['cold', 'warm, dry'], names
for i, t in enumerate(table):
    bad = i == 95
    assert (f['kind_predicted'][i] == -1) == bad and n.isnan(f['mask_predicted'][i]).all() == bad, i
    assert t['kind_predicted'] == ('' if bad else names[f['kind_predicted'][i]])
    assert names[f['kind'][i]] == t['kind']
    assert bad or all(n.float32(t['kind_probability_' + c]) == f['kind_probability'][i, k] for k, c in enumerate(names))
    assert bad or n.allclose(f['mask_predicted'][i].ravel(),
                             [float(t[f'mask_{k}_predicted']) for k in range(30)], rtol=1e-8, atol=0)
assert [d[0].name for d in f['kind_probability'].dims] == ['/sample', '/kind_class']
assert [d[0].name for d in f['mask'].dims] == ['/sample'] + [f'/mask_dimension_{d}' for d in (1, 2, 3)]
assert all(h5py.h5ds.is_scale(f[s].id) for s in ('sample', 'kind_class', 'mask_dimension_2'))
assert f['kind_predicted'].attrs['coordinates'] in ('file row', b'file row')
p = h5py.File('parts.h5')
assert set(p['part'].asstr()[:]) == {'train', 'validation'} and 'file' not in p
PY
if "${NN_TEST_XARRAY:=$python}" -c 'import xarray, netCDF4' 2>/dev/null; then
    "$NN_TEST_XARRAY" - <<'PY' || fail "xarray does not find the coordinates"
import xarray
d = xarray.open_dataset('files.h5')
assert {'sample', 'file', 'row', 'kind_class', 'mask_dimension_1'} <= set(d.coords), d
assert d.kind_probability.dims == ('sample', 'kind_class') and d.mask_predicted.sizes['mask_dimension_2'] == 5
assert float(d.kind_probability.sel(kind_class='cold')[3]) == float(d.kind_probability[3, 0])
PY
else
    echo "skipped: xarray: set NN_TEST_XARRAY to a Python with xarray and netCDF4"
fi

# ---- .npy ----
run predict mask -o mask.npy
run predict mask -o mask.h5
run predict kind -o kind.npy
run predict kind -o kind.h5
"$python" - <<'PY' || fail "the .npy file is not the HDF5 file"
import h5py, numpy as n
mask, kind = n.load('mask.npy'), n.load('kind.npy')
assert mask.dtype == n.dtype('<f8') and n.array_equal(mask, h5py.File('mask.h5')['y_predicted'][:]), mask.shape
assert mask.shape == (257, 6, 5, 1) and n.array_equal(kind, h5py.File('kind.h5')['y_probability'][:])
PY
PYTHONPATH=$source_folder/scripts/python PYTHONDONTWRITEBYTECODE=1 "$python" - <<'PY' || fail "nntrain.predictions() reads something else"
import numpy as n, nntrain
table, arrays, mask = (nntrain.predictions(name) for name in ('files.csv', 'files.h5', 'mask.npy'))
assert n.array_equal(mask, nntrain.predictions('mask.h5')['y_predicted'])
assert table['row'].dtype.kind == 'i' and n.array_equal(table['row'], arrays['row'])
assert list(table['file']) == list(arrays['file']) and list(table['kind'][:1]) == [arrays['kind_class'][arrays['kind'][0]]]
assert n.isnan(table['mask_0_predicted'][95]) and len(table['mask_0_predicted']) == 257
open('prose.csv', 'w').write('It was a dark night,\nand the lamps were lit.\n')
open('cut.csv', 'w').write(open('files.csv').read().rsplit(',', 1)[0])
for name, words in (('prose.csv', 'not a file of predictions'), ('cut.csv', 'cut short'), ('one.h5', 'not a file of predictions')):
    try:
        nntrain.predictions(name)
        raise SystemExit(name + ' is read')
    except ValueError as error:
        assert words in str(error), error
assert n.allclose(table['mask_3_predicted'], arrays['mask_predicted'].reshape(257, -1)[:, 3], rtol=1e-8, atol=0, equal_nan=True)
PY
program_refuses 2 'an .npy file holds one array, but there are 2 (kind_probability, mask_predicted): write .h5 or .csv, or choose one, such as --columns kind_probability' predict run -o no.npy
run predict run -o chosen.npy --columns mask_predicted
"$python" -c "
import h5py, numpy as n
assert n.array_equal(n.load('chosen.npy'), h5py.File('parts.h5')['mask_predicted'][:])" || fail "--columns chooses another array"
program_refuses 2 "an .npy file holds numbers, but 'part' is text" predict run -o no.npy --columns part

# Many blocks: equal rows, all with the same prediction.
run predict mask large.h5 -o many.h5
"$python" - <<'PY' || fail "a large file has lost or mixed up rows"
import h5py, numpy as n
f = h5py.File('many.h5')
assert n.array_equal(f['sample'][:], n.arange(90000)) and n.array_equal(f['row'][:], n.arange(90000))
assert (f['y_predicted'][:] == f['y_predicted'][0]).all() and n.isfinite(f['y_predicted'][0]).all()
PY

# ---- the same bits; nothing is left behind ----
for ranks in 2 3 4; do
    OMP_NUM_THREADS=1 mpirun -n $ranks --bind-to none "$program" predict run one.h5 two.h5 -o ranks.h5 >log 2>&1
    cmp -s files.h5 ranks.h5 || { fail "$ranks ranks write another .h5"; cat log; }
    OMP_NUM_THREADS=2 mpirun -n $ranks --bind-to none "$program" predict mask -o ranks.npy >log 2>&1
    cmp -s mask.npy ranks.npy || { fail "$ranks ranks write another .npy"; cat log; }
done
for name in no.csv no.h5 no.npy; do
    run predict mask -o $name
    cp $name kept
    (ulimit -f 16000 && trap '' XFSZ && exec "$program" predict mask large.h5 -o $name) >log 2>&1 && fail "$name: beyond the limit, and taken"
    said "cannot write"
    cmp -s $name kept && rm $name || fail "$name was replaced by a part of the predictions"
done
# A second writer of the same file is refused, while the first one holds it.
exec 8>held.csv.nntrain.tmp && flock 8
program_refuses 10 'held.csv is being written by another process' predict run one.h5 -o held.csv
exec 8>&- && rm -f held.csv.nntrain.tmp
cp one.h5 kept.h5
program_refuses 2 'kept.h5 is a file of the data' predict run kept.h5 -o kept.h5
program_refuses 2 'best.h5 is a checkpoint of a run' predict run kept.h5 -o run/best.h5
last=$(ls run/checkpoints/*.h5 | tail -n 1)
program_refuses 2 'is a checkpoint of a run' predict run kept.h5 -o "$last"
cmp -s one.h5 kept.h5 || fail "the data was replaced by its predictions"
left=$(ls -d no* ./*.tmp 2>/dev/null)
[ -z "$left" ] || fail "a failure left $left"
finish
