#!/usr/bin/env python3
"""Writes csr.h5ad and csc.h5ad: 70 cells x 20 genes with their types, as anndata 0.12 writes them.

    pip install anndata 'numpy<2' && python3 make_cells.py FOLDER
"""
import sys

import anndata
import numpy as np
import pandas
import scipy.sparse as sparse

random = np.random.default_rng(7)
types = np.arange(70) % 3
names = np.array(["T cell", "B cell", "other"])
counts = random.poisson(2, (70, 20)) * (random.random((70, 20)) < 0.2) * (1 + types[:, None] * (np.arange(20) % 3 == 0))
for name, form in ("csr", sparse.csr_matrix), ("csc", sparse.csc_matrix):
    cells = pandas.DataFrame({"cell_type": pandas.Categorical(names[types], names)}, [f"c{i}" for i in range(70)])
    anndata.AnnData(form(counts.astype("f4")), cells).write_h5ad(f"{sys.argv[1]}/{name}.h5ad", compression="gzip")
