"""Predicts with what nntrain has trained, with the same bits as `nntrain predict`:

    import nntrain
    with nntrain.load('runs/x') as network:     # or a checkpoint
        y = network.predict(x)                  # x: samples x shape of a sample, or samples x values
    nntrain.metrics('runs/x')                   # metrics.jsonl: a list of dicts, one per epoch

Needs numpy and libnntrain_infer.so.0: that of NNTRAIN_LIBRARY (a path), of the installation that this file is part of,
or of the system. Loading a network limits a system-wide OpenBLAS, which numpy may share, to one thread: the bits depend
on it. Networks may be used by several threads; calls on one of them take turns.
"""
import ctypes
import json
import math
import os
import sysconfig
import threading

import numpy

LIBRARY = 'libnntrain_infer.so.0'
PIECE_BYTES = 1 << 26  # of the inputs that are converted at a time


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


def declare(library):
    """Sets the types of the functions, as nntrain.h has them."""
    count, text, handle = ctypes.c_size_t, ctypes.c_char_p, ctypes.c_void_p
    floats = ctypes.POINTER(ctypes.c_float)
    functions = {
        'nn_error_text': (text, []),
        'nn_version': (text, []),
        'nn_predictor_close': (None, [handle]),
        'nn_predictor_input_count': (count, [handle]),
        'nn_predictor_output_count': (count, [handle]),
        'nn_predictor_fingerprint': (ctypes.c_uint64, [handle]),
        'nn_predictor_graph': (text, [handle]),
        'nn_predictor_microbatch': (count, [handle]),
        'nn_predictor_run': (ctypes.c_int, [handle, count, floats, floats]),
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
    if not isinstance(getattr(values, 'dtype', None), numpy.dtype):
        values = numpy.asarray(values)
    if values.dtype.kind not in 'buif':
        raise TypeError(f'{name}: values of type {values.dtype} cannot be converted to float32')
    wanted = f"samples x {' x '.join(map(str, shape))}" if shape else 'samples'
    proper = [extent for extent in values.shape[1:] if extent != 1] in (
        [extent for extent in shape if extent != 1], [math.prod(shape)] if math.prod(shape) != 1 else [])
    if len(values.shape) == 0 or not proper:
        flat = f' or samples x {math.prod(shape)}' if len(shape) != 1 else ''
        one = '; of a single sample, pass x[None]' if values.shape == shape else ''
        raise ValueError(f"{name}: the shape is {' x '.join(map(str, values.shape)) or 'that of a number'}; the network "
                         f'takes {wanted}{flat}{one}')
    return values


def as_floats(name, values, first):
    """Samples x values in float32; first: the number of the first sample, for messages."""
    with numpy.errstate(over='ignore'):
        floats = values.astype(numpy.float32)
    expect(numpy.isfinite(floats), name, first,
           'contains NaN, Inf or a number beyond float32; leave it out, or fill it in as in training')
    return floats


def expect_indices(part, values, first):
    """Also that float32 has each of these numbers."""
    with numpy.errstate(over='ignore', invalid='ignore'):
        usable = (values >= 0) & (values < part['classes']) & (values == values.astype(numpy.float32).astype(numpy.int64))
    expect(usable, part['name'], first, f"contains a number that is not an index of {part['classes']} symbols")


def expect(usable, name, first, reason):
    if not usable.all():
        raise ValueError(f'{name}: sample {first + int(numpy.argmin(usable.all(axis=1)))} {reason}')


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
        self.inputs = {part['name']: tuple(part['shape']) for part in self._parts}
        self.outputs = {output['name']: shapes[output['layer']] for output in self.graph['outputs']}
        classes = [self._class_names(output) for output in self.graph['outputs']]
        self.classes = classes[0] if len(classes) == 1 else dict(zip(self.outputs, classes))

    @staticmethod
    def _class_names(output):
        count = output.get('classes')
        return output.get('class_names', [str(i) for i in range(count)]) if count else None

    def predict(self, x):
        """x: samples x shape of a sample, or samples x values; with several inputs a dict of these by name, or samples x
        all values. In the units of the data file, as float32 or convertible; a dataset of h5py is read piece by piece.

        Returns float32 (also of networks in float64) of samples x shape of the output: probabilities of classes, or of
        yes, or values in the target's own units; with several outputs, a dict of these by name. Sequences are taken to
        have the full length. Samples of zeros fill the last microbatch, so that the bits are those of `nntrain predict` for
        the same rows in the same order; one sample takes as long as a microbatch. Raises ValueError for another shape, NaN
        or Inf, or an index that is out of range."""
        with self._lock:
            self._expect_open()
            inputs = self._inputs(x)
            samples, given = len(inputs[0][2]), self._given(inputs)
            total = self._library.nn_predictor_output_count(self._handle)
            found = numpy.empty((len(given), total), numpy.float32)
            pointers = [array.ctypes.data_as(ctypes.POINTER(ctypes.c_float)) for array in (given, found)]
            status = self._library.nn_predictor_run(self._handle, len(given), *pointers)
            if status != 0:
                raise Error(status, self._library.nn_error_text().decode(errors='replace'))
        found = found[:samples]
        results, begin = {}, 0
        for name, shape in self.outputs.items():
            end = begin + math.prod(shape)
            results[name] = numpy.ascontiguousarray(found[:, begin:end]).reshape((len(found),) + shape)
            begin = end
        return results if len(results) > 1 else results[name]

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

    @staticmethod
    def _floats(name, parts, values, first):
        values = numpy.asarray(values)
        values = values.reshape(len(values), -1)
        floats = as_floats(name, values, first)
        begin = 0
        for part in parts:
            end = begin + math.prod(part['shape'])
            if part['kind'] == 'index':
                expect_indices(part, values[:, begin:end], first)
            begin = end
        return floats

    def _given(self, inputs):
        """Samples x all values, as the library takes them, with zeros that fill the last microbatch."""
        samples, width = len(inputs[0][2]), self._library.nn_predictor_input_count(self._handle)
        missing = -samples % self._library.nn_predictor_microbatch(self._handle)
        given = numpy.zeros((samples + missing, width), numpy.float32)
        step = max(1, PIECE_BYTES // (4 * width))
        for first in range(0, samples, step):
            piece = [self._floats(name, parts, values[first:first + step], first) for name, parts, values in inputs]
            numpy.concatenate(piece, axis=1, out=given[first:min(first + step, samples)])
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
    """The best weights of a run directory, or those of a checkpoint, as a Network. Raises Error."""
    return Network(run_or_checkpoint)


def metrics(run):
    """The lines of metrics.jsonl of a run directory, as dicts; without a last line that is still being written."""
    with open(os.path.join(run, 'metrics.jsonl'), encoding='utf-8') as file:
        return [json.loads(line) for line in file if line.endswith('\n')]
