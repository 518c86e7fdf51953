#!/usr/bin/env bash
# scripts/python/nntrain.py predicts with the bits of `nntrain predict`, and every misuse of it is a Python exception. The
# library that it loads exports the public interface alone, and needs no MPI.
build=$(realpath "$2")
tools=$build/tests
source "$(dirname "$0")/common.sh"
grep -q '^NN_SANITIZE:[^=]*=.' "$build/CMakeCache.txt" && { echo "skipped: Python is built without sanitizers"; exit 77; }
find_python
[ -n "$python" ] || { echo "skipped: no Python with numpy and h5py (scripts/setup.sh tests)"; exit 77; }
source "$source_folder/tests/system/common_networks.sh"
library=$build/libnntrain_infer.so.0
export PYTHONPATH=$source_folder/scripts/python PYTHONDONTWRITEBYTECODE=1 NNTRAIN_LIBRARY=$library

# ---- the library ----

exported=$(nm -D --defined-only "$library" | awk '$2 != "A" { sub("@.*", "", $3); print $3 }' | sort)
declared=$(grep -oE '\bnn_(predictor_[a-z0-9_]+|error_text|version)\(' "$source_folder/include/nntrain/nntrain.h" | tr -d '(' | sort -u)
[ -n "$declared" ] && [ "$exported" = "$declared" ] || fail "exported: $exported"
readelf -d "$library" >dynamic
grep -q 'SONAME.*\[libnntrain_infer.so.0\]' dynamic || { fail "the soname"; cat dynamic; }
! ldd "$library" | grep -E 'libmpi|not found' || fail "libraries that prediction does not need"
# Of those that it names, each is needed.
needless=$(ldd -u "$library" 2>/dev/null | sed 1d)
[ -z "$needless" ] || fail "linked without need: $needless"

# ---- the same bits as the program ----

runs=()
train_kind() { # NAME [ARGUMENT...]
    train 1 1 "${@:2}" --run-dir "$1" || { fail "training $1"; cat train.log; return; }
    "$program" info --graph "$1" >"$1.json" || fail "info --graph $1"
    "$program" info "$1" >/dev/null || fail "info $1"
    runs+=("$1")
}
for kind in "${kinds[@]}"; do
    $kind >"$kind.yaml"
    train_kind $kind $kind.yaml
done
train_kind double pairs.yaml --set training.precision=float64
heads
train_kind heads heads.yaml --set training.epochs=1 --set training.batch_size=80 --set training.microbatch_size=16 # uneven leaves
regression
train_kind regression regression.yaml --set training.epochs=1
"$python" - <<'PY' # float32 has no fractions of these numbers
import h5py, numpy
with h5py.File('offset.h5', 'w') as file:
    file['x'] = numpy.random.default_rng(3).normal(size=(80, 3)) + 1e9
    file['y'] = file['x'][:, :1] - file['x'][:, 1:2]
PY
cat >offset.yaml <<'YAML'
data: {file: offset.h5, train: {x: x, y: y}}
network: [dense: {units: 6, activation: tanh}, dense: 1]
loss: mse
training: {epochs: 2, batch_size: 8, microbatch_size: 2}
YAML
train_kind offset offset.yaml

cat >compare.py <<'PY'
"""compare.py RUN: predict() next to the CSV that `nntrain predict --data` has written, and to `nntrain info`."""
import csv, json, sys
import h5py, numpy
import nntrain

def inputs(run):
    """What the run reads from the file, and which rows have all their steps."""
    def windows(series, length, stride):
        return numpy.stack([series[i:i + length] for i in range(0, len(series) - length + 1, stride)])
    with h5py.File(sys.argv[2]) as file:
        if run == 'offset':
            return file['x'][()], None
        if run in ('images', 'heads', 'regression'):
            return file['x_train' if run == 'regression' else 'x_test'][()], None
        if run in ('text', 'tied'):
            return windows(file['text_test'][()], 16, 12), None
        if run == 'waves':
            return windows(file['s'][()], 5, 5), None
        if run in ('pairs', 'double'):
            return {'image': file['image'][()], 'table': file['table'][()].astype('f8')}, None
        return numpy.nan_to_num(file['x'][()]), file['lengths'][()] == file['x'].shape[1]

def same_bits(texts, values):
    numbers = numpy.array([float(text) for text in texts]).astype('f4')
    assert (numbers.view('u4') == values.view('u4')).all(), (numbers, values)
    return len(numbers)

def rounds_to(texts, values):
    """Each number of the CSV, which has 9 digits or more, rounds to that float."""
    numbers = numpy.array([float(text) for text in texts])
    bound = 0.5 * numpy.spacing(numpy.abs(values)).astype('f8') + 5e-9 * numpy.abs(values)
    assert numpy.isfinite(numbers).all() and (abs(numbers - values) <= bound).all(), (numbers, values)
    return len(numbers)

run = sys.argv[1]
x, full = inputs(run)
with nntrain.load(run) as network:
    y = network.predict(x)
    graph = json.load(open(run + '.json'))
    assert network.graph == graph, 'another graph than info --graph prints'
    rows = list(csv.DictReader(open(run + '.csv')))
    assert len(rows) == len(x['table'] if isinstance(x, dict) else x), len(rows)
    all_y = y if isinstance(y, dict) else {next(iter(network.outputs)): y}
    assert list(all_y) == [output['name'] for output in graph['outputs']]
    compared = 0
    for output in graph['outputs']:
        name, found = output['name'], all_y[output['name']]
        assert found.dtype == numpy.float32 and found.shape == (len(rows),) + network.outputs[name], found.shape
        classes = network.classes if not isinstance(network.classes, dict) else network.classes[name]
        assert (classes is None) == ('classes' not in output)
        for i, row in enumerate(rows):
            if full is not None and not full[i]:
                continue
            if classes is None:
                values = found[i].ravel()
                names = [name] if len(values) == 1 else [f'{name}_{v}' for v in range(len(values))]
                compared += rounds_to([row[n + '_predicted'] for n in names], values)
                continue
            steps = found[i].reshape(-1, len(classes))
            if len(steps) == 1:
                compared += same_bits([row[f'{name}_probability_{c}'] for c in classes], steps[0])
                assert row[name + '_predicted'] == classes[steps[0].argmax()]
            else:
                compared += same_bits([row[f'{name}_{t}_probability'] for t in range(len(steps))], steps.max(axis=1))
                compared += sum(row[f'{name}_{t}_predicted'] == classes[s.argmax()] for t, s in enumerate(steps))
    assert compared > 50, compared

    # The same bits flat, converted in pieces, as float64, the first rows alone; one by one, almost.
    def same(other, part=slice(None)):
        other = other if isinstance(other, dict) else {name: other}
        assert all((other[n].view('u4') == all_y[n][part].view('u4')).all() for n in all_y), run
    if isinstance(x, dict):
        joined = numpy.concatenate([x[n].reshape(len(x[n]), -1) for n in network.inputs], axis=1)
        same(network.predict(joined))
    else:
        same(network.predict(x.reshape(len(x), -1)))
        same(network.predict(x.astype('f8').tolist()))
    nntrain.PIECE_BYTES = 4000
    same(network.predict(x))
    for i in range(5):
        same(network.predict({n: x[n][:i + 1] for n in x} if isinstance(x, dict) else x[:i + 1]), slice(i + 1))
        one = network.predict({n: x[n][i:i + 1] for n in x} if isinstance(x, dict) else x[i:i + 1])
        for n, found in (one if isinstance(one, dict) else {name: one}).items():
            assert numpy.allclose(found, all_y[n][i:i + 1], rtol=1e-4, atol=1e-5), (run, n, i)
    # A model.nn predicts the same; in float64, what rounds to it, except where float64 inputs are no longer rounded.
    with nntrain.load(run + '.nn') as exported:
        same(exported.predict(x))
        assert exported.graph == graph and exported.fingerprint == network.fingerprint
        wide = exported.predict(x, dtype='float64')
        for n, found in (wide if isinstance(wide, dict) else {name: wide}).items():
            assert found.dtype == numpy.float64 and numpy.allclose(found, all_y[n], rtol=1e-5, atol=1e-6), (run, n)
        if run == 'offset':
            assert len(numpy.unique(y)) > 70 and numpy.array_equal(wide.astype('f4'), y)
            assert numpy.array_equal(network.jvp(x, numpy.ones_like(x))[0], network.predict(x, dtype='f8'))
    # With lengths, every row; what follows the last step does not matter.
    if full is not None:
        with h5py.File(sys.argv[2]) as file:
            lengths = file['lengths'][()]
        padded = x.astype('f4')
        for i, length in enumerate(lengths):
            padded[i, length:] = numpy.nan
        cut = network.predict(padded, lengths=lengths)
        found = cut[name] if isinstance(cut, dict) else cut
        for i, row in enumerate(rows):
            if classes is not None and found[i].size == len(classes):
                same_bits([row[f'{name}_probability_{c}'] for c in classes], found[i].ravel())
        assert all(numpy.array_equal(found[i], all_y[name][i]) for i in numpy.flatnonzero(full))
    nothing = network.predict({n: x[n][:0] for n in x} if isinstance(x, dict) else x[:0])
    same(nothing, slice(0))
lines = nntrain.metrics(run)
assert lines == [json.loads(line) for line in open(run + '/metrics.jsonl')] and lines[0]['epoch'] == 1
print(network.fingerprint, compared)
PY
for run in "${runs[@]}"; do
    case $run in
    images | heads | regression) data=$digits/digits.h5 ;;
    text | tied) data=text.h5 ;;
    waves | offset) data=$run.h5 ;;
    pairs | double) data=pairs.h5 ;;
    *) data=sequences.h5 ;;
    esac
    "$program" export "$run" "$run.nn" >log 2>&1 || { fail "export $run"; cat log; }
    "$program" predict "$run" --data "$data" -o "$run.csv" >log 2>&1 || { fail "predict $run"; cat log; continue; }
    "$python" compare.py "$run" "$data" >log 2>&1 || { fail "$run"; tail -n 5 log; }
done

# ---- what is refused ----

cat >refused.py <<'PY'
import gc, glob, os, threading
import h5py, numpy
import nntrain

def refused(kind, text, call, *arguments, **named):
    try:
        call(*arguments, **named)
    except kind as error:
        assert text in str(error), f'{text!r} is not in {error!r}'
        return error
    raise AssertionError(f'taken: {text}')

x = h5py.File('pairs.h5')
network = nntrain.load('pairs')
image, table = x['image'], x['table'][()]
n, width = table.shape
both = network.predict({'table': table, 'image': image})

def take(**changed):
    return network.predict({'image': image[:4], 'table': table[:4], **changed})

refused(ValueError, 'the network takes image, table', network.predict, {'image': image})
refused(ValueError, 'the network takes image, table', take, more=table[:4])
refused(ValueError, 'different numbers of samples: image 4, table 3', take, table=table[:3])
refused(ValueError, f'table: the shape is 4 x {width - 1}; the network takes samples x {width}', take, table=table[:4, 1:])
refused(ValueError, f'table: the shape is {width}; the network takes samples x {width}; of a single sample, pass x[None]',
        take, table=table[0])
refused(ValueError, 'the shape is that of a number', network.predict, 1.0)
refused(ValueError, '', network.predict, [[1.0], [1.0, 2.0]])
refused(ValueError, 'samples of one length', network.predict, {'image': image, 'table': table}, lengths=[1] * n)
refused(ValueError, 'dtype: int32 is neither', network.predict, {'image': image, 'table': table}, dtype='i4')
refused(TypeError, 'complex64 cannot be converted', take, table=table[:4] + 1j)
refused(TypeError, 'cannot be converted', take, table=table[:4].astype(str))
refused(TypeError, 'cannot be converted', network.predict, None)
for bad in (numpy.nan, numpy.inf, -numpy.inf, 1e300):
    wrong = table[:4].astype('f8')
    wrong[2, width - 1] = bad
    refused(ValueError, 'table: sample 2 contains NaN, Inf', take, table=wrong)
masked = numpy.ma.masked_array(table[:4], numpy.zeros((4, width), bool))
assert (take(table=masked)['size'] == both['size'][:4]).all(), 'a mask of nothing'
masked[1, 0] = numpy.ma.masked
refused(ValueError, 'table: values are masked', take, table=masked)
refused(ValueError, 'table: values are masked', network.vjp, {'image': image[:4], 'table': masked}, numpy.ones((4, 1)))
with h5py.File('packed.h5', 'w') as file:
    for name, value in {'scale_factor': 0.5, 'add_offset': 1.0, '_FillValue': numpy.float32([-1]), 'missing_value': -1.0}.items():
        file[name] = table[:4]
        file[name].attrs[name] = value
        refused(ValueError, f'table: the dataset has the attribute {name}', take, table=file[name])
    file['nan'] = table[:4]
    file['nan'].attrs['_FillValue'] = numpy.float32([numpy.nan])
    assert (take(table=file['nan'])['size'] == take(table=file['scale_factor'][()])['size']).all()
assert (network.predict({'image': image, 'table': table})['size'] == both['size']).all(), 'a refusal changed the network'

text = nntrain.load('text')
symbols = len(text.classes)
refused(ValueError, f'sample 1 contains a number that is not an index of {symbols} symbols', text.predict,
        numpy.array([[0] * 16, [0] * 15 + [symbols]]))
for bad in (-1, 0.5, 1 << 40, 1e200):
    wrong = numpy.zeros((2, 16), type(bad))
    wrong[1, 3] = bad
    refused(ValueError, 'sample 1 contains', text.predict, wrong)

assert refused(nntrain.Error, 'nowhere', nntrain.load, 'nowhere').status == 2
refused(nntrain.Error, 'empty', nntrain.load, 'empty')
refused(nntrain.Error, 'text.yaml', nntrain.load, 'text.yaml')
refused(TypeError, '', nntrain.load, None)
refused(FileNotFoundError, 'metrics.jsonl', nntrain.metrics, 'nowhere')
newest = sorted(glob.glob('pairs/checkpoints/*.h5'))[-1]
whole = open(newest, 'rb').read()
for size in (0, 1, 31, 32, 500, len(whole) // 2, len(whole) - 33, len(whole) - 1):
    open('cut.h5', 'wb').write(whole[:size])
    assert refused(nntrain.Error, 'cut.h5', nntrain.load, 'cut.h5').status == 9, size
open('flipped.h5', 'wb').write(whole[:len(whole) // 2] + bytes([whole[len(whole) // 2] ^ 1]) + whole[len(whole) // 2 + 1:])
refused(nntrain.Error, 'flipped.h5', nntrain.load, 'flipped.h5')

# One network in several threads, and closing while others predict.
results = []
threads = [threading.Thread(target=lambda: results.append(network.predict({'table': table, 'image': image})['size']))
           for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
assert len(results) == 4 and all((found == both['size']).all() for found in results), 'threads differ'
network.close()
network.close()
refused(ValueError, 'closed', take)
refused(ValueError, 'closed', network.__enter__)
del network, text
gc.collect()
for _ in range(3):
    nntrain.load('pairs')  # released by __del__
x.close()
print('refused all')
PY
mkdir empty
"$python" refused.py >log 2>&1 && said 'refused all' || { fail "misuse"; tail -n 5 log; }

missing() { # LIBRARY TEXT
    NNTRAIN_LIBRARY=$1 "$python" -c 'import nntrain; nntrain.load("pairs")' >log 2>&1 && fail "loaded with '$1'"
    said "ImportError: libnntrain_infer.so.0 cannot be loaded: "
    said "$2"
}
missing /nowhere/lib.so '/nowhere/lib.so: cannot open shared object file'
missing "$PWD/pairs.yaml" 'pairs.yaml: '
missing '' 'set NNTRAIN_LIBRARY to the path'
NNTRAIN_LIBRARY='' LD_LIBRARY_PATH=$build "$python" -c 'import nntrain; print(nntrain.version())' >log 2>&1 ||
    fail "the system's loader does not find the library: $(cat log)"
"$program" version | grep -qF "$(cat log)" || fail "version $(cat log)"
printf '{"epoch":1}\n{"epo' >pairs/metrics.jsonl
"$python" -c 'import nntrain; assert nntrain.metrics("pairs") == [{"epoch": 1}]' || fail "a line that is being written"
finish
