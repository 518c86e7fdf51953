#!/usr/bin/env python3
"""Writes the weights of a torch.nn.Module as a safetensors file, from which nntrain begins (nntrain help init_from):

    import from_pytorch
    from_pytorch.save(model, 'model.safetensors')                       # or a state_dict
    print(from_pytorch.network(model, (3, 224, 224)))                   # the sections network and init_from

network() translates what torch.fx can follow (nn.Sequential, the networks of torchvision) as far as nntrain has the
same layers; it says what it cannot translate. Needs torch alone.
"""
import argparse
import json
import math
import operator
import struct
import sys

try:
    import torch
    from torch import nn
    from torch.nn import functional
except ImportError as missing:
    if __name__ != '__main__':
        raise
    sys.exit(f'from_pytorch.py: needs torch: {missing}')

TYPES = {torch.float32: 'F32', torch.float64: 'F64', torch.float16: 'F16', torch.bfloat16: 'BF16', torch.int64: 'I64',
         torch.int32: 'I32', torch.int16: 'I16', torch.int8: 'I8', torch.uint8: 'U8', torch.bool: 'BOOL'}


class Unknown(ValueError):
    """Something that nntrain has no layer for."""


# ---- the file ----

def contents(tensor):
    """The bytes of a tensor, little-endian."""
    tensor = tensor.detach().cpu().contiguous()
    if tensor.dtype == torch.bfloat16:
        tensor = tensor.view(torch.int16)
    array = tensor.numpy()
    return array.astype(array.dtype.newbyteorder('<'), copy=False).tobytes()


def notes(module):
    """What the weights do not say, for the metadata."""
    return {f'{name}.eps': repr(float(part.eps)) for name, part in module.named_modules()
            if isinstance(getattr(part, 'eps', None), float)}


def save(model, path):
    """model: a torch.nn.Module, or its state_dict. Returns the number of tensors."""
    state = model.state_dict() if isinstance(model, nn.Module) else model
    metadata = dict({'format': 'pt'}, **(notes(model) if isinstance(model, nn.Module) else {}))
    header, end = {'__metadata__': metadata}, 0
    tensors = {name: value for name, value in state.items() if isinstance(value, torch.Tensor)}
    for name, value in tensors.items():
        if value.dtype not in TYPES:
            raise Unknown(f'{name} is of type {value.dtype}: convert it first, with .float()')
        begin, end = end, end + value.numel() * value.element_size()
        header[name] = {'dtype': TYPES[value.dtype], 'shape': list(value.shape), 'data_offsets': [begin, end]}
    text = json.dumps(header, separators=(',', ':')).encode()
    text += b' ' * (-len(text) % 8)
    with open(path, 'wb') as file:
        file.write(struct.pack('<Q', len(text)) + text)
        for value in tensors.values():
            file.write(contents(value))
    return len(tensors)


# ---- the network ----

def numbers(value, dimensions):
    """2 or [2, 3], from what a module of this many dimensions has."""
    value = tuple(value) if isinstance(value, (tuple, list)) else (value,) * dimensions
    return value[0] if len(set(value)) == 1 else list(value)


def convolution(part, dimensions):
    if part.padding_mode != 'zeros':
        raise Unknown(f'padding_mode={part.padding_mode!r}')
    options = {'filters': part.out_channels, 'kernel': numbers(part.kernel_size, dimensions)}
    options['stride'] = numbers(part.stride, dimensions)
    options['padding'] = part.padding if isinstance(part.padding, str) else numbers(part.padding, dimensions)
    options['dilation'] = numbers(part.dilation, dimensions)
    if part.groups > 1:
        options['groups'] = part.groups
    options['bias'] = part.bias is not None
    return options


def convolution_transposed(part):
    options = convolution(part, 2)
    if options.pop('groups', 1) > 1:
        raise Unknown('groups')
    return dict(options, output_padding=numbers(part.output_padding, 2))


def batch_norm(part):
    if part.running_mean is None:
        raise Unknown('track_running_stats=False')
    options = {'epsilon': part.eps}
    if part.momentum is not None:
        options['running_decay'] = round(1 - part.momentum, 12)
    return options if part.affine else dict(options, scale=False, shift=False)


def layer_norm(part):
    if len(part.normalized_shape) != 1:
        raise Unknown('normalisation over several axes')
    return {'epsilon': part.eps} if part.elementwise_affine else {'epsilon': part.eps, 'scale': False, 'shift': False}


def group_norm(part):
    options = {'groups': part.num_groups, 'epsilon': part.eps}
    return options if part.affine else dict(options, scale=False, shift=False)


def pool(part, dimensions):
    stride = part.stride if part.stride is not None else part.kernel_size
    if part.ceil_mode or getattr(part, 'dilation', 1) not in (1, (1,) * dimensions):
        raise Unknown('ceil_mode or dilation')
    options = {'kernel': numbers(part.kernel_size, dimensions), 'stride': numbers(stride, dimensions)}
    options['padding'] = numbers(part.padding, dimensions)
    if getattr(part, 'count_include_pad', False) and options['padding'] != 0:
        raise Unknown('padding that counts in an average')
    if getattr(part, 'divisor_override', None) is not None:
        raise Unknown('divisor_override')
    return options


def global_pool(size):
    if size not in (1, (1,), (1, 1), (1, 1, 1), [1], [1, 1]):
        raise Unknown(f'adaptive pooling to {size}')
    return {}


def flatten(part):
    if part.start_dim != 1 or part.end_dim != -1:
        raise Unknown(f'flattening from axis {part.start_dim} to {part.end_dim}')
    return {}


def dense(part, rank):
    options = {'units': part.out_features, 'bias': part.bias is not None}
    return dict(options, per_step=True) if rank is not None and rank > 2 else options


MODULES = {
    nn.Conv1d: ('conv1d', lambda part, rank: convolution(part, 1)),
    nn.Conv2d: ('conv2d', lambda part, rank: convolution(part, 2)),
    nn.Conv3d: ('conv3d', lambda part, rank: convolution(part, 3)),
    nn.ConvTranspose2d: ('conv2d_transpose', lambda part, rank: convolution_transposed(part)),
    nn.Linear: ('dense', dense),
    nn.BatchNorm1d: ('batch_norm', lambda part, rank: batch_norm(part)),
    nn.BatchNorm2d: ('batch_norm', lambda part, rank: batch_norm(part)),
    nn.BatchNorm3d: ('batch_norm', lambda part, rank: batch_norm(part)),
    nn.LayerNorm: ('layer_norm', lambda part, rank: layer_norm(part)),
    nn.GroupNorm: ('group_norm', lambda part, rank: group_norm(part)),
    nn.Embedding: ('embedding', lambda part, rank: {'symbols': part.num_embeddings, 'units': part.embedding_dim}),
    nn.PReLU: ('prelu', lambda part, rank: {'shared': True} if part.num_parameters == 1 else {}),
    nn.MaxPool1d: ('max_pool', lambda part, rank: pool(part, 1)),
    nn.MaxPool2d: ('max_pool', lambda part, rank: pool(part, 2)),
    nn.MaxPool3d: ('max_pool', lambda part, rank: pool(part, 3)),
    nn.AvgPool2d: ('average_pool', lambda part, rank: pool(part, 2)),
    nn.AdaptiveAvgPool1d: ('global_average_pool', lambda part, rank: global_pool(part.output_size)),
    nn.AdaptiveAvgPool2d: ('global_average_pool', lambda part, rank: global_pool(part.output_size)),
    nn.AdaptiveMaxPool2d: ('global_max_pool', lambda part, rank: global_pool(part.output_size)),
    nn.Dropout: ('dropout', lambda part, rank: {'rate': part.p}),
    nn.Flatten: ('flatten', lambda part, rank: flatten(part)),
}
ACTIVATIONS = {nn.ReLU: 'relu', nn.Tanh: 'tanh', nn.Sigmoid: 'sigmoid', nn.SiLU: 'silu', nn.ELU: 'elu', nn.SELU: 'selu',
               nn.Softplus: 'softplus', nn.Hardsigmoid: 'hard_sigmoid', nn.Hardswish: 'hard_swish', nn.GELU: 'gelu',
               nn.Hardtanh: 'hard_tanh'}
FUNCTIONS = {functional.relu: 'relu', torch.relu: 'relu', 'relu': 'relu', 'relu_': 'relu', torch.tanh: 'tanh',
             'tanh': 'tanh', torch.sigmoid: 'sigmoid', 'sigmoid': 'sigmoid', functional.gelu: 'gelu',
             functional.silu: 'silu'}
SUMS = (operator.add, operator.iadd, torch.add, 'add', 'add_')
FLATTENS = (torch.flatten, 'flatten', torch.reshape, 'view', 'reshape')


def has_defaults(part):
    """Whether an activation is the one that nntrain has under its name."""
    expected = {'alpha': 1.0, 'beta': 1, 'threshold': 20, 'min_val': -1.0, 'max_val': 1.0, 'approximate': 'none'}
    return all(getattr(part, name, value) == value for name, value in expected.items())


def call_name(node):
    return f'a call of {getattr(node.target, "__name__", node.target)}'


def is_node(value):
    return isinstance(value, torch.fx.Node)


def is_batch_size(value, source):
    """x.size(0), x.size()[0] or x.shape[0]."""
    if not is_node(value) or value.kwargs:
        return False
    if value.target == 'size':
        return value.args == (source, 0)
    return value.target is operator.getitem and value.args[1] == 0 and is_node(value.args[0]) and (
        (value.args[0].target is getattr and value.args[0].args == (source, 'shape')) or
        (value.args[0].target == 'size' and value.args[0].args == (source,) and not value.args[0].kwargs))


def flattens(node):
    """Whether a call leaves the samples and joins all their values, whatever shape they have."""
    source, *extents = node.args
    if node.target in (torch.flatten, 'flatten'):
        begin, end = (extents + [node.kwargs.get('start_dim', 0), node.kwargs.get('end_dim', -1)][len(extents):])[:2]
        return (begin, end) == (1, -1) and set(node.kwargs) <= {'start_dim', 'end_dim'}
    if len(extents) == 1 and isinstance(extents[0], (tuple, list)):
        extents = list(extents[0])
    return not node.kwargs and len(extents) == 2 and extents[1] == -1 and is_batch_size(extents[0], source)


def changes_what_is_used(node, part=None):
    """Whether a call in place changes a value that is used again: of fx, later nodes have the value before."""
    in_place = node.kwargs.get('inplace') or getattr(part, 'inplace', False) or node.target is operator.iadd or (
        node.op == 'call_method' and node.target.endswith('_'))
    if not in_place or not is_node(node.args[0]):
        return False
    order = {other: i for i, other in enumerate(node.graph.nodes)}
    return any(order[user] > order[node] for user in node.args[0].users)


class Translation:
    """The layers of a graph of torch.fx, in order."""

    def __init__(self, model, shape):
        self.traced = torch.fx.symbolic_trace(model)
        self.modules = dict(self.traced.named_modules())
        self.lines, self.map, self.used, self.names = [], {}, {}, {}
        self.last, self.sizes = 'input', set()
        taken = [node.name for node in self.traced.graph.nodes if node.op == 'placeholder']
        if len(taken) != 1:
            raise Unknown(f"the module takes {', '.join(taken) or 'nothing'}: only modules of one input are translated")
        if shape is not None:
            from torch.fx.passes.shape_prop import ShapeProp
            ShapeProp(self.traced.eval()).propagate(torch.zeros(2, *shape))

    @staticmethod
    def rank(node):
        shape = Translation.shape(node)
        return None if shape is None else len(shape)

    @staticmethod
    def shape(node):
        return getattr(node.meta.get('tensor_meta'), 'shape', None)

    def add(self, node, layer, options, sources, module=None):
        name = node.name if module is None else module.replace('.', '_')
        if name[0].isdigit() or name in ('input', 'previous', 'block_input'):
            name = f'{layer}_{name}'
        if not all(source in self.names for source in sources):
            raise Unknown(f'{call_name(node)} of something else than layers')
        inputs = [self.names[source] for source in sources]
        options = dict(options, name=name)
        if module in self.used:
            options.update(name=f'{name}_{node.name}', share=self.used[module])
        elif module is not None:
            self.used[module] = name
            if name != module.replace('.', '_') and next(self.modules[module].parameters(), None) is not None:
                self.map[name] = module
        if inputs != [self.last]:
            options['inputs'] = inputs
        words = ', '.join(f'{key}: {yaml(value)}' for key, value in options.items())
        self.lines.append(f'  - {layer}: {{{words}}}')
        self.names[node] = self.last = options['name']

    def take_module(self, node):
        part = self.modules[node.target]
        kind = type(part)
        if len(node.args) != 1 or node.kwargs or node.args[0] not in self.names:
            raise Unknown(f'a module {kind.__name__} that is called with something else than one input')
        source = node.args[0]
        if changes_what_is_used(node, part):
            raise Unknown('inplace=True for a value that is used again')
        if kind is nn.Flatten:
            flatten(part)
        if kind is nn.Identity or (kind is nn.Flatten and self.rank(source) == 2):
            self.names[node] = self.names[source]
        elif kind is nn.LeakyReLU and 0 <= part.negative_slope <= 1:
            self.add(node, 'activation', {'function': 'leaky_relu', 'slope': part.negative_slope}, [source])
        elif kind in (nn.Softmax, nn.LogSoftmax) and part.dim in (-1, 1, None) and all(
                user.op == 'output' for user in node.users):
            self.lines.append(f'  # {node.target}, the {kind.__name__} at the end, is left out: the loss cross_entropy applies '
                              'softmax, and predictions are probabilities')
            self.names[node] = self.names[source]
        elif kind is nn.Softmax and (part.dim == -1 or (part.dim == 1 and self.rank(source) == 2)):
            self.add(node, 'activation', {'function': 'softmax'}, [source])
        elif kind is nn.Softmax:
            raise Unknown(f'a module Softmax(dim={part.dim}): write activation: {{function: softmax}}, which is over the last '
                          'axis of samples with the channels last; a Softmax(dim=-1) is translated')
        elif kind in ACTIVATIONS and has_defaults(part):
            self.add(node, 'activation', {'function': ACTIVATIONS[kind]}, [source])
        elif kind in MODULES:
            layer, translate = MODULES[kind]
            self.add(node, layer, translate(part, self.rank(source)), [source], node.target)
        else:
            raise Unknown(f'a module {kind.__name__}')

    def take_call(self, node):
        sources = [argument for argument in node.args if is_node(argument)]
        if not sources:
            raise Unknown(call_name(node))
        if changes_what_is_used(node):
            raise Unknown(f'{call_name(node)} that changes a value in place that is used again')
        if node.target in SUMS:
            if len(node.args) != 2 or len(sources) != 2 or node.kwargs:
                raise Unknown(f'{call_name(node)} with something else than two layers')
            self.add(node, 'add', {}, sources)
        elif node.target in FUNCTIONS:
            unknown = [key for key, value in node.kwargs.items() if (key, value) != ('approximate', 'none')]
            if unknown not in ([], ['inplace']) or len(node.args) != 1:
                raise Unknown(f"{call_name(node)} with {', '.join(unknown) or 'several arguments'}")
            self.add(node, 'activation', {'function': FUNCTIONS[node.target]}, sources)
        elif node.target in FLATTENS:
            self.take_flatten(node, node.args[0])
        elif node.target in ('size', getattr) or (node.target is operator.getitem and node.args[0] in self.sizes):
            self.sizes.add(node)  # of which flattens() looks at how it is used, and nothing else can be
        else:
            raise Unknown(call_name(node))

    def take_flatten(self, node, source):
        before, after = self.shape(source), self.shape(node)
        known = before is not None and after is not None
        if not (after == (before[0], math.prod(before[1:])) if known else flattens(node)):
            raise Unknown(f'{call_name(node)} that does not flatten samples' + ('' if known else ', or not for any shape '
                          '(if it does, pass the shape of a sample)'))
        self.add(node, 'flatten', {}, [source])

    def take_output(self, result):
        if not is_node(result):
            raise Unknown('several outputs')
        if self.names.get(result) != self.last:
            raise Unknown('an output that is not the last layer')

    def run(self):
        for node in self.traced.graph.nodes:
            try:
                if node.op == 'placeholder':
                    self.names[node] = 'input'
                elif node.op == 'call_module':
                    self.take_module(node)
                elif node.op in ('call_function', 'call_method'):
                    self.take_call(node)
                elif node.op == 'output':
                    self.take_output(node.args[0])
                else:
                    raise Unknown(f'{node.op} of {node.target}')
            except Unknown as error:
                raise Unknown(f'{node.target} ({node.name}): nntrain has no layer for {error}') from None
        return self


def yaml(value):
    if isinstance(value, bool):
        return 'true' if value else 'false'
    if isinstance(value, list):
        return '[' + ', '.join(yaml(one) for one in value) + ']'
    return str(value)


def network(model, shape=None, file='model.safetensors'):
    """The sections `network` and `init_from` for a module, as text. shape: of a sample, channels first, as the module
    takes it; needed where dense layers work on sequences."""
    translation = Translation(model, shape).run()
    names = ', '.join(f"{ours}: '{theirs}'" for ours, theirs in translation.map.items())
    lines = ['network:'] + translation.lines + ['init_from:', f'  file: {file}']
    return '\n'.join(lines + ([f'  map: {{{names}}}'] if names else [])) + '\n'


# ---- the program ----

def load(path, trusted):
    """A module or a state_dict."""
    with open(path, 'rb'):  # fails with a clear reason, which PyTorch's are not
        pass
    try:
        loaded = torch.load(path, map_location='cpu', **({} if trusted else {'weights_only': True}))
    except TypeError:  # PyTorch before 1.13
        loaded = torch.load(path, map_location='cpu')
    except Exception as error:
        if trusted:
            raise ValueError(f'{path} cannot be loaded: {error}') from None
        raise ValueError(f'{path} has more than tensors, or is not a file of torch.save ({error}); if you trust '
                         'whoever made it, --trust loads a pickled module, which runs code of the file') from None
    for key in ('state_dict', 'model_state_dict', 'model'):
        if isinstance(loaded, dict) and isinstance(loaded.get(key), (dict, nn.Module)):
            loaded = loaded[key]
    if isinstance(loaded, nn.Module) or (isinstance(loaded, dict) and
                                         any(isinstance(value, torch.Tensor) for value in loaded.values())):
        return loaded
    raise ValueError(f'{path} has neither a module nor a state_dict')


def main():
    parser = argparse.ArgumentParser(description='Converts weights of PyTorch for init_from of nntrain.')
    parser.add_argument('model', metavar='MODEL.pt', help='a state_dict, or (--trust) a module, of torch.save')
    parser.add_argument('out', metavar='OUT.safetensors', help='the file to write')
    parser.add_argument('--trust', action='store_true', help='load a pickled module: this runs code of the file')
    parser.add_argument('--network', metavar='FILE.yaml', help='of a module: write the sections network and init_from')
    parser.add_argument('--shape', metavar='3,224,224', help="of a sample, as the module takes it (for --network)")
    arguments = parser.parse_args()
    try:
        model = load(arguments.model, arguments.trust)
        shape = [int(extent) for extent in arguments.shape.split(',')] if arguments.shape else None
        if arguments.network and not isinstance(model, nn.Module):
            raise Unknown(f'{arguments.model} is a state_dict, which does not say how the tensors are used: save the '
                          'module itself, or call from_pytorch.network(model) where it is built')
        text = network(model, shape, arguments.out) if arguments.network else ''
        count = save(model, arguments.out)
        if arguments.network:
            with open(arguments.network, 'w', encoding='utf-8') as file:
                file.write(text)
    except OSError as error:
        parser.exit(1, f'from_pytorch.py: {error.filename}: {error.strerror}\n' if error.filename else
                    f'from_pytorch.py: {error}\n')
    except ValueError as error:
        parser.exit(1, f'from_pytorch.py: {error}\n')
    print(f'wrote {arguments.out}: {count} tensors')


if __name__ == '__main__':
    main()
