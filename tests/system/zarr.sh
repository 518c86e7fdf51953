#!/usr/bin/env bash
# Zarr stores are recognised wherever a user names one, and the command that the message gives converts them to what can be
# trained on.
source "$(dirname "$0")/common.sh"
find_interop_python zarr xarray h5py netCDF4
zarr=$python

refused() { # PATTERN ARGUMENT...
    local pattern=$1
    shift
    "$program" "$@" >log 2>&1 && fail "exit 0: $*"
    [ "$(grep -c -F -e "$pattern" log)" = 1 ] || { fail "not '$pattern' once: $*"; cat log; }
}
config() { # FILE
    cat >zarr.yaml <<C
data: {file: $1, train: {x: x, y: y}}
network: [dense: {units: classes}]
loss: cross_entropy
training: {epochs: 1, batch_size: 4}
C
}

# Stores of versions 2 and 3, as far as they are recognised.
mkdir -p two.zarr/x three.zarr xarray.zarr plain
echo '{"zarr_format": 2}' | tee two.zarr/.zgroup >xarray.zarr/.zgroup
echo '{"metadata": {"x/.zattrs": {"_ARRAY_DIMENSIONS": ["row"]}}, "zarr_consolidated_format": 1}' >xarray.zarr/.zmetadata
echo '{"attributes": {}, "zarr_format": 3, "node_type": "group"}' >three.zarr/zarr.json
for store in two three; do
    config $store.zarr
    for words in "check zarr.yaml" "info $store.zarr/" "import $store.zarr -o refused.h5" "import npy $store.zarr -o refused.h5" "train zarr.yaml"; do
        # shellcheck disable=SC2086
        refused "$store.h5', 'w'); [f.create_dataset(" $words
    done
done
refused "xarray.open_zarr('xarray.zarr').to_netcdf('xarray.h5')" info xarray.zarr
config plain
refused 'plain is a folder: give an HDF5 file in it' check zarr.yaml
refused 'neither a file nor a run directory' info plain

# What the message says works.
if [ -n "$zarr" ]; then
    rm -rf ./*.zarr
    "$zarr" - <<'PY' || exit 1
import numpy as np, xarray, zarr
x = np.random.default_rng(2).standard_normal((40, 3)).astype('f4'); y = np.arange(40) % 3
g = zarr.open_group('plain.zarr', mode='w')
for name, a in ('x', x), ('y', y): g.create_dataset(name, data=a, shape=a.shape, chunks=(8,) + a.shape[1:])
try:
    xarray.Dataset({'x': (('row', 'c'), x), 'y': ('row', y)}).to_zarr('xarray.zarr', mode='w')
except TypeError as problem:  # of versions of the two packages that do not fit together
    print('not tested: a store of xarray, which cannot write one here:', problem)
PY
    for store in plain $([ ! -e xarray.h5 ] && [ -e xarray.zarr/zarr.json ] && [ -d xarray.zarr/y ] && echo xarray); do
        "$program" info $store.zarr >log 2>&1
        sed -n 's/.*\(python3 -c ".*"\)$/\1/p' log >convert
        PATH=$(dirname "$zarr"):$PATH bash ./convert || { fail "the command of the message"; cat log convert; }
        config $store.h5
        train 1 1 zarr.yaml --run-dir run-$store || { fail "$store.h5"; cat train.log; }
        : "${bits:=$(fingerprint)}"
        [ -n "$bits" ] && [ "$bits" = "$(fingerprint)" ] || fail "the two ways to convert give different data"
    done
else
    echo "without zarr, xarray and netCDF4"
fi
finish
