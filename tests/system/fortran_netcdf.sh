#!/usr/bin/env bash
# A Fortran program that uses NetCDF itself predicts with the same bits, also where it is linked with another build of HDF5.
build=$(realpath "$2")
source "$(dirname "$0")/common_fortran.sh"
command -v nf-config >/dev/null || { echo "skipped: no NetCDF for Fortran (scripts/setup.sh hosts)"; exit 77; }
install_tree
sources=$source_folder/tests/install
read -r -a modules <<<"$(pkg-config --variable=fortran_sources nntrain_infer)"
read -r -a flags <<<"$(pkg-config --cflags --libs nntrain_infer)"
read -r -a netcdf_flags <<<"$(nf-config --fflags)"
read -r -a netcdf_libraries <<<"$(nf-config --flibs)"
run train "$digits/digits.yaml" --run-dir run --set training.epochs=1

must "$fortran" "${modules[@]}" "$sources/predict_digit.f90" "${flags[@]}" -o plain
must ./plain run
cp log expected
# netcdf NAME ARGUMENT...: the program with NetCDF, linked with these first
netcdf() {
    must "$fortran" "${netcdf_flags[@]}" "${modules[@]}" "$sources/netcdf_digit.f90" "${@:2}" "${netcdf_libraries[@]}" \
        "${flags[@]}" -o "$1"
    must "./$1" run
    cmp -s log expected || { fail "$1 predicts something else"; cat log expected; }
}
netcdf with_netcdf
parallel=$(find /usr/lib -path '*/hdf5/openmpi/libhdf5.so' 2>/dev/null | head -n 1)
if [ -n "$parallel" ]; then
    netcdf with_parallel -Wl,--no-as-needed "$parallel" -Wl,--as-needed
    nm -D with_parallel | grep -q 'H5Fopen@HDF5_MPI' || fail "the program does not use the parallel HDF5"
else
    echo "not tested: the parallel HDF5 (scripts/setup.sh hosts)"
fi
finish
