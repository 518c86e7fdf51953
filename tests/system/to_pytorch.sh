#!/usr/bin/env bash
# scripts/python/to_pytorch.py predicts what nntrain does: the networks of common_networks.sh and of the examples, and
# networks with every type of layer that `nntrain help layers` lists. A type without a case here fails the test.
tools=$(realpath "$2")/tests
source "$(dirname "$0")/common.sh"
peers=${NN_PEERS:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/nntrain/peers} # scripts/setup.sh peers
for python in "$peers/bin/python" python3 /usr/bin/python3; do
    "$python" -c 'import torch, h5py, numpy' 2>/dev/null && break
    python=
done
[ -n "$python" ] || { echo "skipped: no Python with torch and h5py (scripts/setup.sh peers)"; exit 77; }
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

# ---- one network per type of layer ----

"$python" - <<'PY'
import h5py, numpy
random = numpy.random.default_rng(1)
shapes = {'table': [6], 'steps': [7, 4], 'image': [7, 6, 4], 'volume': [4, 5, 3, 2]}
with h5py.File('layers.h5', 'w') as file:
    for name, shape in shapes.items():
        file[name] = random.normal(size=[24] + shape).astype('f4')
    file['words'] = random.integers(0, 9, size=[24, 5]).astype('i4')
    file['y'] = (3 + 2 * random.normal(size=[24, 2])).astype('f4')
PY

# layer TYPE DATA LINE...: a network of these lines and an output, with the type's case
declare -A has_case
cases=0
layer() {
    local type=$1 data=$2 name line
    shift 2
    has_case[$type]=1
    cases=$((cases + 1))
    name=$(printf '%s-%02d' "$type" $cases)
    {
        echo "data: {file: layers.h5, train: {x: $data, y: y}, fields: {y: {kind: value}"
        [ "$data" != words ] || echo "  , x: {kind: index}"
        echo "  }}"
        echo "network:"
        for line in "$@"; do echo "  - $line"; done
        echo "  - dense: {units: 2}"
        echo "loss: mse"
        echo "training: {batch_size: 12, microbatch_size: 6}"
    } >"$name.yaml"
    one_epoch "$name"
}

layer input table
layer dense steps 'dense: {units: 5, per_step: true, activation: tanh}' 'dense: {units: 5, bias: false}'
layer dense table 'dense: {units: 6, name: a}' 'dense: {units: 6, share: a}' 'dense: {units: 6, share: a, activation: relu}'
layer dense words 'embedding: {symbols: 9, units: 3, name: e}' 'dense: {units: 9, bias: false, per_step: true, share: e}'
for function in relu tanh sigmoid gelu leaky_relu softmax elu selu silu softplus hard_sigmoid hard_swish hard_tanh; do
    layer activation steps "activation: $function" "dense: {units: 6, per_step: true, activation: $function}"
done
layer activation steps 'activation: {function: leaky_relu, slope: 0.3}'
layer prelu image 'prelu' 'prelu: {shared: true}'
layer dropout table 'dropout: 0.5'
layer flatten image 'flatten'
layer add steps 'dense: {units: 4, per_step: true, name: a}' 'add: {inputs: [input, a, input]}'
layer multiply steps 'dense: {units: 4, per_step: true, name: a}' 'multiply: {inputs: [input, a, a]}'
layer concat steps 'dense: {units: 3, per_step: true, name: a}' 'concat: {inputs: [input, a]}' \
    'slice: {axis: 0, end: 2, name: b}' 'concat: {axis: 0, inputs: [b, b]}' 'dense: {units: 3, per_step: true}'
layer reshape image 'reshape: {shape: [14, -1]}' 'dense: {units: 3, per_step: true}'
layer permute image 'permute: {axes: [2, 0, 1]}' 'dense: {units: 3, per_step: true}'
layer slice image 'slice: {places: [3, 0, -2]}' 'slice: {axis: 0, begin: 1, end: -1}' 'slice: {axis: 1, begin: -3}'
layer batch_norm image 'batch_norm: {activation: relu, name: a}' 'batch_norm: {scale: false, epsilon: 0.01}' \
    'batch_norm: {shift: false, inputs: [previous, a], activation: tanh}' 'batch_norm: {share: a}'
layer batch_norm table 'batch_norm: {freeze: true}' 'batch_norm: {scale: false, shift: false, running_decay: 0.5}'
for type in rnn lstm gru; do
    layer $type steps "$type: {units: 5, output: sequence, bidirectional: true}" "$type: {units: 3, bidirectional: true}"
    layer $type image "$type: {units: 4, output: sequence, name: a}" "$type: {units: 4}"
done
layer rnn steps 'rnn: {units: 5, activation: relu}'
layer embedding words 'embedding: {symbols: 9, units: 4}'
layer positional_encoding steps 'positional_encoding' 'positional_encoding: learned'
layer conv1d steps 'conv1d: {filters: 6, kernel: 4, padding: same, stride: 2, activation: gelu}' \
    'conv1d: {filters: 4, kernel: 2, groups: 2}'
layer conv2d image 'conv2d: {filters: 6, kernel: [3, 2], padding: same, stride: [2, 1], name: a}' \
    'conv2d: {filters: 6, kernel: 3, padding: 1, dilation: [1, 2], groups: depthwise, bias: false}' \
    'conv2d: {filters: 6, kernel: [3, 2], padding: same, dilation: 2, activation: softmax, name: b}' \
    'conv2d: {filters: 6, kernel: [3, 2], padding: [2, 1], share: b}'
layer conv3d volume 'conv3d: {filters: 4, kernel: [2, 3, 2], padding: same, groups: 2, stride: [1, 2, 1]}'
layer conv2d_transpose image 'conv2d_transpose: {filters: 3, kernel: 3, activation: relu}' \
    'conv2d_transpose: {filters: 2, kernel: [2, 5], stride: [3, 1], padding: valid, output_padding: [2, 0]}'
layer conv2d_transpose image 'conv2d_transpose: {filters: 3, kernel: 2, stride: 3, bias: false}' \
    'conv2d_transpose: {filters: 3, kernel: 3, stride: 2, padding: 1, dilation: 2, output_padding: 1}'
layer upsample image 'upsample: 2' 'upsample: [1, 3]'
layer upsample steps 'upsample: 3'
for type in max_pool average_pool; do
    layer $type image "$type: {kernel: [3, 2], stride: 2, padding: same}" "$type: {kernel: 2, padding: 1}"
    layer $type steps "$type: {kernel: 4, stride: 1, padding: same}"
    layer $type volume "$type: {kernel: 2, padding: same}" "$type: 2"
    layer global_$type image "global_$type"
    layer global_$type volume "global_$type"
done
layer layer_norm steps 'layer_norm' 'layer_norm: {scale: false, epsilon: 0.1}' 'layer_norm: {shift: false}'
layer group_norm image 'group_norm: {groups: 2, name: a}' 'group_norm: {groups: 4, scale: false, epsilon: 0.1}' \
    'group_norm: {groups: 1, shift: false}' 'layer_norm: {share: a}'
layer group_norm table 'group_norm: {groups: 2, scale: false, shift: false}'
layer multi_head_attention steps 'multi_head_attention: {heads: 2, name: a}' \
    'multi_head_attention: {heads: 3, key_size: 2, causal: true, bias: false, dropout: 0.3}' 'multi_head_attention: {heads: 2, share: a}'
layer multi_head_attention steps 'slice: {axis: 0, end: 3, name: a}' 'multi_head_attention: {heads: 2, inputs: [a, input]}'
layer feed_forward steps 'feed_forward' 'feed_forward: {hidden: 3, activation: relu, bias: false}'

listed=0
for type in $("$program" help layers | sed -n '3,/^$/s/^  \([a-z0-9_]*\) .*/\1/p'); do
    listed=$((listed + 1))
    [ -n "${has_case[$type]:-}" ] || fail "layer $type: this test has no network with it"
done
[ $listed -ge 31 ] || fail "only $listed layers in help layers"

# ---- data in other units: logarithms, differences, several targets, probabilities of yes or no ----

"$python" - <<'PY'
import h5py, numpy
random = numpy.random.default_rng(2)
with h5py.File('values.h5', 'w') as file:
    file['s'] = (50 + numpy.cumsum(random.normal(size=[200, 3]), axis=0)).astype('f4')
    file['x'] = random.normal(size=[60, 5]).astype('f4')
    file['positive'] = numpy.exp(random.normal(size=[60, 2])).astype('f4')
    file['yes'] = random.integers(0, 2, size=[60, 3]).astype('f4')
PY
cat >differences.yaml <<'YAML'
data: {file: values.h5, train: {x: s}, window: {length: 6, targets: [1, 2]}, fields: {y: {transform: difference}}}
network: [gru: {units: 5}, dense: {units: 2}]
loss: mse
training: {batch_size: 16}
YAML
cat >targets.yaml <<'YAML'
data:
  file: values.h5
  train: {x: x, y: {size: positive, yes: yes}}
  fields: {size: {transform: log}, yes: {kind: value}}
network: [dense: {units: 6, name: body}, dense: {units: 2, name: size}, dense: {units: 3, name: yes, inputs: body}]
losses: {size: mae, yes: binary_cross_entropy}
training: {batch_size: 16}
YAML
one_epoch differences
one_epoch targets

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
