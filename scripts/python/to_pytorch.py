#!/usr/bin/env python3
"""Loads a network that nntrain has trained as a torch.nn.Module:

    import to_pytorch
    model = to_pytorch.load('runs/x')           # or a checkpoint, or a file that this program has written
    model(x)                                    # what `nntrain predict` gives
    model(x, logits=True)                       # the outputs of the layers, for a loss of PyTorch

x: samples x shape, in the values' own units, channels last. Needs torch, h5py and numpy, and reads the dataset `graph`
of a checkpoint alone (nntrain help checkpoint-format). A damaged file is refused by its checksum, which needs xxhash or
libxxhash; without both a warning says so, and `nntrain verify` checks the file.
"""
import argparse
import ctypes
import ctypes.util
import glob
import json
import math
import mmap
import os
import struct
import sys
import warnings

try:
    import h5py
    import numpy
    import torch
    from torch import nn
    from torch.nn import functional
except ImportError as missing:
    if __name__ != '__main__':
        raise
    sys.exit(f'to_pytorch.py: needs torch, h5py and numpy: {missing}')

VERSION = 1


class Unknown(ValueError):
    """The checkpoint has something that this file cannot translate."""


class Damaged(ValueError):
    """The file is not a complete checkpoint."""


# ---- activations ----

ACTIVATIONS = {
    'none': lambda x: x,
    'relu': functional.relu,
    'tanh': torch.tanh,
    'sigmoid': torch.sigmoid,
    'gelu': functional.gelu,
    'leaky_relu': functional.leaky_relu,
    'softmax': lambda x: functional.softmax(x, dim=-1),
    'elu': functional.elu,
    'selu': functional.selu,
    'silu': functional.silu,
    'softplus': functional.softplus,
    'hard_sigmoid': functional.hardsigmoid,
    'hard_swish': functional.hardswish,
    'hard_tanh': functional.hardtanh,
}


def activate(name, x):
    if name not in ACTIVATIONS:
        raise Unknown(f"the activation '{name}' is not known to this version of to_pytorch.py")
    return ACTIVATIONS[name](x)


# ---- layers ----

def parameter(value):
    return nn.Parameter(value.clone(memory_format=torch.contiguous_format))


def linear(weight, bias):
    """From a weight of inputs x units."""
    core = nn.Linear(*weight.shape, bias=bias is not None, device='meta')
    core.weight = parameter(weight.T)
    if bias is not None:
        core.bias = parameter(bias)
    return core


def rows(x):
    """Samples x values."""
    return x.flatten(1) if x.dim() > 1 else x[:, None]


def affine(core, scale, shift):
    core.register_parameter('weight', None if scale is None else parameter(scale))
    core.register_parameter('bias', None if shift is None else parameter(shift))
    return core


def scale_and_shift(core):
    if not core:
        return None, None
    if core.weight is None and core.bias is not None:
        return torch.ones_like(core.bias), core.bias  # PyTorch 1.13 cannot differentiate a shift alone
    return core.weight, core.bias


def step_mask(x, lengths):
    """Whether a position belongs to its sample, for x of samples x steps x ..."""
    mask = torch.arange(x.shape[1], device=x.device) < lengths[:, None]
    return mask.reshape(mask.shape + (1,) * (x.dim() - 2))


class Layer(nn.Module):
    """forward takes the layer's inputs and, for each, the lengths of its samples (None: full). The weights are those of
    `core`, in PyTorch's layout; a layer that shares another's has the same core. `make` builds it from the tensors of
    the checkpoint, by name."""

    shares_with = ()  # names of other types whose core it can use

    def __init__(self, node, input_shapes, tensors, owner, dtype):
        super().__init__()
        self.options, self.shape, self.node, self.stored = node['options'], node['shape'], node, dtype
        self.input_shapes = input_shapes
        self.frozen = bool(node['tensors']) and not any(tensor['trained'] for tensor in node['tensors'])
        if owner is not None and owner.node['type'] not in (node['type'],) + self.shares_with:
            raise Unknown(f"layer {node['name']} ({node['type']}) shares the weights of {owner.node['name']} "
                          f"({owner.node['type']}): to_pytorch.py does not know how")
        self.core = owner.core if owner is not None else self.make(tensors) if tensors else None
        if owner is None and self.frozen:
            self.core.requires_grad_(False)

    def train(self, mode=True):
        super().train(mode)
        if self.frozen:
            self.core.eval()  # a frozen batch_norm keeps its statistics
        return self

    def table(self):
        """The weight as the checkpoint has it: rows x columns."""
        return self.core.weight.T if isinstance(self.core, nn.Linear) else self.core.weight

    def activated(self, x):
        return activate(self.options['activation'], x)


class Dense(Layer):
    shares_with = ('embedding', 'positional_encoding')

    def make(self, tensors):
        return linear(tensors['weight'], tensors.get('bias'))

    def forward(self, inputs, lengths):
        x = inputs[0] if self.options['per_step'] else rows(inputs[0])
        return self.activated(functional.linear(x, self.core.weight, getattr(self.core, 'bias', None)))


class Activation(Layer):
    def forward(self, inputs, lengths):
        if self.options['function'] == 'leaky_relu':
            return functional.leaky_relu(inputs[0], self.options['slope'])
        return activate(self.options['function'], inputs[0])


class PReLU(Layer):
    def make(self, tensors):
        core = nn.PReLU(len(tensors['slope']), device='meta')
        core.weight = parameter(tensors['slope'])
        return core

    def forward(self, inputs, lengths):
        return torch.where(inputs[0] < 0, self.core.weight * inputs[0], inputs[0])


class Dropout(Layer):
    def forward(self, inputs, lengths):
        return functional.dropout(inputs[0], self.options['rate'], self.training)


class Reshape(Layer):
    """Also flatten: the shape of the output is known."""

    def forward(self, inputs, lengths):
        return inputs[0].reshape(len(inputs[0]), *self.shape)


class Add(Layer):
    def forward(self, inputs, lengths):
        return sum(inputs[1:], start=inputs[0])


class Multiply(Layer):
    def forward(self, inputs, lengths):
        return math.prod(inputs[1:], start=inputs[0])


class Concat(Layer):
    def forward(self, inputs, lengths):
        axis = self.options['axis']
        return torch.cat(inputs, dim=axis if axis < 0 else axis + 1)


class Permute(Layer):
    def forward(self, inputs, lengths):
        return inputs[0].permute(0, *(axis + 1 for axis in self.options['axes']))


class Slice(Layer):
    def forward(self, inputs, lengths):
        axis = self.options['axis']
        axis = axis + inputs[0].dim() if axis < 0 else axis + 1
        places = range(inputs[0].shape[axis])
        if self.options['places']:
            places = [places[int(place)] for place in self.options['places']]
        else:
            places = places[self.options['begin']:self.options['end'] or None]
        return inputs[0].index_select(axis, torch.tensor(list(places), device=inputs[0].device))


def is_traced():
    """Whether the values of tensors are not known, or must not decide what is computed."""
    compiler = getattr(torch, 'compiler', None)
    return torch.jit.is_tracing() or bool(compiler and getattr(compiler, 'is_compiling', lambda: False)())


class Embedding(Layer):
    shares_with = ('dense', 'positional_encoding')

    def make(self, tensors):
        return nn.Embedding(*tensors['weight'].shape, _weight=parameter(tensors['weight']))

    def forward(self, inputs, lengths):
        return functional.embedding(inputs[0].long(), self.table())


class OneHot(Layer):
    def forward(self, inputs, lengths):
        x, pieces = inputs[0] if inputs[0].dim() > 1 else inputs[0][:, None], []
        for place, count in enumerate(int(text) for text in self.options['categories']):
            column = x[..., place:place + 1]
            if count == 0:
                pieces.append(column)
            elif count > 0:
                units = torch.arange(count, device=x.device)
                valid = (column >= -1) & (column < count) & (column == column.trunc())
                pieces.append(torch.where(valid, (column == units).to(x.dtype), math.nan))
        return torch.cat(pieces, dim=-1)


class FillMissing(Layer):
    def forward(self, inputs, lengths):
        x = inputs[0] if inputs[0].dim() > 1 else inputs[0][:, None]
        values = torch.tensor([float(text) for text in self.options['values']], dtype=torch.float64).to(x)
        filled = torch.where(x.isnan(), values, x)
        return torch.cat([filled, x.isnan().to(x.dtype)], dim=-1) if self.options['indicator'] else filled


class PositionalEncoding(Layer):
    shares_with = ('dense', 'embedding')

    def __init__(self, *arguments):
        super().__init__(*arguments)
        if self.options['kind'] == 'sinusoidal':
            steps, features = self.shape
            pair = torch.arange(features, dtype=torch.float64) // 2 * 2
            angle = torch.arange(steps)[:, None] * torch.exp(-math.log(10000) * pair / features)
            even = torch.arange(features) % 2 == 0
            waves = torch.where(even, angle.sin(), angle.cos()).to(self.stored)
            self.register_buffer('waves', waves, persistent=False)

    def make(self, tensors):
        return nn.Embedding(*tensors['weight'].shape, _weight=parameter(tensors['weight']))

    def forward(self, inputs, lengths):
        return inputs[0] + (self.waves if self.core is None else self.table())


# ---- convolutions and pools ----

class Windows(Layer):
    def __init__(self, node, *arguments):
        for name, extents in node['windows'].items():
            setattr(self, name, extents)  # kernel, stride, dilation, before, after: by dimension
        self.dimensions = len(self.kernel)
        super().__init__(node, *arguments)

    def function(self, name):
        return getattr(functional, f'{name}{self.dimensions}d')

    @staticmethod
    def pad(x, before, after, value=0.0):
        """Positions before and after each spatial dimension of samples x channels x ...; negative ones are cut off."""
        pairs = [n for pair in zip(reversed(before), reversed(after)) for n in pair]
        return functional.pad(x, pairs, value=value) if any(pairs) else x


class Convolution(Windows):
    transposed = False

    def make(self, tensors):
        weight, bias, d = tensors['weight'], tensors.get('bias'), self.dimensions
        kind = getattr(nn, f"Conv{'Transpose' if self.transposed else ''}{d}d")
        channels = self.input_shapes[0][-1]
        groups = 1 if self.transposed else channels // weight.shape[d]
        core = kind(channels, self.shape[-1], self.kernel, groups=groups, bias=bias is not None, device='meta')
        core.weight = parameter(weight.permute(d + 1, d, *range(d)))
        if bias is not None:
            core.bias = parameter(bias)
        return core

    def forward(self, inputs, lengths):
        x, core, padding = inputs[0].movedim(-1, 1), self.core, self.before
        if self.before != self.after:
            x, padding = self.pad(x, self.before, self.after), 0
        y = self.function('conv')(x, core.weight, core.bias, self.stride, padding, self.dilation, core.groups)
        return self.activated(y.movedim(1, -1))


class TransposedConvolution(Convolution):
    transposed = True

    def forward(self, inputs, lengths):
        x = inputs[0].movedim(-1, 1)
        y = self.function('conv_transpose')(x, self.core.weight, None, self.stride, dilation=self.dilation)
        after = [self.shape[d] + self.before[d] - y.shape[2 + d] for d in range(self.dimensions)]
        y = self.pad(y, [-n for n in self.before], after).movedim(1, -1)
        return self.activated(y if self.core.bias is None else y + self.core.bias)


class MaxPool(Windows):
    def forward(self, inputs, lengths):
        x = inputs[0]
        if lengths[0] is not None:
            x = x.masked_fill(~step_mask(x, lengths[0]), -math.inf)
        x = self.pad(x.movedim(-1, 1), self.before, self.after, -math.inf)
        return self.function('max_pool')(x, self.kernel, self.stride).movedim(1, -1)


class AveragePool(Windows):
    """The sum over a window divided by its number of values; padding and steps past the end do not count."""

    def forward(self, inputs, lengths):
        x = inputs[0]
        counted = torch.ones_like(x[..., :1])
        if lengths[0] is not None:
            counted = counted * step_mask(x, lengths[0])
        total, count = (self.function('avg_pool')(self.pad(values.movedim(-1, 1), self.before, self.after),
                                                  self.kernel, self.stride) for values in (x, counted))
        return (total / count).movedim(1, -1)


class GlobalMaxPool(Layer):
    def forward(self, inputs, lengths):
        x = inputs[0]
        if lengths[0] is not None:
            x = x.masked_fill(~step_mask(x, lengths[0]), -math.inf)
        y = x.flatten(1, -2).amax(1)
        return y if lengths[0] is None else y.masked_fill(lengths[0][:, None] == 0, 0)


class GlobalAveragePool(Layer):
    def forward(self, inputs, lengths):
        x = inputs[0]
        if lengths[0] is None:
            return x.flatten(1, -2).mean(1)
        count = lengths[0].clamp(min=1) * math.prod(x.shape[2:-1])
        return x.flatten(1, -2).sum(1) / count[:, None]


class Upsample(Layer):
    def forward(self, inputs, lengths):
        x, factors = inputs[0], self.options['factor']
        for axis in range(1, x.dim() - 1):
            x = x.repeat_interleave(factors[0 if len(factors) == 1 else axis - 1], dim=axis)
        return x


# ---- normalisations ----

class BatchNorm(Layer):
    """Statistics over the batch of a process, unless convert_sync_batchnorm has been applied. PyTorch's running
    variance divides by n - 1, that of nntrain by n."""

    def __init__(self, node, *arguments):
        super().__init__(node, *arguments)
        if self.core.eps != self.options['epsilon'] or self.core.momentum != 1 - self.options['running_decay']:
            raise Unknown(f"layer {node['name']} shares a batch_norm with other options: to_pytorch.py cannot "
                          "translate it")

    def make(self, tensors):
        core = nn.BatchNorm1d(len(tensors['running_mean']), self.options['epsilon'],
                              1 - self.options['running_decay'], affine=False, dtype=self.stored)
        core.running_mean.copy_(tensors['running_mean'])
        core.running_var.copy_(tensors['running_variance'])
        return affine(core, tensors.get('scale'), tensors.get('shift'))

    def normalise(self, x):
        return self.core(x.reshape(-1, x.shape[-1] if x.dim() > 1 else 1)).reshape(x.shape)

    def forward(self, inputs, lengths):
        x = inputs[0]
        if self.core.training and lengths[0] is not None and x.dim() > 2:
            real = step_mask(x, lengths[0]).flatten(1)
            y = torch.zeros_like(x)
            y[real] = self.normalise(x[real])
        else:
            y = self.normalise(x)
        return self.activated(sum(inputs[1:], start=y))


class LayerNorm(Layer):
    shares_with = ('group_norm',)

    def make(self, tensors):
        core = nn.LayerNorm(self.shape[-1], self.options['epsilon'], elementwise_affine=False)
        return affine(core, tensors.get('scale'), tensors.get('shift'))

    def forward(self, inputs, lengths):
        return functional.layer_norm(inputs[0], inputs[0].shape[-1:], *scale_and_shift(self.core), self.options['epsilon'])


class GroupNorm(Layer):
    shares_with = ('layer_norm',)

    def make(self, tensors):
        core = nn.GroupNorm(self.options['groups'], self.shape[-1], self.options['epsilon'], affine=False)
        return affine(core, tensors.get('scale'), tensors.get('shift'))

    def normalise(self, x):
        y = functional.group_norm(x.movedim(-1, 1), self.options['groups'], *scale_and_shift(self.core),
                                  self.options['epsilon'])
        return y.movedim(1, -1)

    def forward(self, inputs, lengths):
        x = inputs[0]
        if lengths[0] is None or x.dim() < 3:
            return self.normalise(x)
        y = torch.zeros_like(x)
        for sample, length in enumerate(lengths[0].tolist()):
            if length > 0:
                y[sample, :length] = self.normalise(x[sample:sample + 1, :length])[0]
        return y


# ---- recurrent layers and attention ----

class Recurrent(Layer):
    """Starts with zeros in every call, also with the option carry. PyTorch has two biases where nntrain has one: the
    second is 0 and, except in a GRU, is not trained."""

    def make(self, tensors):
        features, columns = tensors['input_weight'].shape
        kind, more = {'rnn': (nn.RNN, {'nonlinearity': self.options.get('activation')}), 'lstm': (nn.LSTM, {}),
                      'gru': (nn.GRU, {})}[self.node['type']]
        core = kind(features, self.options['units'], batch_first=True, bidirectional=self.options['bidirectional'],
                    dtype=self.stored, **more)
        for direction in ['', '_reverse'][:1 + self.options['bidirectional']]:
            second = torch.zeros(columns, dtype=self.stored)
            if 'recurrent_bias' + direction in tensors:
                second[-self.options['units']:] = tensors['recurrent_bias' + direction]
            setattr(core, 'weight_ih_l0' + direction, parameter(tensors['input_weight' + direction].T))
            setattr(core, 'weight_hh_l0' + direction, parameter(tensors['recurrent_weight' + direction].T))
            setattr(core, 'bias_ih_l0' + direction, parameter(tensors['bias' + direction]))
            setattr(core, 'bias_hh_l0' + direction, parameter(second))
            getattr(core, 'bias_hh_l0' + direction).requires_grad_(self.node['type'] == 'gru')
        return core

    def forward(self, inputs, lengths):
        x = inputs[0].flatten(2)
        if self.node['type'] == 'rnn' and self.core.nonlinearity != self.options['activation']:
            raise Unknown(f"layer {self.node['name']} shares an rnn with another activation: to_pytorch.py cannot "
                          "translate it")
        if lengths[0] is not None:
            steps = lengths[0].clamp(min=1).cpu()
            x = nn.utils.rnn.pack_padded_sequence(x, steps, batch_first=True, enforce_sorted=False)
        y, state = self.core(x)
        if self.options['output'] == 'sequence':
            if lengths[0] is not None:
                y, _ = nn.utils.rnn.pad_packed_sequence(y, batch_first=True, total_length=inputs[0].shape[1])
            return y
        state = state[0] if self.node['type'] == 'lstm' else state
        y = torch.cat(list(state), dim=-1)
        return y if lengths[0] is None else y.masked_fill(lengths[0][:, None] == 0, 0)


def attention(query, key, value, mask, rate):
    if hasattr(functional, 'scaled_dot_product_attention'):
        return functional.scaled_dot_product_attention(query, key, value, attn_mask=mask, dropout_p=rate)
    scores = query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1])  # before PyTorch 2
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return functional.dropout(scores.softmax(dim=-1), rate) @ value


class MultiHeadAttention(Layer):
    def make(self, tensors):
        names = [name[:-len('_weight')] for name in tensors if name.endswith('_weight')]
        return nn.ModuleDict({name: linear(tensors[name + '_weight'], tensors.get(name + '_bias')) for name in names})

    def forward(self, inputs, lengths):
        if len(inputs) == 1:
            query, key, value = self.core['query_key_value'](inputs[0]).chunk(3, dim=-1)
        else:
            query = self.core['query'](inputs[0])
            key, value = self.core['key_value'](inputs[1]).chunk(2, dim=-1)
        query, key, value = (x.unflatten(-1, (self.options['heads'], -1)).transpose(1, 2) for x in (query, key, value))
        mask = None
        if self.options['causal']:
            mask = torch.ones(query.shape[2], key.shape[2], dtype=torch.bool, device=query.device).tril()
        if lengths[-1] is not None:
            # A sample without keys attends to the first, and its result is cleared.
            real = step_mask(inputs[-1], lengths[-1].clamp(min=1)).reshape(len(query), 1, 1, -1)
            mask = real if mask is None else real & mask
        rate = self.options['dropout'] if self.training else 0.0
        y = attention(query, key, value, mask, rate)
        if lengths[-1] is not None:
            y = y.masked_fill(lengths[-1].reshape(-1, 1, 1, 1) == 0, 0)
        return self.core['output'](y.transpose(1, 2).flatten(2))


class FeedForward(Layer):
    def make(self, tensors):
        return nn.ModuleDict({name: linear(tensors[name + '_weight'], tensors.get(name + '_bias'))
                              for name in ('hidden', 'output')})

    def forward(self, inputs, lengths):
        return self.core['output'](self.activated(self.core['hidden'](inputs[0])))


LAYERS = {
    'dense': Dense, 'activation': Activation, 'prelu': PReLU, 'dropout': Dropout, 'flatten': Reshape, 'add': Add,
    'multiply': Multiply, 'concat': Concat, 'reshape': Reshape, 'permute': Permute, 'slice': Slice,
    'batch_norm': BatchNorm, 'rnn': Recurrent, 'lstm': Recurrent, 'gru': Recurrent, 'embedding': Embedding,
    'one_hot': OneHot, 'fill_missing': FillMissing,
    'positional_encoding': PositionalEncoding, 'conv1d': Convolution, 'conv2d': Convolution, 'conv3d': Convolution,
    'conv2d_transpose': TransposedConvolution, 'upsample': Upsample, 'max_pool': MaxPool, 'average_pool': AveragePool,
    'global_max_pool': GlobalMaxPool, 'global_average_pool': GlobalAveragePool, 'layer_norm': LayerNorm,
    'group_norm': GroupNorm, 'multi_head_attention': MultiHeadAttention, 'feed_forward': FeedForward,
}


# ---- the network ----

class Network(nn.Module):
    """A network of nntrain. `graph` describes it; `layers` has its layers by name.

    forward(x): samples x graph['input']['shape']; with several inputs one tensor for each part, in order, or a dict of
    them by name. Values are in their own units. Returns the predictions, or a dict of them by target's name if there
    are several outputs: probabilities, or values in their own units.

        logits=True     the outputs of the layers: for cross_entropy, or normalised values as the loss of nntrain sees
                        them
        lengths=...     for sequences of different length: the number of steps of each sample; default: all
    """

    def __init__(self, graph, tensors, dtype):
        super().__init__()
        if graph.get('format') != 'nntrain graph' or graph.get('version') != VERSION:
            raise Unknown(f"the graph is {graph.get('format')!r}, version {graph.get('version')!r}; this to_pytorch.py "
                          f"reads version {VERSION}: use the one that came with the nntrain that wrote the checkpoint")
        self.graph, self.stored = graph, dtype
        self.parts = {part['name']: part for part in graph['input']['parts']}
        self.layers = nn.ModuleDict()
        self.places = {}  # of layers in `layers`, whose names must not be those of its methods
        shapes = {}
        for node in graph['layers']:
            shapes[node['name']] = node['shape']
            if node['type'] in ('input', 'part'):
                continue
            if node['type'] not in LAYERS:
                raise Unknown(f"layer {node['name']}: the type '{node['type']}' is not known to this version of "
                              "to_pytorch.py")
            owner = self.layers[self.places[node['shares']]] if 'shares' in node else None
            own = {tensor['name']: tensors(tensor).to(dtype) for tensor in node['tensors']} if owner is None else {}
            place = node['name'].replace('.', '_')
            while place in self.layers or hasattr(self.layers, place):
                place += '_'
            self.places[node['name']] = place
            read = [shapes[name] for name in node['inputs']]
            self.layers[place] = LAYERS[node['type']](node, read, own, owner, dtype)

    @property
    def dtype(self):
        return next((parameter.dtype for parameter in self.parameters()), self.stored)

    @staticmethod
    def scaling(field, x):
        return (torch.tensor(field[name], dtype=torch.float64, device=x.device) for name in ('scale', 'offset'))

    def join(self, inputs):
        """Samples x values, with all parts."""
        if len(inputs) == 1 and isinstance(inputs[0], dict):
            inputs = [inputs[0][name] for name in self.parts]
        inputs = [torch.as_tensor(x) for x in inputs]
        fields = list(self.parts.values()) if len(self.parts) > 1 and len(inputs) > 1 else [self.graph['input']]
        if len(inputs) != len(fields):
            raise ValueError(f"{len(inputs)} inputs were given, but there are {len(fields)}: "
                             + ', '.join(field['name'] for field in fields))
        for field, x in zip(fields, inputs):
            if x[:1].numel() != math.prod(field['shape']) * len(x[:1]):
                raise ValueError(f"{field['name']}: samples of shape {list(x.shape[1:])} were given, but the network "
                                 f"takes {field['shape']}")
        return torch.cat([rows(x) for x in inputs], dim=1)

    def check_indices(self, x, lengths):
        """Raises ValueError where an input that a table is indexed by is not a whole number. x: all parts; lengths: of
        the samples, or None."""
        for field in self.parts.values() if self.parts else [self.graph['input']]:
            if field['kind'] != 'index':
                continue
            begin = field.get('begin', 0)
            own = x[:, begin:begin + math.prod(field['shape'])].reshape(len(x), *field['shape'])
            wrong = (own != own.long()) | (own < 0) | (own >= field.get('classes', math.inf))
            if lengths is not None and wrong.dim() > 1:
                wrong &= step_mask(own, lengths)
            if wrong.any():
                place = wrong.nonzero()[0].tolist()
                raise ValueError(f"{field['name']}: sample {place[0]} has {own[tuple(place)].item():g}, which is not a whole "
                                 f"number from 0 to {field.get('classes', math.inf) - 1}")

    def normalise(self, x):
        if 'scale' not in self.graph['input']:
            return x.to(self.dtype)
        scale, offset = self.scaling(self.graph['input'], x)
        return (x.double().unflatten(1, (-1, len(scale))) * scale + offset).flatten(1).to(self.dtype)

    def predictions(self, output, y, x):
        """From what a layer computes to what it means; x: the inputs as given."""
        if output['prediction'] == 'softmax':
            return rows(y).unflatten(1, (-1, output['classes'])).softmax(-1).reshape(y.shape)
        if output['prediction'] == 'sigmoid':
            return y.sigmoid()
        if output['prediction'] is not None:
            raise Unknown(f"output {output['name']}: the function '{output['prediction']}' is not known to this "
                          "version of to_pytorch.py")
        units = rows(y.double())
        if 'scale' in output:
            scale, offset = self.scaling(output, y)
            units = ((units.unflatten(1, (-1, len(scale))) - offset) / scale).flatten(1)
        if output['transform'] == 'log':
            units = units.exp()
        if output['transform'] == 'difference':
            seen = torch.tensor(output['difference_to'], device=x.device)
            units = units + torch.where(seen >= 0, x.double()[:, seen.clamp(min=0)], 0.0)
        return units.reshape(y.shape).to(y.dtype)

    @staticmethod
    def output_lengths(node, inputs):
        """The steps of each sample after a layer; None: all."""
        if 'steps' not in node or not inputs or inputs[0] is None:
            return None
        steps = node['steps']
        room = inputs[0] + steps['padding'] - steps['kernel']
        found = torch.div(room, steps['stride'], rounding_mode='floor') + 1
        return torch.where(room < 0, 0, found).clamp(max=node['shape'][0])

    def compute(self, node, values, lengths):
        inputs = [values[name] for name in node['inputs']]
        if node['type'] == 'part':
            part = self.parts[node['name']]
            own = rows(inputs[0])[:, part['begin']:part['begin'] + math.prod(part['shape'])]
            return own.reshape(len(own), *part['shape'])
        return self.layers[self.places[node['name']]](inputs, [lengths[name] for name in node['inputs']])

    def forward(self, *inputs, lengths=None, logits=False):
        if lengths is not None and not self.graph['input']['lengths']:
            raise ValueError('lengths were given, but the network was trained without')
        x = self.join(inputs)
        first = self.graph['layers'][0]
        lengths = None if lengths is None else torch.as_tensor(lengths, device=x.device).long()
        if not is_traced():
            self.check_indices(x, lengths)
        values = {first['name']: self.normalise(x).reshape(len(x), *first['shape'])}
        steps = {first['name']: lengths}
        for node in self.graph['layers']:
            name = node['name']
            if node is not first:
                values[name] = self.compute(node, values, steps)
                steps[name] = self.output_lengths(node, [steps[source] for source in node['inputs']])
            if steps[name] is not None:
                values[name] = values[name].masked_fill(~step_mask(values[name], steps[name]), 0)
        results = {}
        for output in self.graph['outputs']:
            y = values[output['layer']]
            results[output['name']] = y if logits else self.predictions(output, y, x)
        return results if len(results) > 1 else results[self.graph['outputs'][0]['name']]


# ---- checksums ----

SEAL = struct.Struct('<8sQQ')  # after the HDF5 data: magic, length, XXH64 of everything before it


def find_hash():
    """XXH64 of a buffer; None: there is no library for it."""
    try:
        import xxhash
        return lambda buffer: xxhash.xxh64_intdigest(buffer)
    except ImportError:
        name = ctypes.util.find_library('xxhash')
    try:
        function = ctypes.CDLL(name).XXH64 if name else None
    except (OSError, AttributeError):
        function = None
    if function is None:
        return None
    function.restype = ctypes.c_uint64
    function.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_uint64]

    def xxh64(buffer):
        address = numpy.frombuffer(buffer, numpy.uint8).ctypes.data
        return function(address, len(buffer), 0)
    return xxh64


def verify(path):
    """The seal of a file, a number. Raises Damaged if the file is cut short or its checksum is wrong; warns if there is
    nothing to compute it with."""
    size = os.path.getsize(path)
    with open(path, 'rb') as file:
        file.seek(max(0, size - SEAL.size))
        end = file.read()
        magic, length, seal = SEAL.unpack(end) if len(end) == SEAL.size else (b'', 0, 0)
        if magic != b'nnseal01':
            raise Damaged(f'{path} is not a checkpoint of nntrain, or is cut short: its seal is missing; give a run directory '
                          'or another checkpoint')
        xxh64 = find_hash()
        if xxh64 is None:
            warnings.warn(f'to_pytorch.py: the checksum of {path} was not verified: install xxhash, or run nntrain verify')
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            view = memoryview(content)[:size - 8]
            right = length == size - SEAL.size and (xxh64 is None or xxh64(view) == seal)
            view.release()
    if not right:
        raise Damaged(f'{path} is damaged: wrong checksum; use another checkpoint')
    return seal


def verify_shards(file, path):
    """Also the files that the tensors of a checkpoint are in."""
    if 'shards' not in file:
        return
    known = {int(row[3]) % 2**64 for row in file['shards/files'][()]}
    found = set()

    def visit(group):
        for name in group:
            link = group.get(name, getlink=True)
            if isinstance(link, h5py.ExternalLink):
                found.add(os.path.join(os.path.dirname(path), link.filename))
            elif group.get(name, getclass=True) is h5py.Group:
                visit(group[name])
    for name in ('weights', 'average'):
        if name in file:
            visit(file[name])
    for shard in sorted(found):
        if not os.path.exists(shard):
            raise Damaged(f'{shard} is missing: {path} has its weights there')
        if verify(shard) not in known:
            raise Damaged(f'{shard} belongs to another checkpoint than {path}')


# ---- files ----

def find(path):
    """The checkpoint of a run directory: that of the best weights, otherwise the newest."""
    if not os.path.exists(path):
        raise FileNotFoundError(f'{path} does not exist; give a run directory or a checkpoint of nntrain')
    if not os.path.isdir(path):
        return path
    best = os.path.join(path, 'best.h5')
    found = [best] if os.path.exists(best) else sorted(
        name for name in glob.glob(os.path.join(path, 'checkpoints', 'step-*.h5')) if '.shard-' not in name)
    if not found:
        raise FileNotFoundError(f'{path} has no checkpoint; is it a run directory of nntrain?')
    return found[-1]


def read_tensor(weights, tensor):
    """A tensor that is cut between shards is a group: part-1, part-2, ..."""
    node = weights[tensor['dataset']]
    if isinstance(node, h5py.Group):
        names = sorted(node, key=lambda name: int(name.split('-')[1]))
        values = numpy.concatenate([node[name][()].ravel() for name in names])
    else:
        values = node[()]
    return torch.from_numpy(values).reshape(tensor['shape'])


def load_checkpoint(path, dtype):
    verify(path)
    with h5py.File(path) as file:
        verify_shards(file, path)
        if 'graph' not in file:
            raise Unknown(f'{path} has no graph: it is not a checkpoint, or an older nntrain wrote it; resume the run '
                          'for an epoch, or predict with nntrain')
        text = file['graph'][()]
        graph = json.loads(text if isinstance(text, (str, bytes)) else text.tobytes())
        weights = file['average' if 'average' in file else 'weights']
        stored = torch.float64 if graph['precision'] == 'float64' else torch.float32
        return Network(graph, lambda tensor: read_tensor(weights, tensor), dtype or stored)


def load_saved(path, dtype):
    try:
        saved = torch.load(path, map_location='cpu', weights_only=True)
    except Exception as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise Damaged(f'{path} was not written by to_pytorch.py, or is damaged: {reason}') from error
    if not isinstance(saved, dict) or 'graph' not in saved:
        raise Unknown(f'{path} was not written by to_pytorch.py')
    stored = torch.float64 if saved['precision'] == 'float64' else torch.float32
    network = Network(json.loads(saved['graph']), lambda tensor: torch.zeros(tensor['shape']), dtype or stored)
    network.load_state_dict(saved['state'])
    return network


def save(network, path):
    precision = 'float64' if network.dtype == torch.float64 else 'float32'
    torch.save({'graph': json.dumps(network.graph), 'precision': precision, 'state': network.state_dict()}, path)


def load(path, dtype=None):
    """The network of a run directory (best weights), a checkpoint or a file written by `save`, in evaluation mode.
    If the run kept averaged weights, these. dtype: that of the weights by default. With `precision: mixed`, nntrain
    rounds the factors of products to bfloat16, and PyTorch does not: predictions differ by that."""
    path = find(os.fspath(path))
    with open(path, 'rb') as file:
        is_saved = file.read(2) == b'PK'
    return (load_saved if is_saved else load_checkpoint)(path, dtype).eval()


def main():
    parser = argparse.ArgumentParser(
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description='Translates a network that nntrain has trained to PyTorch.',
        epilog="MODEL.pt has a dict: `graph` (JSON: nntrain help checkpoint-format), `precision` and `state`, the\n"
               "module's state_dict. In Python, with this file in the path:\n\n"
               "  model = to_pytorch.load('model.pt')     # a torch.nn.Module, in evaluation mode\n"
               '  model(x)                                # predictions; logits=True: for a loss of PyTorch\n')
    parser.add_argument('run', metavar='RUN_DIR|CHECKPOINT', help='of a run directory: the best weights')
    parser.add_argument('model', metavar='MODEL.pt', help='the file to write')
    arguments = parser.parse_args()
    warnings.showwarning = lambda message, *others: print(message, file=sys.stderr)
    try:
        network = load(arguments.run)
    except (OSError, ValueError) as error:
        parser.exit(1, f'to_pytorch.py: {error}\n')
    try:
        save(network, arguments.model)
    except (OSError, RuntimeError) as error:
        parser.exit(1, f'to_pytorch.py: cannot write {arguments.model}: {error}\n')
    count = sum(parameter.numel() for parameter in network.parameters())
    print(f'wrote {arguments.model}: {len(network.layers)} layers, {count} parameters')


if __name__ == '__main__':
    main()
