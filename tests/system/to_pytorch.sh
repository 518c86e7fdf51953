#!/usr/bin/env bash
# scripts/python/to_pytorch.py predicts what nntrain does: the networks of common_networks.sh and of the examples, and
# networks with every type of layer that `nntrain help layers` lists. A type without a case here fails the test. The
# derivatives of predictions with respect to inputs are those of torch.autograd.
build=$(realpath "$2")
tools=$(realpath "$2")/tests
source "$(dirname "$0")/common.sh"
needs_interop_python torch h5py numpy
export PYTHONPATH=$source_folder/scripts/python PYTHONDONTWRITEBYTECODE=1 OMP_NUM_THREADS=1
source "$source_folder/tests/system/common_networks.sh"

# one_epoch NAME [CONFIG]: trains NAME.yaml in float64, so that a wrong formula is not taken for rounding; the run is
# compared later
runs=()
one_epoch() {
    local config=${2:-$1.yaml}
    "$program" train "$config" --run-dir "$1" --set training.epochs=1 --set training.precision=float64 >log 2>&1 ||
        { fail "training $1"; cat "$config" log; return; }
    runs+=("$1")
}

for kind in "${kinds[@]}"; do
    $kind >"$kind.yaml"
    one_epoch "$kind"
done

source "$source_folder/tests/system/common_layers.sh"

# ---- the examples ----

PATH=$(dirname "$program"):$PATH
for example in digits fuel stocks weather; do
    "$program" init $example >log 2>&1 || fail "init $example"
    if [ -x $example/prepare.sh ]; then (cd $example && ./prepare.sh) >log 2>&1 || { fail "$example/prepare.sh"; cat log; }; fi
    mv $example "$example-data"
    one_epoch $example $example-data/$example.yaml
done

# ---- the comparison ----

cat >compare.py <<'PY'
"""compare.py PREDICT_VALUES RUN...: random samples by the library and by PyTorch, also from a saved file."""
import copy, math, subprocess, sys
import numpy, torch
import to_pytorch

torch.set_num_threads(1)
random = numpy.random.default_rng(3)

def samples(graph, count=11):
    """Values near those that the normalisation was made for; or numbers of symbols."""
    field = graph['input']
    size = math.prod(field['shape'])
    tables = [layer['tensors'][0]['shape'][0] for layer in graph['layers'] if layer['type'] == 'embedding']
    if tables:
        return random.integers(0, min(tables), size=[count, size]).astype('f4')
    x = random.normal(size=[count, size])
    if 'scale' in field:
        scale, offset = (numpy.resize(field[name], size) for name in ('scale', 'offset'))
        x = (x - offset) / scale
    for layer in graph['layers']: # numbers of categories
        if layer['type'] == 'one_hot':
            numbers = [int(number) for number in layer['options']['categories']]
            for place, categories in enumerate(numbers):
                if 'scale' not in field or categories > 0:
                    x[:, place::len(numbers)] = random.integers(0, min(categories, 9) if categories > 0 else 9, [count, 1])
    return x.astype('f4')

def library(run, x, count):
    x.tofile('inputs.f4')
    subprocess.run([sys.argv[1], run, 'inputs.f4', 'outputs.f4'], check=True)
    return numpy.fromfile('outputs.f4', 'f4').reshape(count, -1)

def joined(outputs):
    outputs = list(outputs.values()) if isinstance(outputs, dict) else [outputs]
    return torch.cat([y.flatten(1) for y in outputs], dim=1).numpy()

def difference(found, expected):
    assert found.shape == expected.shape, (found.shape, expected.shape)
    return abs(found - expected).max() / abs(expected).max()

for run in sys.argv[2:]:
    try:
        model = to_pytorch.load(run)
        x = samples(model.graph)
        expected = library(run, x, len(x))
        given = torch.from_numpy(x).reshape(len(x), *model.graph['input']['shape'])
        with torch.no_grad():
            found = joined(model(given))
            assert difference(found, expected) < 1e-6, ('PyTorch differs', difference(found, expected))
            to_pytorch.save(model, 'model.pt')
            assert (joined(to_pytorch.load('model.pt')(given)) == found).all(), 'the saved file differs'
            single = to_pytorch.load(run, dtype=torch.float32)
            assert difference(joined(single(given)), expected) < 1e-4, 'PyTorch in float32 differs'
            double = joined(copy.deepcopy(single).double()(given))
            assert difference(double, expected) < 1e-5, 'PyTorch converted to float64 differs'
            assert len(joined(model(given[:0]))) == 0, 'no samples'
            if model.parts:
                parts = {name: given[:, part['begin']:part['begin'] + math.prod(part['shape'])].reshape(-1, *part['shape'])
                         for name, part in model.parts.items()}
                assert (joined(model(parts)) == found).all() and (joined(model(*parts.values())) == found).all(), 'parts'
        model.train()
        outputs = model(given, logits=True)
        sum(y.square().mean() for y in (outputs.values() if isinstance(outputs, dict) else [outputs])).backward()
        for layer in model.graph['layers']:
            if 'shares' in layer or not layer['tensors']:
                continue
            core = model.layers[model.places[layer['name']]].core
            trained = any(tensor['trained'] for tensor in layer['tensors'])
            gradients = [p.grad is not None for p in core.parameters() if p.requires_grad]
            assert all(gradients) and bool(gradients) == trained, (layer['name'], 'gradients', gradients, trained)
    except Exception as error:
        print(f'FAIL: {run}: {type(error).__name__}: {error}')
print(f'compared {len(sys.argv) - 2} runs')
PY
"$python" compare.py "$tools/predict_values" "${runs[@]}" >log 2>&1 || fail "compare.py ended with $?"
while read -r line; do fail "${line#FAIL: }"; done < <(grep '^FAIL' log)
said "compared ${#runs[@]} runs"

# ---- derivatives with respect to inputs ----

cat >derivatives.py <<'PY'
"""derivatives.py RUN...: all derivatives by torch.autograd, in float64, next to vjp and jvp of random vectors."""
import math, sys
import numpy, torch
import nntrain, to_pytorch

torch.set_num_threads(1)
random = numpy.random.default_rng(5)

def samples(graph, count):
    field = graph['input']
    size = math.prod(field['shape'])
    tables = [layer['tensors'][0]['shape'][0] for layer in graph['layers'] if layer['type'] == 'embedding']
    if tables:
        return random.integers(0, min(tables), size=[count, size]).astype('f8')
    x = random.normal(size=[count, size])
    if 'scale' in field:
        scale, offset = (numpy.resize(field[name], size) for name in ('scale', 'offset'))
        x = (x - offset) / scale
    for layer in graph['layers']: # numbers of categories
        if layer['type'] == 'one_hot':
            numbers = [int(number) for number in layer['options']['categories']]
            for place, categories in enumerate(numbers):
                if 'scale' not in field or categories > 0:
                    x[:, place::len(numbers)] = random.integers(0, min(categories, 9) if categories > 0 else 9, [count, 1])
    return x

def jacobians(model, x):
    """Samples x outputs x inputs: a sample's outputs depend on its own inputs alone."""
    given = torch.from_numpy(x).reshape(len(x), *model.graph['input']['shape']).requires_grad_()
    y = model(given)
    y = torch.cat([part.flatten(1) for part in (y.values() if isinstance(y, dict) else [y])], dim=1)
    columns = [torch.autograd.grad(y[:, o].sum(), given, retain_graph=True, allow_unused=True)[0] for o in range(y.shape[1])]
    zeros = torch.zeros_like(given)
    return numpy.stack([(zeros if c is None else c).flatten(1).numpy() for c in columns], axis=1), y.detach().numpy()

def joined(values):
    values = list(values.values()) if isinstance(values, dict) else [values]
    return numpy.concatenate([part.reshape(len(part), -1) for part in values], axis=1)

def expect(what, found, expected, limit):
    worst = abs(found - expected).max() / max(abs(expected).max(), 1e-300)
    assert found.shape == expected.shape and (worst < limit or not expected.any() and not found.any()), (what, worst)

for run in sys.argv[1:]:
    try:
        model, network = to_pytorch.load(run).eval(), nntrain.load(run)
        x = samples(model.graph, 7)
        options = [layer['options'].get(name) for layer in model.graph['layers'] for name in ('function', 'activation')]
        limit = 1e-7 if 'hard_sigmoid' in options else 1e-10  # PyTorch 1.13 rounds its slope of 1/6 to float32
        jacobian, y = jacobians(model, x)
        if model.graph['input']['kind'] == 'index': # numbers of symbols are not derived by, those that are copied neither
            jacobian = 0 * jacobian
        u, v = random.normal(size=y.shape), random.normal(size=x.shape)
        gradient = network.vjp(x, u)
        expect('vjp', joined(gradient), numpy.einsum('so,soi->si', u, jacobian), limit)
        found, tangent = network.jvp(x, v)
        expect('the outputs of jvp', joined(found), y, limit)
        expect('jvp', joined(tangent), numpy.einsum('soi,si->so', jacobian, v), limit)
        assert (joined(network.vjp(x, u)) == joined(gradient)).all(), 'other bits in the second call'
    except Exception as error:
        print(f'FAIL: {run}: {type(error).__name__}: {error}')
print(f'derived {len(sys.argv) - 1} runs')
PY
if grep -q '^NN_SANITIZE:[^=]*=.' "$build/CMakeCache.txt"; then
    echo "derivatives are not compared: Python is built without sanitizers"
else
    NNTRAIN_LIBRARY=$build/libnntrain_infer.so.0 "$python" derivatives.py "${runs[@]}" >log 2>&1 ||
        fail "derivatives.py ended with $?"
    while read -r line; do fail "${line#FAIL: }"; done < <(grep '^FAIL' log)
    said "derived ${#runs[@]} runs"
fi

# ---- sequences with lengths, from the file that predict reads ----

cat >lengths.yaml <<'YAML'
data: {file: sequences.h5, train: {x: x, y: {label: y, step: steps}, lengths: lengths}, fields: {step: {kind: class, ignored_label: -1}}}
network:
  - conv1d: {filters: 4, kernel: 3, padding: same, name: first}
  - positional_encoding: learned
  - rnn: {units: 4, bidirectional: true, output: sequence}
  - multi_head_attention: {heads: 2, causal: true}
  - feed_forward
  - layer_norm: {name: body}
  - dense: {units: classes, per_step: true, name: step}
  - conv1d: {filters: 4, kernel: 2, stride: 2, inputs: body, name: short}
  - multi_head_attention: {heads: 2, inputs: [body, short]}
  - max_pool: {kernel: 3, stride: 2, padding: same}
  - average_pool: {kernel: 3, stride: 1, padding: same}
  - group_norm: {groups: 2, name: end}
  - global_average_pool: {inputs: end}
  - global_max_pool: {inputs: end}
  - concat: {inputs: [global_average_pool1, global_max_pool1]}
  - dense: {units: classes, name: label}
losses: {label: cross_entropy, step: cross_entropy}
training: {batch_size: 27, microbatch_size: 3}
YAML
one_epoch lengths
for run in lengths sequences mixture labels; do
    "$program" predict $run --data sequences.h5 -o $run.csv >log 2>&1 || { fail "predict $run"; cat log; }
done
"$python" - >log 2>&1 <<'PY' || { fail "sequences of different length"; cat log; }
import csv, h5py, torch, to_pytorch
with h5py.File('sequences.h5') as file:
    x, lengths = torch.from_numpy(file['x'][()]), file['lengths'][()]
compared = 0
def expect(text, value):
    global compared
    compared += 1
    assert abs(float(text) - value.item()) < 1e-6 * abs(value.item()), (text, value)
for run in ('lengths', 'sequences', 'mixture', 'labels'):
    outputs = to_pytorch.load(run)(x, lengths=lengths)
    outputs = outputs if isinstance(outputs, dict) else {'y': outputs}
    for i, row in enumerate(csv.DictReader(open(run + '.csv'))):
        for name, y in outputs.items():
            for c in range(4 if y.dim() == 2 else 0):
                expect(row[f'{name}_probability_{c}'], y[i, c])
            for t in range(9 if y.dim() == 3 else 0):
                expect(row[f'{name}_{t}_probability'], y[i, t].max())
                assert int(row[f'{name}_{t}_predicted']) == y[i, t].argmax() or t >= lengths[i], (run, i, t)
assert compared == 150 * (3 * 4 + 3 * 9), compared
for layer in to_pytorch.load('images').train().layers.values():
    assert not (layer.frozen and layer.core.training)
model = to_pytorch.load('lengths').train()
model(x.nan_to_num(), lengths=lengths, logits=True)['label'].sum().backward()
try:
    to_pytorch.load('digits')(torch.zeros(2, 8, 8), lengths=[1, 2])
    raise AssertionError('lengths were taken')
except ValueError as error:
    assert 'without' in str(error)
PY

cat >length_derivatives.py <<'PY'
"""Derivatives of samples with lengths: those of torch.autograd; what is after the last step is not read."""
import h5py, numpy, torch, nntrain, to_pytorch
random = numpy.random.default_rng(8)
with h5py.File('sequences.h5') as file:
    x, lengths = file['x'][()][:12].astype('f8'), file['lengths'][()][:12]
after = numpy.arange(x.shape[1]) >= lengths[:, None]
x[after] = numpy.nan
def named(values):
    return values if isinstance(values, dict) else {'y': values}
def near(a, b):
    assert numpy.abs(a - b).max() < 1e-9 * numpy.abs(b).max(), numpy.abs(a - b).max()
for run in ('lengths', 'sequences', 'mixture', 'labels'):
    model, network = to_pytorch.load(run), nntrain.load(run)
    given = torch.from_numpy(numpy.nan_to_num(x)).requires_grad_()
    y = named(model(given, lengths=lengths))
    u = {name: random.normal(size=part.shape) for name, part in y.items()}
    v = numpy.where(after.reshape(after.shape + (1,) * (x.ndim - 2)), numpy.nan, random.normal(size=x.shape))
    predicted = named(network.predict(x, lengths, dtype='f8'))
    used = {name: numpy.where(numpy.isnan(predicted[name]), 0, u[name]) for name in u}
    sum((torch.from_numpy(used[name]) * y[name]).sum() for name in u).backward()
    u = {name: numpy.where(numpy.isnan(predicted[name]), numpy.nan, u[name]) for name in u}
    gradient = network.vjp(x, u if len(u) > 1 else u['y'], lengths)
    near(gradient, given.grad.numpy())
    assert not gradient[after].any()
    found, tangent = map(named, network.jvp(x, v, lengths))
    for name in u:
        assert numpy.array_equal(found[name], predicted[name], equal_nan=True), (run, name)
        assert (numpy.isnan(tangent[name]) == numpy.isnan(predicted[name])).all(), (run, name)
    near(sum(numpy.nansum(u[name] * tangent[name]) for name in u), numpy.nansum(gradient * v))
print('derived with lengths')
PY
if ! grep -q '^NN_SANITIZE:[^=]*=.' "$build/CMakeCache.txt"; then
    NNTRAIN_LIBRARY=$build/libnntrain_infer.so.0 "$python" length_derivatives.py >log 2>&1 || { fail "derivatives with lengths"; cat log; }
fi

# A checkpoint of two files, which cut a tensor; without best weights.
NN_FAULT=comm.node_size=value:1 mpirun -n 2 --bind-to none "$tools/nntrain_faults" train digits-data/digits.yaml --run-dir shards \
    --set training.epochs=1 --set checkpoint.shard_size=0.001 >log 2>&1 || { fail "training with shards"; cat log; }
"$python" -c "import h5py; assert isinstance(h5py.File('shards/best.h5')['weights/dense2/weight'], h5py.Group)" ||
    fail "no tensor was cut: this tests nothing"
rm -f shards/best.h5
"$program" predict shards --part test -o shards.csv >log 2>&1 || { fail "predict shards"; cat log; }
"$python" - >log 2>&1 <<'PY' || { fail "a checkpoint with shards"; cat log; }
import csv, h5py, torch, to_pytorch
with h5py.File('digits-data/digits.h5') as file:
    y = to_pytorch.load('shards')(file['x_test'][()])
for row, found in zip(csv.DictReader(open('shards.csv')), y, strict=True):
    expected = torch.tensor([float(value) for name, value in row.items() if '_probability_' in name])
    assert (expected - found).abs().max() < 1e-5, (row, found)
PY

# ---- the command, and what it refuses ----

command() { "$python" "$source_folder/scripts/python/to_pytorch.py" "$@" >log 2>&1; }
command digits digits.pt || { fail "the command ended with $?"; cat log; }
said 'wrote digits.pt: '
"$python" -c 'import to_pytorch, torch; print(to_pytorch.load("digits.pt")(torch.zeros(2, 8, 8)).sum().item())' >log 2>&1
grep -q '^2\.0\|^1\.999' log || { fail "two samples do not have a probability of 2"; cat log; }
refuses() { # MESSAGE RUN
    command "$2" none.pt && fail "$2 was translated"
    said "$1"
}
refuses 'nowhere' nowhere
refuses 'not a checkpoint' layers.h5
refuses 'has no checkpoint' digits-data
echo 'no HDF5 at all, and no ZIP' >foreign.txt
refuses 'foreign.txt is not a checkpoint of nntrain' foreign.txt
"$python" - <<'PY' || fail "damaging files"
content = bytearray(open('digits/best.h5', 'rb').read())
open('cut.h5', 'wb').write(content[:-100])
content[len(content) // 2] ^= 1
open('flipped.h5', 'wb').write(content)
content = open('digits.pt', 'rb').read()
open('cut.pt', 'wb').write(content[:len(content) // 2])
PY
refuses 'flipped.h5 is damaged: wrong checksum' flipped.h5
refuses 'cut.h5 is not a checkpoint of nntrain, or is cut short' cut.h5
refuses 'cut.pt was not written by to_pytorch.py, or is damaged' cut.pt
"$python" - flipped.h5 >log 2>&1 <<'PY' || { fail "without a library for checksums"; cat log; }
import sys, warnings, to_pytorch
to_pytorch.find_hash = lambda: None
with warnings.catch_warnings(record=True) as caught:
    to_pytorch.verify(sys.argv[1])
assert len(caught) == 1 and 'was not verified' in str(caught[0].message), caught
PY
command digits nowhere/digits.pt && fail "it wrote to no folder"
said 'cannot write nowhere/digits.pt'
shard=$(find shards -name '*.shard-*' | sort | tail -1)
printf '\1' | dd of="$shard" bs=1 seek=3000 conv=notrunc status=none
refuses 'is damaged: wrong checksum' shards
rm "$shard"
refuses 'is missing: ' shards
[ "$(grep -c Traceback log)" = 0 ] || fail "a traceback for a missing shard"
"$python" - "${runs[@]}" >log 2>&1 <<'PY' || { fail "numbers that are not indices"; cat log; }
import math, sys, torch, to_pytorch
tried = 0
for run in sys.argv[1:]:
    model = to_pytorch.load(run)
    field = model.graph['input']
    if field['kind'] != 'index' or model.parts:
        continue
    tried += 1
    for value in (2.5, -1, field['classes'], math.nan):
        x = torch.zeros(2, *field['shape'])
        x.reshape(2, -1)[1, -1] = value
        try:
            model(x)
            raise AssertionError((run, value))
        except ValueError as error:
            assert 'sample 1 has' in str(error), error
assert tried, 'no run has indices'
PY
"$python" - >log 2>&1 <<'PY' || { fail "an unknown graph"; cat log; }
import to_pytorch
graph = to_pytorch.load('digits').graph
import copy, torch
def refused(text, change):
    changed = copy.deepcopy(graph)
    change(changed)
    try:
        to_pytorch.Network(changed, lambda tensor: torch.zeros(tensor['shape']), torch.float32)
    except to_pytorch.Unknown as error:
        assert text in str(error), error
        return
    raise AssertionError(text)
refused('version 2', lambda changed: changed.update(version=2))
refused("'capsule'", lambda changed: changed['layers'][-1].update(type='capsule'))
PY
finish
