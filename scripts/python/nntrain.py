"""Predicts with what nntrain has trained, with the same bits as `nntrain predict`:

    import nntrain
    with nntrain.load('runs/x') as network:     # or a checkpoint, or a file of `nntrain export RUN model.nn`
        y = network.predict(x)                  # x: samples x shape of a sample, or samples x values
        dx = network.vjp(x, dy)                 # derivatives with respect to x: J^T dy, and J dx
        y, dy = network.jvp(x, dx)
    nntrain.metrics('runs/x')                   # metrics.jsonl: a list of dicts, one per epoch
    nntrain.metrics('runs/x', 'step')           # its lines by step (logging.every), or of each 'validation'
    nntrain.predictions('predictions.csv')      # what `nntrain predict -o` has written: arrays by column

Needs numpy and libnntrain_infer.so.0: that of NNTRAIN_LIBRARY (a path), of the installation that this file is part of,
or of the system. Networks may be used by several threads; calls on one of them take turns.
"""
import csv
import ctypes
import json
import math
import os
import re
import sysconfig
import threading

import numpy

LIBRARY = 'libnntrain_infer.so.0'
PIECE_BYTES = 1 << 26  # of the inputs that are converted at a time
PACKING = ('scale_factor', 'add_offset', '_Unsigned', '_FillValue', 'missing_value')  # attributes of stored values


class Error(RuntimeError):
    """A failure that the library reports; status: its nn_status (nntrain.h)."""

    def __init__(self, status, text):
        super().__init__(text)
        self.status = status


# ---- the library ----

def candidates():
    """Paths of the library, in the order in which they are tried."""
    given = os.environ.get('NNTRAIN_LIBRARY')
    if given:
        return [given]
    prefix = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
    folders = ['lib', 'lib64', os.path.join('lib', sysconfig.get_config_var('MULTIARCH') or '')]
    paths = [os.path.join(prefix, folder, LIBRARY) for folder in folders]
    return [path for path in paths if os.path.exists(path)] + [LIBRARY]


DOUBLE = numpy.dtype('float64')


def pointers(arrays):
    arrays = list(arrays)
    return (ctypes.c_void_p * len(arrays))(*[array.ctypes.data for array in arrays])


class Arrays(ctypes.Structure):
    """nn_predictor_arrays."""
    _fields_ = [('samples', ctypes.c_size_t), ('type', ctypes.c_int), ('inputs', ctypes.POINTER(ctypes.c_void_p)),
                ('outputs', ctypes.POINTER(ctypes.c_void_p)), ('lengths', ctypes.c_void_p)]


def declare(library):
    """Sets the types of the functions, as nntrain.h has them."""
    count, text, handle = ctypes.c_size_t, ctypes.c_char_p, ctypes.c_void_p
    functions = {
        'nn_error_text': (text, []),
        'nn_version': (text, []),
        'nn_predictor_close': (None, [handle]),
        'nn_predictor_steps': (count, [handle]),
        'nn_predictor_fingerprint': (ctypes.c_uint64, [handle]),
        'nn_predictor_graph': (text, [handle]),
        'nn_predictor_run_arrays': (ctypes.c_int, [handle, ctypes.POINTER(Arrays)]),
        'nn_predictor_vjp_arrays': (ctypes.c_int, [handle, ctypes.POINTER(Arrays)] + [ctypes.POINTER(handle)] * 2),
        'nn_predictor_jvp_arrays': (ctypes.c_int, [handle, ctypes.POINTER(Arrays)] + [ctypes.POINTER(handle)] * 2),
    }
    for name, (result, arguments) in functions.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    # h5py may have loaded the same HDF5, which allows one call at a time. PYFUNCTYPE holds Python's lock, as h5py does.
    library.open = ctypes.PYFUNCTYPE(ctypes.c_int, text, ctypes.POINTER(handle))(('nn_predictor_open', library))


def find_library():
    if find_library.loaded is None:
        reasons = []
        for path in candidates():
            try:
                library = ctypes.CDLL(path)
                declare(library)
                find_library.loaded = library
                return library
            except (OSError, AttributeError) as error:
                reasons.append(str(error))
        raise ImportError(f"{LIBRARY} cannot be loaded: {'; '.join(reasons)}. Install nntrain (cmake --install), or set "
                          'NNTRAIN_LIBRARY to the path of the library')
    return find_library.loaded


find_library.loaded = None


def version():
    """Of the library, such as '0.1.0'."""
    return find_library().nn_version().decode()


# ---- inputs ----

def as_samples(name, values, shape):
    """An array or what can be sliced like one, whose rows are samples of this shape."""
    expect_values(name, values)
    if not isinstance(getattr(values, 'dtype', None), numpy.dtype):
        values = numpy.asarray(values)
    if values.dtype.kind not in 'buif':
        raise TypeError(f'{name}: values of type {values.dtype} cannot be converted to floating-point numbers')
    wanted = f"samples x {' x '.join(map(str, shape))}" if shape else 'samples'
    proper = [extent for extent in values.shape[1:] if extent != 1] in (
        [extent for extent in shape if extent != 1], [math.prod(shape)] if math.prod(shape) != 1 else [])
    if len(values.shape) == 0 or not proper:
        flat = f' or samples x {math.prod(shape)}' if len(shape) != 1 else ''
        one = '; of a single sample, pass x[None]' if values.shape == shape else ''
        raise ValueError(f"{name}: the shape is {' x '.join(map(str, values.shape)) or 'that of a number'}; the network "
                         f'takes {wanted}{flat}{one}')
    return values


def expect_values(name, values):
    """Not what only looks like them: masked, or packed in the file."""
    if numpy.ma.is_masked(values):
        raise ValueError(f'{name}: values are masked; leave their samples out, or fill them in as in training')
    attributes = getattr(values, 'attrs', None)
    for key in PACKING if hasattr(attributes, 'get') else ():
        value = attributes.get(key)
        if value is not None and not is_nan(value):
            raise ValueError(f'{name}: the dataset has the attribute {key}, which is not applied here; unpack its values '
                             'first and pass the array, or pass dataset[()] if they are meant as they are stored')


def is_nan(value):
    value = numpy.asarray(value)
    return value.dtype.kind == 'f' and numpy.isnan(value).all()


def as_floats(name, values, first, dtype, limit, misses=False):
    """Samples x values; first: the number of the first sample, for messages; limit: the type that has all of them;
    misses: NaN is a missing value."""
    with numpy.errstate(over='ignore'):
        floats = values.astype(dtype)
        usable = numpy.isfinite(floats if dtype == limit else floats.astype(limit))
        if misses:
            usable |= numpy.isnan(floats)
    expect(usable, name, first,
           f'contains NaN, Inf or a number beyond {limit}; leave it out, or fill it in as in training')
    return floats


def as_lengths(lengths, samples, steps):
    """One int64 per sample, from 1 to steps."""
    if steps == 0:
        raise ValueError('lengths: the network was trained on samples of one length')
    lengths = numpy.asarray(lengths)
    if lengths.shape != (samples,) or lengths.dtype.kind not in 'ui':
        raise ValueError(f'lengths: pass {samples} integers, one per sample')
    expect((lengths >= 1).reshape(-1, 1) & (lengths <= steps).reshape(-1, 1), 'lengths', 0,
           f'has a length that is not from 1 to {steps}')
    return lengths.astype(numpy.int64)


def expect_indices(part, values, first, dtype):
    """Also that the type has each of these numbers."""
    with numpy.errstate(over='ignore', invalid='ignore'):
        usable = (values >= 0) & (values < part['classes']) & (values == values.astype(dtype).astype(numpy.int64))
    expect(usable, part['name'], first, f"contains a number that is not an index of {part['classes']} symbols")


def expect(usable, name, first, reason):
    if not usable.all():
        raise ValueError(f'{name}: sample {first + int(numpy.argmin(usable.all(axis=1)))} {reason}')


def is_exact(field):
    """Whether float32 has all numbers of an input of Network._inputs."""
    _, parts, values = field
    return numpy.can_cast(values.dtype, numpy.float32) or all(part['kind'] == 'index' for part in parts)


# ---- networks ----

class Network:
    """A trained network with the normalisation of its data; made by load().

    inputs, outputs   dicts from names to the shapes of a sample
    classes           names of the output's classes, or their number as texts if they have none; None: it predicts
                      values. With several outputs: a dict of these by name
    fingerprint       of the weights, as the run prints it
    graph             what `nntrain info --graph` prints (nntrain help checkpoint-format)
    """

    def __init__(self, path):
        self._lock, self._handle = threading.Lock(), None
        self._library = find_library()
        handle = ctypes.c_void_p()
        status = self._library.open(os.fsencode(path), ctypes.byref(handle))
        if status != 0:
            raise Error(status, self._library.nn_error_text().decode(errors='replace'))
        self._handle = handle
        self.fingerprint = f'{self._library.nn_predictor_fingerprint(handle):016x}'
        self.graph = json.loads(self._library.nn_predictor_graph(handle))
        shapes = {layer['name']: tuple(layer['shape']) for layer in self.graph['layers']}
        self._parts = self.graph['input']['parts'] or [self.graph['input']]
        # Of which parts the first extent counts the steps of a sample that has a length.
        counted = [layer['name'] for layer in self.graph['layers'] if 'steps' in layer]
        self._in_steps = [(part['name'] if self.graph['input']['parts'] else self.graph['layers'][0]['name']) in counted
                          for part in self._parts]
        self.inputs = {part['name']: tuple(part['shape']) for part in self._parts}
        self.outputs = {output['name']: shapes[output['layer']] for output in self.graph['outputs']}
        classes = [self._class_names(output) for output in self.graph['outputs']]
        self.classes = classes[0] if len(classes) == 1 else dict(zip(self.outputs, classes))

    @staticmethod
    def _class_names(output):
        count = output.get('classes')
        return output.get('class_names', [str(i) for i in range(count)]) if count else None

    def predict(self, x, lengths=None, dtype='float32'):
        """x: samples x shape of a sample, or samples x values; with several inputs a dict of these by name, or samples x
        all values. In the units of the data file; a dataset of h5py is read piece by piece.
        lengths: steps of each sample, if the samples in training had lengths; None: all of them.
        Images are channels last, whatever data.fields.NAME.layout of the training says.
        dtype: 'float32' or 'float64', of what is returned. The network is given float64 if that is it, or if a type of x
        has numbers that float32 does not have.

        Returns samples x shape of the output: probabilities of classes, or of yes, or values in the target's own units;
        with several outputs, a dict of these by name; NaN for steps after the last. The bits are those of `nntrain
        predict`, and depend on the sample alone. Raises ValueError for another shape, NaN, Inf or a number beyond dtype,
        masked values, a dataset that is packed (scale_factor, _FillValue), or an index that is out of range."""
        dtype = numpy.dtype(dtype)
        if dtype not in (numpy.float32, numpy.float64):
            raise ValueError(f'dtype: {dtype} is neither float32 nor float64')
        with self._lock:
            self._expect_open()
            inputs = self._inputs(x)
            samples = len(inputs[0][2])
            if lengths is not None:
                lengths = as_lengths(lengths, samples, self._library.nn_predictor_steps(self._handle))
            wide = dtype if all(map(is_exact, inputs)) else numpy.dtype('float64')
            given = self._given(inputs, lengths, wide, dtype)
            results = {name: numpy.empty((samples,) + shape, wide) for name, shape in self.outputs.items()}
            self._call('nn_predictor_run_arrays', samples, given, results.values(), lengths, wide)
            with numpy.errstate(over='ignore'):
                results = {name: found.astype(dtype, copy=False) for name, found in results.items()}
        return results if len(results) > 1 else next(iter(results.values()))

    def _call(self, function, samples, given, found, lengths, dtype, *more):
        """found: None, or arrays of the outputs; more: further lists of arrays."""
        arrays = Arrays(samples, dtype == numpy.float64, pointers(given), None if found is None else pointers(found),
                        None if lengths is None else lengths.ctypes.data)
        status = getattr(self._library, function)(self._handle, ctypes.byref(arrays), *map(pointers, more))
        if status != 0:
            raise Error(status, self._library.nn_error_text().decode(errors='replace'))

    def vjp(self, x, cotangents, lengths=None):
        """The product of `cotangents`, of the shape of what predict(x) returns, with the Jacobian of predict, sample by
        sample: with ones for one output and zeros elsewhere, the derivatives of that output with respect to the inputs.

        x and lengths are as in predict, and the network is given float64. Returns float64 of the shape of x, or a dict by
        name if there are several inputs, in units of the outputs per units of the inputs; zeros for indices and for steps
        after the last, whose cotangents are not read. Computed in the precision of the network."""
        with self._lock:
            self._expect_open()
            given, samples, lengths = self._doubles(x, lengths)
            cotangents = self._joined('cotangents', cotangents, self.outputs, samples)
            found = self._empty(self.inputs, samples)
            self._call('nn_predictor_vjp_arrays', samples, given, None, lengths, DOUBLE, cotangents, found.values())
        return found if len(found) > 1 else next(iter(found.values()))

    def jvp(self, x, tangents, lengths=None):
        """What predict(x, lengths, dtype='float64') returns, and its derivatives along `tangents`, an array, or a dict, like
        x: the product of the Jacobian of predict with them, sample by sample; both as float64. The tangents of indices, and
        of steps after the last, are not read."""
        with self._lock:
            self._expect_open()
            given, samples, lengths = self._doubles(x, lengths)
            tangents = self._joined('tangents', tangents, self.inputs, samples)
            outputs, found = (self._empty(self.outputs, samples) for _ in range(2))
            self._call('nn_predictor_jvp_arrays', samples, given, outputs.values(), lengths, DOUBLE, tangents,
                       found.values())
        return tuple(fields if len(fields) > 1 else next(iter(fields.values())) for fields in (outputs, found))

    @staticmethod
    def _empty(fields, samples):
        return {name: numpy.empty((samples,) + shape) for name, shape in fields.items()}

    def _doubles(self, x, lengths):
        """An array of float64 for each part, the number of samples, and their lengths."""
        inputs = self._inputs(x)
        samples = len(inputs[0][2])
        if lengths is not None:
            lengths = as_lengths(lengths, samples, self._library.nn_predictor_steps(self._handle))
        return self._given(inputs, lengths, DOUBLE, DOUBLE), samples, lengths

    @staticmethod
    def _joined(what, values, fields, samples):
        """An array for each field, from a dict of arrays, a single one, or all of them joined."""
        if isinstance(values, dict) and set(values) != set(fields):
            raise ValueError(f"{what}: the names are {', '.join(map(str, values))} instead of {', '.join(fields)}")
        arrays = [values[name] for name in fields] if isinstance(values, dict) else [values]
        sizes = [math.prod(shape) for shape in fields.values()]
        for array in arrays:
            expect_values(what, array)
        arrays = [numpy.asarray(array, numpy.float64) for array in arrays]
        widths = sizes if isinstance(values, dict) else [sum(sizes)]
        for array, width in zip(arrays, widths):
            if len(array.shape) == 0 or len(array) != samples or array.size != samples * width:
                raise ValueError(f"{what}: the shape is {array.shape} instead of {samples} samples x {width} values")
        arrays = [array.reshape(samples, width) for array, width in zip(arrays, widths)]
        if not isinstance(values, dict):
            arrays = numpy.split(arrays[0], numpy.cumsum(sizes)[:-1], axis=1)
        return [numpy.ascontiguousarray(array) for array in arrays]

    def _inputs(self, x):
        """Names of inputs, the parts of each, and its array: one for each part, or one for all."""
        if not isinstance(x, dict):
            field = self.graph['input']
            return [(field['name'], self._parts, as_samples(field['name'], x, tuple(field['shape'])))]
        if set(x) != set(self.inputs):
            raise ValueError(f"the inputs are {', '.join(map(str, x))}; the network takes {', '.join(self.inputs)}")
        found = [(name, [part], as_samples(name, x[name], self.inputs[name]))
                 for part, name in zip(self._parts, self.inputs)]
        if len({len(values) for _, _, values in found}) > 1:
            raise ValueError('the inputs have different numbers of samples: '
                             + ', '.join(f'{name} {len(values)}' for name, _, values in found))
        return found

    def _take(self, name, parts, values, first, lengths, dtype, limit):
        """Arrays of the parts of an input, for samples from `first` on."""
        values = numpy.asarray(values)
        values = values.reshape(len(values), -1)
        begin, found = 0, []
        for part in parts:
            own = values[:, begin:begin + math.prod(part['shape'])]
            begin += own.shape[1]
            if lengths is not None and self._in_steps[self._parts.index(part)]:
                padding = numpy.arange(part['shape'][0]) >= lengths[first:first + len(values), None]
                own = numpy.where(numpy.repeat(padding, own.shape[1] // part['shape'][0], axis=1), 0, own)
            floats = as_floats(name, own, first, dtype, limit, part.get('takes_missing', False))
            if part['kind'] == 'index':
                expect_indices(part, own, first, limit)
            found.append(floats)
        return found

    def _given(self, inputs, lengths, dtype, limit):
        """An array of dtype for each part; limit: as in as_floats."""
        samples = len(inputs[0][2])
        sizes = [math.prod(part['shape']) for part in self._parts]
        given = [numpy.empty((samples, size), dtype) for size in sizes]
        step = max(1, PIECE_BYTES // (8 * sum(sizes)))
        for first in range(0, samples, step):
            at = 0
            for name, parts, values in inputs:
                for found in self._take(name, parts, values[first:first + step], first, lengths, dtype, limit):
                    given[at][first:first + len(found)] = found
                    at += 1
        return given

    def _expect_open(self):
        if self._handle is None:
            raise ValueError('this network was closed; load it again')

    def close(self):
        """Releases the memory of the network; predict() then raises ValueError."""
        with self._lock:
            handle, self._handle = self._handle, None
            if handle is not None:
                self._library.nn_predictor_close(handle)

    def __enter__(self):
        self._expect_open()
        return self

    def __exit__(self, *reason):
        self.close()

    def __del__(self):
        if getattr(self, '_handle', None) is not None:
            self.close()


def load(run_or_checkpoint):
    """The best weights of a run directory, or those of a checkpoint or model.nn, as a Network. Raises Error."""
    return Network(run_or_checkpoint)


def metrics(run, kind='epoch'):
    """The lines of metrics.jsonl of a run directory, as dicts: those of each 'epoch', those by 'step' (logging.every),
    all that have the results of a 'validation', or 'all'; without a last line that is still being written."""
    if kind not in ('epoch', 'step', 'validation', 'all'):
        raise ValueError(f"metrics: the kind of lines is 'epoch', 'step', 'validation' or 'all', not {kind!r}")
    with open(os.path.join(run, 'metrics.jsonl'), encoding='utf-8') as file:
        lines = [json.loads(line) for line in file if line.endswith('\n')]
    if kind == 'all':
        return lines
    return [line for line in lines if line.get('line', 'epoch') == kind or (kind == 'validation' and kind in line)]


# As nntrain writes them: 007, 2021_01 and +1 are texts, which numpy would take for numbers.
INTEGER = re.compile(r'-?(0|[1-9][0-9]*)')
REAL = re.compile(r'-?[0-9]+(\.[0-9]+)?(e[-+]?[0-9]+)?|-?inf|-?nan|', re.ASCII)


def as_column(texts):
    """An array of integers, numbers (an empty text is NaN) or texts."""
    if all(map(INTEGER.fullmatch, texts)):
        least, most = (min(map(int, texts), default=0), max(map(int, texts), default=0))
        for kind in (numpy.int64, numpy.uint64):
            if numpy.iinfo(kind).min <= least and most <= numpy.iinfo(kind).max:
                return numpy.array([int(text) for text in texts], dtype=kind)
    elif all(map(REAL.fullmatch, texts)):
        return numpy.array([float(text or 'nan') for text in texts])
    return numpy.array(texts, dtype=str)


def read_dataset(node):
    return node.asstr()[()] if node.dtype.kind in 'OS' else node[()]


def is_of_predictions(names):
    """Whether columns or datasets with these names are of `nntrain predict`."""
    return any(name == 'row' or '_predicted' in name or '_probability' in name for name in names)


def predictions(path):
    """What `nntrain predict -o PATH` has written, without the library: of a .csv a dict of arrays by column, in the
    order of the file: of integers, of numbers, where an empty cell is NaN, or of texts, where it is ''; of a .h5 one by
    dataset, for which h5py is needed; of a .npy the array itself. Another file is a ValueError."""
    path = os.fspath(path)
    if path.endswith('.npy'):
        return numpy.load(path)
    if path.endswith('.h5'):
        import h5py
        with h5py.File(path) as file:
            found = {name: read_dataset(node) for name, node in file.items() if isinstance(node, h5py.Dataset)}
        if not is_of_predictions(found):
            raise ValueError(f'{path}: is not a file of predictions: it has no row numbers and no predictions')
        return found
    with open(path, newline='', encoding='utf-8') as file:
        rows = csv.reader(file)
        names = next(rows, [])
        lines = list(rows)
    if not is_of_predictions(names):
        raise ValueError(f'{path}: is not a file of predictions: it has no row numbers and no predictions')
    for number, line in enumerate(lines, 2):
        if len(line) != len(names):
            raise ValueError(f'{path}:{number}: has {len(line)} cells, and the header {len(names)}: the file is cut short')
    columns = list(zip(*lines)) or [()] * len(names)
    return {name: as_column(column) for name, column in zip(names, columns)}
