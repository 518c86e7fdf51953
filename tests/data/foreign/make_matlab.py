#!/usr/bin/env python3
"""Writes matlab.mat: a MATLAB file of version 7.3 as hdf5storage 0.2 writes it. hdf5storage has no sparse matrices: those are
written as MATLAB does, in a group with data, ir and jc.

    pip install hdf5storage h5py 'numpy<2' && python3 make_matlab.py matlab.mat
"""
import sys

import h5py
import hdf5storage
import numpy as np

path = sys.argv[1]
random = np.random.default_rng(5)
kinds = np.arange(30) % 3
words = np.array(["oak", "elm", "fir"], dtype=object)
x = (random.standard_normal((30, 4)) + kinds[:, None]).astype("f4")
hdf5storage.savemat(
    path,
    {
        "x": x,  # samples x features in MATLAB
        "images": (random.integers(0, 60, (6, 5, 3, 30)) + 60 * kinds).astype("u1"),  # height x width x channels x samples
        "column": (kinds + 1.0).reshape(-1, 1),
        "row": (kinds + 1.0).reshape(1, -1),
        "int32": (kinds + 1).astype("i4").reshape(-1, 1),
        "logical": (kinds > 0).reshape(-1, 1),
        "words": words[kinds].reshape(-1, 1),  # a cell array of char
        "text": "iris",
        "complex": x + 1j * x,
        "empty": np.zeros((0, 4)),
        "s": {"x": x, "y": (kinds + 1.0).reshape(-1, 1)},
    },
    format="7.3",
    oned_as="column",
    store_python_metadata=False,
    matlab_compatible=True,
)
sparse = x * (x > 0.5)
with h5py.File(path, "a") as file:
    group = file.create_group("sparse")
    places = [np.flatnonzero(column) for column in sparse.T]
    group["data"] = np.concatenate([column[at] for column, at in zip(sparse.T, places)]).astype("f8")
    group["ir"] = np.concatenate(places).astype("u8")
    group["jc"] = np.cumsum([0] + [len(at) for at in places]).astype("u8")
    group.attrs["MATLAB_sparse"] = np.uint64(30)
    group.attrs["MATLAB_class"] = np.bytes_("double")
