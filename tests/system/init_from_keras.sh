#!/usr/bin/env bash
# Networks begin with the weights of Keras 3, from a .weights.h5 file, and compute what Keras does. Fails when an axis,
# the order of gates, a bias or the number of a variable is taken for another, or a foreign file for a good one.
source "$(dirname "$0")/common.sh"
export KERAS_BACKEND=jax TF_CPP_MIN_LOG_LEVEL=3
needs_interop_python keras jax h5py numpy

"$python" - >log 2>&1 <<'PY' || { fail "the models of Keras"; cat log; finish; }
import h5py, keras, numpy
from keras import layers

random = numpy.random.default_rng(1)

def write(name, inputs, y, network, sections):
    model = keras.Model(inputs, y)
    model.set_weights([random.uniform(0.5, 1.5, value.shape) if value.min() >= 0 and value.ndim == 1 and value.max() == 1
                       else random.normal(0, 0.5, value.shape) for value in model.get_weights()])
    x = random.normal(size=[6] + list(inputs.shape[1:])).astype('f4')
    with h5py.File(f'{name}.h5', 'w') as file:
        file['x'], file['y'] = x, numpy.asarray(model(x, training=False))
    model.save_weights(f'{name}.weights.h5')
    with open(f'{name}.yaml', 'w') as file:
        file.write(f'data: {{file: {name}.h5, train: {{x: x, y: y}}, fields: {{x: {{normalize: none}}, y: {{normalize: none}}}}}}\n'
                   f'loss: mse\ntraining: {{epochs: 0, batch_size: 4, microbatch_size: 2}}\nnetwork:\n{network}init_from: {sections}\n')

x = inputs = keras.Input((9, 8, 3))
x = layers.Conv2D(4, 3, strides=2, padding='same', name='first')(x)
x = layers.BatchNormalization(name='norm')(x)
x = layers.DepthwiseConv2D(3, depth_multiplier=2, name='depthwise')(x)
x = layers.BatchNormalization(scale=False, name='shifted')(x)
x = layers.PReLU(shared_axes=[1, 2], name='prelu')(x)
x = layers.Conv2DTranspose(5, 3, padding='valid', name='up')(x)
x = layers.Flatten()(x)
write('images', inputs, layers.Dense(3, use_bias=False, name='label')(x), '''
  - conv2d: {filters: 4, kernel: 3, stride: 2, padding: same, name: first}
  - batch_norm: {epsilon: 0.001, name: norm}
  - conv2d: {filters: 8, kernel: 3, padding: valid, groups: 4, name: depthwise}
  - batch_norm: {epsilon: 0.001, scale: false, name: shifted}
  - prelu: {name: prelu}
  - conv2d_transpose: {filters: 5, kernel: 3, stride: 1, padding: valid, name: up}
  - dense: {units: 3, bias: false, name: label}
'''.lstrip('\n'), 'images.weights.h5')

x = inputs = keras.Input((7, 3))
x = layers.Bidirectional(layers.LSTM(5, return_sequences=True), name='both')(x)
x = layers.GRU(4, return_sequences=True)(x)
x = layers.LayerNormalization(name='norm')(x)
x = layers.MultiHeadAttention(2, 3, name='attention')(x, x)
x = layers.Bidirectional(layers.GRU(3, return_sequences=True))(x)
x = layers.SimpleRNN(4)(x)
write('steps', inputs, layers.Dense(2, name='out')(x), '''
  - lstm: {units: 5, output: sequence, bidirectional: true, name: both}
  - gru: {units: 4, output: sequence, name: gates}
  - layer_norm: {epsilon: 0.001, name: norm}
  - multi_head_attention: {heads: 2, key_size: 3, name: attention}
  - gru: {units: 3, output: sequence, bidirectional: true, name: gates-both}
  - rnn: {units: 4, name: rnn}
  - dense: {units: 2, name: out}
'''.lstrip('\n'), '{file: steps.weights.h5, map: {gates: gru, gates-both: bidirectional, rnn: layers/simple_rnn}}')

x = inputs = keras.Input((4, 3))
write('before', inputs, layers.GRU(2, reset_after=False, name='gru')(x), '  - gru: {units: 2, name: gru}\n', 'before.weights.h5')
with h5py.File('foreign.weights.h5', 'w') as file:
    file['dense/kernel:0'] = numpy.zeros((2, 2))
for name in 'nan', 'integers':
    keras.Model(inputs, layers.Dense(2, name='gru')(layers.Flatten()(x))).save_weights(f'{name}.weights.h5')
with h5py.File('heap.weights.h5', 'w') as file:
    file['layers/gru/vars/0'] = numpy.zeros((2, 2), 'f4')
    file['layers/gru/vars'].attrs['name'] = 'the name of a layer'
data = bytearray(open('heap.weights.h5', 'rb').read())
place = data.index(b'GCOL') + 16 + 8 # the size of the first text of the heap
assert data[place] == len('the name of a layer') and data[place + 8:].startswith(b'the name'), data[place:place + 30]
data[place + 6] ^= 1
open('heap.weights.h5', 'wb').write(data)
with h5py.File('nan.weights.h5', 'a') as file:
    file['layers/dense/vars/0' if 'dense' in file['layers'] else 'layers/gru/vars/0'][1, 0] = numpy.inf
PY

for name in images steps; do
    run train "$name.yaml" --run-dir "$name"
    said "tensors are taken"
    ! grep -q -e 'compute something else' -e 'not used' log || { fail "$name: differences"; cat log; }
    run predict "$name" -o "$name.npy"
done
"$python" - >log 2>&1 <<'PY' || { fail "other outputs than Keras"; cat log; }
import h5py, numpy
for name in 'images', 'steps':
    found, expected = numpy.load(f'{name}.npy'), h5py.File(f'{name}.h5')['y'][()]
    assert found.shape == expected.shape and expected.std() > 0.01, (name, found.shape, expected.std())
    difference = abs(found - expected).max() / abs(expected).max()
    print(name, difference)
    assert difference < 1e-5, (name, difference)
PY
run train images.yaml --run-dir epsilon --set network.norm.epsilon=0.01
said "norm has epsilon: 0.01, and there it is 0.001 by default"

# ---- what cannot be taken ----

program_refuses 2 "gru/cell/vars/2 is 6, and gru.bias of 6 needs 12 there" train before.yaml --run-dir before
program_refuses 5 "is HDF5 without weights of Keras 3" train images.yaml --run-dir foreign --set init_from=foreign.weights.h5
cp images/checkpoints/step-0000000000.h5 own.weights.h5
program_refuses 2 "a run or checkpoint of nntrain is named by init_from.run" check images.yaml --run-dir own --set init_from=own.weights.h5
head -c 9000 steps.weights.h5 >short.weights.h5
program_refuses 5 "short.weights.h5 is cut short" train steps.yaml --run-dir short --set init_from=short.weights.h5
sed '/^  - /d; s/^network:/network: [dense: {units: 2, name: gru}]/; s/before.weights/nan.weights/' before.yaml >nan.yaml
sed 's/before.weights/heap.weights/' before.yaml >heap.yaml
for command in train check; do
    "$program" $command heap.yaml --run-dir heap >log 2>&1
    code=$?
    [ $code -gt 0 ] && [ $code -lt 128 ] && grep -q 'heap.weights.h5' log || { fail "$command: a damaged name, code $code"; cat log; }
done
program_refuses 5 "has 1 values that are NaN or infinite" train nan.yaml --run-dir nan
finish
