# Small networks with every type of layer that `nntrain help layers` lists, and with targets in other units; sourced after
# common.sh by tests that set `python` (h5py, numpy) and define one_epoch NAME, which trains NAME.yaml. A type without a
# case fails the test.

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
layer one_hot words 'one_hot: {categories: [9, 0, -1, 12, 9]}'
layer fill_missing steps 'fill_missing: {values: [1, 2, 3, 4], indicator: true}'
layer fill_missing image 'fill_missing: {values: -0.5}'
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
    file['one'], file['two'] = (random.normal(size=60).astype('f4') for i in range(2))
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
