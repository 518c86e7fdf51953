#!/usr/bin/env bash
# Networks begin with the weights of PyTorch, from a safetensors file, and compute what PyTorch does. Fails when an axis,
# a gate, a bias, a statistic or the order of flattened values is taken for another, or a bad file for a good one.
source "$(dirname "$0")/common.sh"
needs_interop_python torch torchvision h5py numpy
export PYTHONPATH=$source_folder/scripts/python PYTHONDONTWRITEBYTECODE=1 OMP_NUM_THREADS=1

"$python" - >log 2>&1 <<'PY' || { fail "the models of PyTorch"; cat log; finish; }
import h5py, numpy, torch, torchvision, from_pytorch
from torch import nn

torch.manual_seed(1)

def write(name, model, x, sections, index=False):
    for part in model.modules():
        if isinstance(part, nn.modules.batchnorm._BatchNorm):
            part.running_mean.normal_(0, 0.2)
            part.running_var.uniform_(0.5, 2)
        if getattr(part, 'eps', None) and getattr(part, 'weight', None) is not None:
            nn.init.uniform_(part.weight, 0.5, 1.5)
            nn.init.normal_(part.bias, 0, 0.2)
    model.eval()
    with torch.no_grad():
        y = model(x)
    from_pytorch.save(model, f'{name}.safetensors')
    with h5py.File(f'{name}.h5', 'w') as file:
        file['x'] = numpy.moveaxis(x.numpy(), 1, -1) if x.dim() > 3 else x.numpy()
        file['y'] = y.numpy()
    kind = 'kind: index' if index else 'normalize: none'
    if callable(sections):
        sections = sections(model, x)
    with open(f'{name}.yaml', 'w') as file:
        file.write(f'data: {{file: {name}.h5, train: {{x: x, y: y}}, fields: {{x: {{{kind}}}, y: {{normalize: none}}}}}}\n'
                   f'loss: mse\ntraining: {{epochs: 0, batch_size: 12, microbatch_size: 2}}\n{sections}')

def translated(model, x):
    name = {3: 'resnet', 2: 'cnn'}[x.shape[1]]
    return from_pytorch.network(model, x.shape[1:], f'{name}.safetensors')

write('resnet', torchvision.models.resnet18(num_classes=10), torch.randn(6, 3, 64, 64), translated)

write('cnn', nn.Sequential(nn.Conv2d(2, 6, 3, padding=1), nn.BatchNorm2d(6, eps=0.01), nn.ReLU(), nn.MaxPool2d(2),
                           nn.Conv2d(6, 8, (3, 2), stride=(1, 2), groups=2), nn.PReLU(8), nn.GroupNorm(4, 8),
                           nn.ConvTranspose2d(8, 4, 3, stride=2, output_padding=1), nn.Dropout(0.5), nn.Flatten(),
                           nn.Linear(4 * 6 * 8, 7, bias=False), nn.Tanh(), nn.Linear(7, 5)),
      torch.randn(16, 2, 8, 14), translated)

write('flat', nn.Sequential(nn.Flatten(), nn.Linear(24, 5)), torch.randn(12, 2, 3, 4),
      lambda model, x: from_pytorch.network(model, x.shape[1:], 'flat.safetensors'))

class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(3, 5, num_layers=2, batch_first=True, bidirectional=True)
        self.gru = nn.GRU(10, 4, batch_first=True, bidirectional=True)
        self.rnn = nn.RNN(8, 4, batch_first=True)
        self.out = nn.Linear(4, 2)

    def forward(self, x):
        return self.out(self.rnn(self.gru(self.lstm(x)[0])[0])[0][:, -1])

write('recurrent', Recurrent(), torch.randn(6, 7, 3), '''network:
  - lstm: {units: 5, output: sequence, bidirectional: true, name: first}
  - lstm: {units: 5, output: sequence, bidirectional: true, name: second}
  - gru: {units: 4, output: sequence, bidirectional: true, name: gru}
  - rnn: {units: 4, name: rnn}
  - dense: {units: 2, name: result}
init_from: {file: recurrent.safetensors, map: {first: lstm, second: lstm_l1, result: out}}
''')

class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(9, 8)
        self.position = nn.Parameter(torch.randn(1, 5, 8))
        block = nn.TransformerEncoderLayer(8, 2, 16, activation='gelu', batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(block, 2, norm=nn.LayerNorm(8))
        self.across = nn.MultiheadAttention(8, 2, batch_first=True)
        self.per_step = nn.Conv1d(8, 6, 3, padding=1)
        self.out = nn.Linear(30, 3)

    def forward(self, x):
        x = self.encoder(self.words(x.long()) + self.position)
        x = self.across(x[:, :], x[:, 1:], x[:, 1:])[0]
        return self.out(self.per_step(x.transpose(1, 2)).flatten(1))

write('transformer', Transformer(), torch.randint(0, 9, (6, 5)).int(), '''network:
  - embedding: {symbols: 9, units: 8, name: words}
  - positional_encoding: {kind: learned, name: place}
  - repeat: {with: {k: [0, 1]}, layers: [transformer_block: {heads: 2, hidden: 16, name: block$k}]}
  - layer_norm: {name: last}
  - slice: {axis: 0, begin: 1, name: rest}
  - multi_head_attention: {heads: 2, name: across, inputs: [last, rest]}
  - conv1d: {filters: 6, kernel: 3, padding: 1, name: per_step}
  - dense: {units: 3, name: out}
init_from:
  file: transformer.safetensors
  map:
    place.weight: position
    last: encoder.norm
    block*-attention: encoder.layers.*.self_attn
    block*-attention_norm: encoder.layers.*.norm1
    block*-feed_forward: encoder.layers.*
    block*-feed_forward_norm: encoder.layers.*.norm2
''', index=True)

# The same values in other types; and files that are wrong.
state = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2)).state_dict()
with h5py.File('small.h5', 'w') as file:
    file['x'], file['y'] = numpy.zeros((8, 4), 'f4'), numpy.zeros((8, 2), 'f4')
from_pytorch.save(state, 'good.safetensors')
for name, change in {'half': torch.half, 'bfloat16': torch.bfloat16, 'double': torch.double}.items():
    from_pytorch.save({key: value.to(change) for key, value in state.items()}, f'{name}.safetensors')
good = open('good.safetensors', 'rb').read()
def bad(name, data):
    open(f'{name}.safetensors', 'wb').write(data)
def header(old, new, name):
    length = int.from_bytes(good[:8], 'little')
    text = good[8:8 + length].replace(old.encode(), new.encode())
    assert text != good[8:8 + length], name
    bad(name, len(text).to_bytes(8, 'little') + text + good[8 + length:])
bad('short', good[:-4])
bad('shorter', good[:40])
bad('longer', good + b'0000')
bad('empty', b'')
bad('foreign', b'{"weights": [1, 2, 3]} and more text')
header('[3,4]', '[3,5]', 'sizes')
header('"F32"', '"I32"', 'integers')
header('[0,48]', '[0,44]', 'hole')
header('1.weight', '0.weight', 'twice')
header('"F32"', '"F4"', 'unknown')
header('"dtype"', '"dtype"*', 'json')
header('[0,48]', '[0,9223372036854775808]', 'huge')
broken = {key: value.clone() for key, value in state.items()}
broken['0.bias'][1] = float('nan')
from_pytorch.save(broken, 'nan.safetensors')
from_pytorch.save({key: value.double() * 1e300 for key, value in state.items()}, 'large.safetensors')
from_pytorch.save({key: value for key, value in state.items() if key != '1.bias'}, 'lacks.safetensors')
torch.save(state, 'state.pt')
torch.save(nn.Sequential(nn.Linear(4, 3)), 'module.pt')
PY

# ---- the same outputs ----

for name in resnet cnn recurrent transformer; do
    run train "$name.yaml" --run-dir "$name"
    said "tensors are taken"
    ! grep -q 'compute something else' log || { fail "$name: differences"; cat log; }
    run predict "$name" -o "$name.npy"
done
"$python" - >log 2>&1 <<'PY' || { fail "other outputs than PyTorch"; cat log; }
import h5py, numpy
for name, tolerance in {'resnet': 1e-4, 'cnn': 1e-5, 'recurrent': 1e-5, 'transformer': 1e-5}.items():
    found, expected = numpy.load(f'{name}.npy'), h5py.File(f'{name}.h5')['y'][()]
    assert found.shape == expected.shape and expected.std() > 0.01, (name, found.shape, expected.std())
    difference = abs(found - expected).max()
    print(name, difference)
    assert difference < tolerance, (name, difference)
PY

# ---- names, types, partial loads ----

# small FILE [LINE...]: a configuration that begins with FILE.safetensors
small() {
    local file=$1
    shift
    {
        printf '%s\n' 'data: {file: small.h5, train: {x: x, y: y}, fields: {x: {normalize: none}, y: {normalize: none}}}' \
            'network:' '  - dense: {units: 3, name: first}' '  - dense: {units: 2, name: second}' 'loss: mse' \
            'training: {epochs: 0, batch_size: 4}' 'init_from:' "  file: $file.safetensors"
        printf '  %s\n' "$@"
    } >"$file.yaml"
}
map="map: {first: '0', second: '1'}"
fingerprints=()
for name in good double half bfloat16; do
    small $name "$map"
    run train $name.yaml --run-dir $name
    fingerprints+=("$(sed -n 's/^fingerprint: //p' log)")
done
[ "${fingerprints[0]}" = "${fingerprints[1]}" ] || fail "float64 is not float32: ${fingerprints[*]}"
"$python" - >log 2>&1 <<'PY' || { fail "values of other types"; cat log; }
import h5py, numpy, torch
state = torch.load('state.pt')
for name, change in {'good': torch.float, 'half': torch.half, 'bfloat16': torch.bfloat16}.items():
    weights = h5py.File(f'{name}/checkpoints/step-0000000000.h5')['weights']
    for ours, theirs in {'first': '0', 'second': '1'}.items():
        weight = state[f'{theirs}.weight'].to(change).float().numpy()
        assert numpy.array_equal(weights[ours]['weight'][()], weight.T), (name, ours)
        assert numpy.array_equal(weights[ours]['bias'][()], state[f'{theirs}.bias'].to(change).float().numpy()), name
PY
# As a text, with the names of layers alone.
printf '%s\n' 'data: {file: small.h5, train: {x: x, y: y}}' 'network: [dense: {units: 3, name: "0"}, dense: {units: 2, name: "1"}]' \
    'loss: mse' 'init_from: good.safetensors' >text.yaml
run train text.yaml --run-dir text --set training.epochs=0
said "good.safetensors: 4 of 4 tensors are taken"
[ "$(sed -n 's/^fingerprint: //p' log)" = "${fingerprints[0]}" ] || fail "init_from: FILE gives other weights"
small lacks "$map"
program_refuses 2 "lacks.safetensors does not have 1 of the 4 tensors of this network: second.bias (there: 1.bias)" \
    train lacks.yaml --run-dir lacks
program_refuses 2 "does not have 1 of the 4 tensors" check lacks.yaml --run-dir lacks
run train lacks.yaml --run-dir lacks --set init_from.exclude=second.bias
said "newly initialised, excluded: second.bias"
run train good.yaml --run-dir partly --set 'init_from.exclude=sec*'
said "2 of 4 tensors are taken"
said "not used of the file: 1.bias, 1.weight"
program_refuses 2 "0.weight is 3 x 4, and first.weight of 4 x 5 needs 5 x 4 there" train good.yaml --run-dir shape --set network.first.units=5
program_refuses 2 "map: there is no layer or tensor 'third'" train good.yaml --run-dir names --set init_from.map.third=2
program_refuses 2 "has 1 * and 'b*.*' has 2" train good.yaml --run-dir names --set 'init_from.map.a*=b*.*'
program_refuses 2 "map: '*weight' matches tensors alone, but an entry without a . is for layers" \
    check good.yaml --run-dir names --set 'init_from.map.*weight=0.weight'
program_refuses 2 "exclude: there is no layer or tensor 'third'" check good.yaml --run-dir names --set init_from.exclude=third
program_refuses 2 "from a run or from a file, not from both" check good.yaml --run-dir names --set init_from.run=good

# What the weights do not say is warned about.
run train cnn.yaml --run-dir epsilon --set network.batch_norm_1.epsilon=0.001
said "batch_norm_1 has epsilon: 0.001, and there it is 0.01"
run train resnet.yaml --run-dir padding --set network.conv1.padding=same
said "conv1 pads 2 positions before and 3 after, and PyTorch the same number (padding: 3)"

# A matrix of images that were flattened at once: the order is asked for.
program_refuses 2 "init_from.order: channels_first if" train flat.yaml --run-dir flat
run train flat.yaml --run-dir flat --set init_from.order=channels_first
grep -Eq 'training, last weights: .* rmse [0-9.]*e-0[6-9]' log || { fail "order: channels_first"; cat log; }
run train flat.yaml --run-dir flat-last --set init_from.order=channels_last
grep -Eq 'training, last weights: .* rmse 0\.[1-9]' log || { fail "order: channels_last is the same"; cat log; }

# ---- the same bits on several ranks ----

for ranks in 1 3; do
    train $ranks 1 cnn.yaml --run-dir tuned-$ranks --set training.epochs=2 || { fail "tuning on $ranks"; cat train.log; }
    fingerprints[ranks]=$(fingerprint)
done
[ -n "${fingerprints[1]}" ] && [ "${fingerprints[1]}" = "${fingerprints[3]}" ] || fail "1 and 3 ranks: ${fingerprints[*]}"
train 2 1 cnn.yaml --run-dir tuned-part --set training.epochs=1 || { fail "one epoch"; cat train.log; }
mv cnn.safetensors away
train 1 1 cnn.yaml --run-dir tuned-part --set training.epochs=2 || { fail "resuming without the file"; cat train.log; }
mv away cnn.safetensors

# ---- bad files ----

bad() { # FILE MESSAGE
    small "$1" "$map"
    program_refuses 5 "$2" train "$1.yaml" --run-dir "bad-$1"
    grep -q "init_from: .*$1.safetensors" log || { fail "$1: the file is not named"; cat log; }
}
bad short "the file is cut short or damaged"
bad shorter "is cut short, or not a safetensors file"
bad longer "4 bytes follow the last tensor"
bad empty "it is empty or cut short"
bad foreign "is neither a safetensors file"
bad sizes "of shape 3 x 5 and type F32 does not take the 48 bytes"
bad integers "has values of type I32"
bad hole "does not take the 44 bytes"
bad twice "two tensors of the name 0.weight"
bad unknown "has values of type F4"
bad json "not valid JSON"
bad huge "must be whole numbers"
bad nan "tensor 0.bias of"
said "has 1 values that are NaN or infinite, the first at index 1"
bad large "values beyond the range of float32"
mv state.pt state.safetensors
bad state "convert a file of torch.save with python3 from_pytorch.py"
mv state.safetensors state.pt
sed 's/good.safetensors/state.pt/' text.yaml >short.yaml
program_refuses 2 "convert a file of torch.save with python3 from_pytorch.py" check short.yaml --run-dir short
small absent "$map"
program_refuses 2 "cannot open" check absent.yaml --run-dir absent

# ---- modules that network() does not translate, instead of wrongly ----

"$python" - >log 2>&1 <<'PY' || { fail "translations"; cat log; }
import torch, from_pytorch
from torch import nn
from torch.nn import functional

class Calls(nn.Module):
    def __init__(self, call):
        super().__init__()
        self.linear, self.second, self.in_place, self.call = nn.Linear(4, 4), nn.Linear(4, 4), nn.ReLU(inplace=True), call

class One(Calls):
    def forward(self, x):
        return self.call(self, x)

class Two(Calls):
    def forward(self, x, y):
        return self.call(self, x + y)

def ignores(m, x):
    x = m.linear(x)
    x.relu_()
    return m.second(x)

def residual(m, x):
    x = m.linear(x)
    return m.second(m.in_place(x)) + x

def refused(text, model, shape=None):
    try:
        found = from_pytorch.network(model, shape)
    except from_pytorch.Unknown as error:
        assert text in str(error), (text, str(error))
        return
    raise AssertionError((text, found))

refused('a call of add with', One(lambda m, x: torch.add(m.linear(x), x, alpha=2)))
refused('a call of add with', One(lambda m, x: m.linear(x).add(x, alpha=2)))
refused('a call of add with', One(lambda m, x: m.linear(x) + 1))
refused('a call of gelu with approximate', One(lambda m, x: functional.gelu(m.linear(x), approximate='tanh')))
refused('the module takes x, y', Two(lambda m, x: m.linear(x)), (4,))
refused('several outputs', One(lambda m, x: (m.linear(x), m.second(x))))
refused('not the last layer', One(lambda m, x: [m.linear(x), m.second(x)][0]))
refused('in place that is used again', One(ignores))
refused('inplace=True for a value that is used again', One(residual))
refused('divisor_override', nn.Sequential(nn.AvgPool2d(2, divisor_override=3)))
refused('padding that counts', nn.Sequential(nn.AvgPool2d(2, padding=1)))
refused('from axis 2 to -1', nn.Sequential(nn.Conv2d(2, 3, 3), nn.Flatten(2)))
refused('from axis 0 to -1', nn.Sequential(nn.Linear(4, 4), nn.Flatten(0)), (4,))
refused('a call of flatten', One(lambda m, x: m.linear(x).flatten()))
refused('a call of view', One(lambda m, x: m.linear(x).view(-1, 4)))
refused('a call of view', One(lambda m, x: m.linear(x).view(-1, 2)), (4,))
refused('a call of view', One(lambda m, x: m.linear(x).view(x.size(1), -1)))
refused('something else than', One(lambda m, x: torch.add(m.linear(x), x.size(0))))
for call in (lambda m, x: x.view(x.size(0), -1), lambda m, x: x.reshape(x.shape[0], -1), lambda m, x: torch.flatten(x, 1),
             lambda m, x: x.view((x.size()[0], -1)), lambda m, x: x.flatten(start_dim=1)):
    for shape in (None, (2, 2)):
        text = from_pytorch.network(One(lambda m, x: m.linear(functional.relu(call(m, x), inplace=True))), shape)
        assert text.count('\n  - ') == 3 and '\n  - flatten: {' in text, text
from_pytorch.network(One(lambda m, x: m.linear(x.view(-1, 4))), (2, 2))
from_pytorch.network(nn.Sequential(nn.AvgPool2d(2, padding=1, count_include_pad=False)))
text = from_pytorch.network(nn.Sequential(nn.Linear(4, 4), nn.LeakyReLU(0.2), nn.Linear(4, 3), nn.Softmax(dim=1)))
assert 'function: leaky_relu, slope: 0.2' in text and 'the Softmax at the end, is left out' in text, text
assert text.count('\n  - ') == 3, text
text = from_pytorch.network(nn.Sequential(nn.Softmax(dim=-1), nn.Linear(4, 3)))
assert 'function: softmax' in text, text
refused('write activation: {function: softmax}', nn.Sequential(nn.Softmax(dim=2), nn.Conv2d(4, 3, 1)))
PY

# ---- the command ----

command() { "$python" "$source_folder/scripts/python/from_pytorch.py" "$@" >log 2>&1; }
command state.pt again.safetensors || { fail "a state_dict"; cat log; }
cmp again.safetensors good.safetensors || fail "the command writes another file"
command module.pt module.safetensors && fail "a module was loaded without trust"
said '--trust'
command --trust --network module.yaml module.pt module.safetensors || { fail "a module"; cat log; }
grep -q '^  - dense: {units: 3, bias: true' module.yaml || { fail "module.yaml"; cat module.yaml; }
for path in nowhere.pt nowhere/module.pt; do
    command $path none.safetensors && fail "$path was loaded"
    said "from_pytorch.py: $path: No such file or directory"
done
command . none.safetensors && fail "a directory was loaded"
said "from_pytorch.py: .: Is a directory"
command good.safetensors none.safetensors && fail "a safetensors file was loaded"
said 'from_pytorch.py: good.safetensors'
finish
