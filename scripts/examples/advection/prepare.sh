#!/bin/sh
# Compiles the solver, and makes advection.h5 with it. FC: the Fortran compiler.
set -eu
cd "$(dirname "$0")"
program=$(command -v nntrain)
prefix=$(dirname "$(dirname "$(readlink -f "$program")")")
folder=$(find "$prefix" -name nntrain_infer.pc -exec dirname {} \; | head -n 1)
if [ ! -f "$prefix/include/nntrain/nntrain.f90" ] || [ -z "$folder" ]; then
    echo "$program is not in an installation: cmake --install build/release --prefix DIR, and put DIR/bin in PATH" >&2
    exit 1
fi
PKG_CONFIG_PATH=$folder${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
export PKG_CONFIG_PATH
# shellcheck disable=SC2046 # words
${FC:-gfortran} -O2 $(pkg-config --variable=fortran_sources nntrain_infer) solver.f90 \
    $(pkg-config --cflags --libs nntrain_infer) -o solver
./solver data advection.csv
nntrain import csv advection.csv --x left2,left1,right1,right2 --y flux --overwrite -o advection.h5
