#!/usr/bin/env bash
# `nntrain export RUN model.onnx` computes what nntrain predicts: networks with every type of layer that `nntrain help
# layers` lists, those of common_networks.sh and the examples; by onnxruntime, and in float64 by onnx's own evaluator
# where onnxruntime computes in float32 only. The models are checked by onnx, also by an old version.
tools=$(realpath "$2")/tests
source "$(dirname "$0")/common.sh"
"$program" version | grep -q '^export: ONNX yes' || { echo "skipped: built without protobuf-c"; exit 77; }
needs_interop_python onnx onnxruntime h5py numpy
export OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=1
source "$source_folder/tests/system/common_networks.sh"

# train_once PRECISION NAME CONFIG: a run NAME-PRECISION and its model, which are compared later
runs=()
train_once() {
    local run=$2-$1
    "$program" train "$3" --run-dir "$run" --set training.epochs=1 --set "training.precision=$1" >log 2>&1 ||
        { fail "training $run"; cat "$3" log; return; }
    run export "$run" "$run.onnx"
    runs+=("$run")
}

# one_epoch NAME [CONFIG]: in float32, and in float64 the first network of each type of layer
declare -A in_double=()
one_epoch() {
    train_once float32 "$1" "${2:-$1.yaml}"
    [ $# = 1 ] && [ -z "${in_double[${1%-*}]:-}" ] || return
    in_double[${1%-*}]=1
    train_once float64 "$1" "$1.yaml"
}

for kind in "${kinds[@]}"; do
    $kind >"$kind.yaml"
    one_epoch "$kind"
done
source "$source_folder/tests/system/common_layers.sh"
PATH=$(dirname "$program"):$PATH
for example in digits fuel stocks weather; do
    "$program" init $example >log 2>&1 || fail "init $example"
    if [ -x $example/prepare.sh ]; then (cd $example && ./prepare.sh) >log 2>&1 || { fail "$example/prepare.sh"; cat log; }; fi
    mv $example "$example-data"
    one_epoch $example $example-data/$example.yaml
done

# Samples of different length, through layers that look at several steps.
cat >lengths.yaml <<'YAML'
data: {file: sequences.h5, train: {x: x, y: {label: y, step: steps}, lengths: lengths}, fields: {step: {kind: class, ignored_label: -1}}}
network:
  - conv1d: {filters: 4, kernel: 3, padding: same, name: first}
  - positional_encoding: learned
  - rnn: {units: 4, bidirectional: true, output: sequence}
  - gru: {units: 4, bidirectional: true, output: sequence}
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
train_once float32 lengths lengths.yaml
cut=(lengths-float32 sequences-float32 mixture-float32 labels-float32)
for run in "${cut[@]}"; do run predict $run --data sequences.h5 -o $run.h5; done

# Inputs and targets of one value; a checkpoint of two files, which cut a tensor.
cat >scalar.yaml <<'YAML'
data: {file: values.h5, train: {x: one, y: two}}
network: [batch_norm, dense: {units: 3, activation: relu}, dense: {units: 1}]
loss: mse
training: {batch_size: 16}
YAML
one_epoch scalar
NN_FAULT=comm.node_size=value:1 mpirun -n 2 --bind-to none "$tools/nntrain_faults" train digits-data/digits.yaml \
    --run-dir shards --set training.epochs=1 --set checkpoint.shard_size=0.001 >log 2>&1 || { fail "training with shards"; cat log; }
"$python" -c "import h5py; assert isinstance(h5py.File('shards/best.h5')['weights/dense2/weight'], h5py.Group)" ||
    fail "no tensor was cut: this tests nothing"
run export shards shards.onnx
runs+=(shards)

# Weights in a second file; the model that was there before is replaced.
cp digits-float32.onnx outside.onnx
run export digits-float32 outside.onnx --external-above 0
said 'wrote outside.onnx and outside.onnx.data'
[ "$(stat -c %s outside.onnx)" -lt 5000 ] || fail "the tensors are still in outside.onnx"

cat >compare.py <<'PY'
"""compare.py PREDICT_VALUES RUN...: what RUN.onnx and the library make of random samples."""
import glob, json, math, subprocess, sys
import h5py, numpy, onnx, onnxruntime
from onnx.reference import ReferenceEvaluator

random = numpy.random.default_rng(3)
onnxruntime.set_default_logger_severity(4)

def graph_of(run):
    found = glob.glob(run + '/best.h5') or sorted(glob.glob(run + '/checkpoints/step-*.h5'))
    with h5py.File(found[-1]) as file:
        text = file['graph'][()]
        return json.loads(text if isinstance(text, (str, bytes)) else text.tobytes())

def samples(graph, count):
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

def library(run, x):
    x.tofile('inputs.f4')
    subprocess.run([sys.argv[1], run, 'inputs.f4', 'outputs.f4'], check=True)
    return numpy.fromfile('outputs.f4', 'f4').reshape(len(x), -1)

def feed(graph, x):
    fields = graph['input']['parts'] or [dict(graph['input'], begin=0)]
    real = 'f8' if graph['precision'] == 'float64' else 'f4'
    given = {field['name']: x[:, field['begin']:field['begin'] + math.prod(field['shape'])]
             .reshape(len(x), *field['shape']).astype('i8' if field['kind'] == 'index' else real) for field in fields}
    if graph['input']['lengths']:
        given['lengths'] = numpy.full(len(x), graph['input']['shape'][0])
    for layer in graph['layers']:
        if layer['options'].get('carry'):
            for state in ['h', 'c'][:1 + (layer['type'] == 'lstm')]:
                given[f"{layer['name']}_{state}"] = numpy.zeros([len(x), layer['options']['units']], real)
    return given

class Model:
    """onnxruntime; or, where that has no kernel for float64, onnx's evaluator."""
    def __init__(self, run):
        self.path = run + '.onnx'
        onnx.checker.check_model(self.path, full_check=True)
        try:
            self.session, self.by = onnxruntime.InferenceSession(self.path, providers=['CPUExecutionProvider']), 'onnxruntime'
        except Exception as error:
            assert run.endswith('float64') and 'NOT_IMPLEMENTED' in str(error), error
            self.session, self.by = ReferenceEvaluator(self.path), 'onnx'
    def __call__(self, given):
        try:
            return self.session.run(None, given)
        except Exception as error:
            if 'does not support double' not in str(error):
                raise
            self.session, self.by = ReferenceEvaluator(self.path), 'onnx'
            return self.session.run(None, given)

def difference(found, expected):
    assert found.shape == expected.shape, (found.shape, expected.shape)
    return abs(found - expected).max() / abs(expected).max()

if __name__ == '__main__':
    compared = dict.fromkeys(('onnxruntime', 'onnx'), 0)
    for run in sys.argv[2:]:
        try:
            graph = graph_of(run)
            model, x = Model(run), samples(graph, 100)
            expected = library(run, x)
            for count in (1, 3, 100) if model.by == 'onnxruntime' else (3,):
                outputs = model(feed(graph, x[:count]))[:len(graph['outputs'])]
                found = numpy.concatenate([y.reshape(count, -1) for y in outputs], axis=1)
                error = difference(found, expected[:count])
                # The library's interface is in float32, whatever the run.
                assert error < (1e-5 if graph['precision'] == 'float32' else 2e-7), (model.by, count, error)
            compared[model.by] += 1
        except Exception as error:
            print(f'FAIL: {run}: {type(error).__name__}: {str(error)[:300]}')
    print(*(f'{by}: {count}' for by, count in compared.items()))
PY
"$python" compare.py "$tools/predict_values" "${runs[@]}" >log 2>&1 || { fail "compare.py ended with $?"; cat log; }
while read -r line; do fail "${line#FAIL: }"; done < <(grep '^FAIL' log)
read -r _ by_runtime _ by_onnx < <(grep '^onnxruntime: ' log)
[ "${by_runtime:-0}" -ge 80 ] && [ "${by_onnx:-0}" -ge 10 ] || { fail "few runs were compared"; cat log; }

"$python" - "${cut[@]}" >log 2>&1 <<'PY' || { fail "sequences, states, names, or a second file"; cat log; }
import json, sys
import h5py, numpy, onnx, onnxruntime
from compare import Model, difference, feed, graph_of, samples

# Samples of different length, and what predict makes of them; NaN past their ends are not looked at.
with h5py.File('sequences.h5') as file:
    x, lengths = file['x'][()], file['lengths'][()].astype('i8')
assert len(set(lengths)) > 3
for run in sys.argv[1:]:
    model = Model(run)
    names = [output['name'] for output in graph_of(run)['outputs']]
    outputs = dict(zip(names, model({'x': x, 'lengths': lengths})))
    with h5py.File(run + '.h5') as file:
        for name, y in outputs.items():
            expected = file[name + '_probability'][()]
            if y.ndim == 3:  # of every step; the probability is that of the class predicted
                real_steps = numpy.arange(y.shape[1]) < lengths[:, None]
                expected = file[name + '_predicted'][()]
                assert (y.argmax(-1) == expected)[real_steps].all(), (run, name)
            else:
                assert difference(y, expected) < 1e-5, (run, name, difference(y, expected))
    # Without padding, and with more of it.
    if run != 'labels-float32':
        for n in (int(lengths[0]), x.shape[1] + 4):
            padded = numpy.zeros((1, n) + x.shape[2:], 'f4')
            padded[0, :lengths[0]] = x[0, :lengths[0]]
            if 'lengths' in run and n > x.shape[1]:
                continue  # it has a learned row for each position
            alone = dict(zip(names, model({'x': padded, 'lengths': lengths[:1]})))
            for name, y in alone.items():
                if y.ndim == 2:
                    assert difference(y, outputs[name][:1]) < 1e-5, (run, name, n)

# A state that is carried: two windows of five steps are one of ten. Causal: the beginning does not see the end.
model, graph = Model('waves-float32'), graph_of('waves-float32')
x = samples(graph, 6).reshape(3, 10, -1)
given = feed(graph, x[:, :5].reshape(3, -1))
results = [output.name for output in model.session.get_outputs()]
series = next(name for name in given if not name.endswith(('_h', '_c')))
whole = dict(zip(results, model(dict(given, **{series: x}))))
first = dict(zip(results, model(dict(given, **{series: x[:, :5]}))))
states = {name: first[name + '_next'] for name in given if name != series}
assert len(states) == 3
second = dict(zip(results, model(dict(states, **{series: x[:, 5:]}))))
assert difference(numpy.concatenate([first['y'], second['y']], axis=1), whole['y']) < 1e-5
assert all(difference(second[name], whole[name]) < 1e-5 for name in results if name != 'y')
model, graph = Model('text-float32'), graph_of('text-float32')
x = feed(graph, samples(graph, 5))
y, = model(x)
name, = x
assert difference(model({name: x[name][:, :7]})[0], y[:, :7]) < 1e-5

# Numbers without a symbol are refused.
for wrong in (-1, 10**6):
    x[name][2, 3] = wrong
    try:
        model(x)
        raise AssertionError(f'{wrong} was taken for a symbol')
    except onnxruntime.capi.onnxruntime_pybind11_state.InvalidArgument:
        pass

# Names.
session = onnxruntime.InferenceSession('fuel-float32.onnx')
meta = session.get_modelmeta().custom_metadata_map
with h5py.File('fuel-data/fuel.h5') as file:
    assert json.loads(meta['nntrain.input.x.columns']) == list(file['x_columns'].asstr()), meta
model = onnx.load('digits-float32.onnx')
assert model.ir_version == 8 and [(o.domain, o.version) for o in model.opset_import] == [('', 17)]
assert [(d.dim_param, d.dim_value) for d in model.graph.input[0].type.tensor_type.shape.dim] == [('batch', 0), ('', 8), ('', 8)]

# The second file.
x = samples(graph_of('digits-float32'), 4).reshape(4, 8, 8)
onnx.checker.check_model('outside.onnx', full_check=True)
external = [t for t in onnx.load('outside.onnx', load_external_data=False).graph.initializer if t.data_location == 1]
assert len(external) > 1
assert (Model('outside')({'x': x})[0] == Model('digits-float32')({'x': x})[0]).all()
print('all compared')
PY
said 'all compared'

# An old version of onnx reads and checks the models, if there is one.
if /usr/bin/python3 -c 'import onnx' 2>/dev/null; then
    /usr/bin/python3 - "${runs[@]}" >log 2>&1 <<'PY' || { fail "onnx of /usr/bin/python3"; cat log; }
import sys, onnx
for run in sys.argv[1:]:
    onnx.checker.check_model(run + '.onnx', full_check=True)
    onnx.shape_inference.infer_shapes(onnx.load(run + '.onnx'), strict_mode=True)
PY
fi

# ---- what it refuses ----

program_refuses 2 'give a run directory' export
program_refuses 2 'give a run directory' export digits-float32
program_refuses 2 '.onnx (' export digits-float32 model.pb
program_refuses 2 'too many arguments' export digits-float32 a.onnx b.onnx
program_refuses 2 "did you mean 'external_above'" export digits-float32 model.onnx --external-over 5
program_refuses 9 'layers.h5' export layers.h5 model.onnx
program_refuses 2 'nowhere' export nowhere model.onnx
program_refuses 6 'nowhere/model.onnx' export digits-float32 nowhere/model.onnx
head -c 5000 digits-float32/best.h5 >short.h5
program_refuses 9 'short.h5' export short.h5 model.onnx
mkdir folder.onnx
program_refuses 6 'folder.onnx' export digits-float32 folder.onnx
[ ! -e model.onnx ] && [ ! -e model.onnx.nntrain.tmp ] || fail "a failed export left a file"
cp digits-float32.onnx kept.onnx
(ulimit -f 8 && trap '' XFSZ && exec "$program" export digits-float32 kept.onnx) >log 2>&1 && fail "beyond the limit, and exported"
said 'kept.onnx'
cmp -s kept.onnx digits-float32.onnx || fail "a failed export changed the file that was there"
[ ! -e kept.onnx.nntrain.tmp ] || fail "a failed export left kept.onnx.nntrain.tmp"

# The second file of an earlier export goes with it; a file that the earlier model does not name stays.
run export digits-float32 outside.onnx
[ ! -e outside.onnx.data ] || fail "outside.onnx.data of the earlier export stays"
echo mine >outside.onnx.data
run export digits-float32 outside.onnx
[ "$(cat outside.onnx.data)" = mine ] || fail "a file that is not the model's is gone"
finish
