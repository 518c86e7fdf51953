#!/usr/bin/env bash
# `kernels: portable` computes the same bits on aarch64 as on this machine: the project is built with Debian's cross compiler
# (scripts/setup.sh cross) and runs under qemu-aarch64: unit tests of the kernels and of the network, with recorded hashes
# among them, then a whole run of every kind of network. Fingerprint, test metrics and metrics.jsonl (except times) are
# compared.
tools=$(realpath "$2")/tests
source "$(dirname "$0")/../system/common.sh"
sysroot=${NN_SYSROOT:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/nntrain/aarch64}
command -v aarch64-linux-gnu-gcc >/dev/null && command -v qemu-aarch64 >/dev/null && [ -d "$sysroot" ] || exit 77
source "$source_folder/tests/system/common_networks.sh"
libraries=$sysroot/usr/lib/aarch64-linux-gnu
headers=$sysroot/usr/include

# CMake asks these for the flags of MPI and HDF5.
wrapper() { # NAME FLAGS
    local compiler="aarch64-linux-gnu-gcc --sysroot=$sysroot"
    printf '#!/bin/sh\ncase $1 in\n-show) echo "%s %s" ;;\n*) exec %s "$@" %s ;;\nesac\n' \
        "$compiler" "$2" "$compiler" "$2" >"bin/$1"
    chmod +x "bin/$1"
}
mkdir bin
wrapper mpicc "-I$headers/aarch64-linux-gnu/mpich -L$libraries -lmpich"
wrapper h5cc "-I$headers/hdf5/serial -L$libraries/hdf5/serial -lhdf5"
cat >emulator <<SH
#!/bin/sh
exec qemu-aarch64 -L $sysroot -E LD_LIBRARY_PATH=$libraries:$libraries/openblas-pthread:$libraries/hdf5/serial "\$@"
SH
chmod +x emulator
cat >toolchain.cmake <<CMAKE
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_SYSROOT $sysroot)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(CMAKE_CROSSCOMPILING_EMULATOR $work/emulator)
CMAKE

unit=()
for name in base_test_{maths,philox} tensor_test_{functions,kernels,mixed,panels,tile,recorded} nn_test_{network,recurrent,convolutions,recorded}; do
    unit+=("$name")
    [[ $name == base_* ]] || unit+=("${name}_f64")
done
export PKG_CONFIG_SYSROOT_DIR=$sysroot
export PKG_CONFIG_LIBDIR=$libraries/pkgconfig:$libraries/openblas-pthread/pkgconfig:$sysroot/usr/share/pkgconfig
PATH=$work/bin:$PATH cmake -S "$source_folder" -B build -DCMAKE_TOOLCHAIN_FILE="$work/toolchain.cmake" \
    -DMPI_C_COMPILER="$work/bin/mpicc" >build.log 2>&1 &&
    cmake --build build -j "$(nproc)" --target nntrain "${unit[@]}" >>build.log 2>&1 ||
    { tail -n 30 build.log; fail "cross-compiling"; finish; }

ctest --test-dir build -R "^($(IFS='|'; echo "${unit[*]}"))\$" --output-on-failure >ctest.log 2>&1 ||
    { cat ctest.log; fail "unit tests on aarch64"; }
grep -q "100% tests passed, 0 tests failed out of ${#unit[@]}" ctest.log || { cat ctest.log; fail "not ${#unit[@]} unit tests"; }

check_kind() { # NAME ARGUMENT...
    local name=$1 reference
    shift
    local command=(train "$name.yaml" --run-dir run --set training.kernels=portable --set training.peak_seconds=0 "$@")
    $name >"$name.yaml"
    rm -rf run
    OMP_NUM_THREADS=1 "$program" "${command[@]}" >train.log 2>&1 || { fail "$name $*"; cat train.log; return; }
    reference=$(figures run)
    echo "$name: $(fingerprint)"
    rm -rf run
    OMP_NUM_THREADS=1 ./emulator build/nntrain "${command[@]}" >train.log 2>&1 ||
        { fail "$name $* on aarch64"; cat train.log; return; }
    [ "$(figures run)" = "$reference" ] || fail "$name $* on aarch64: $(figures run), not $reference"
}

for name in "${kinds[@]}"; do
    check_kind "$name"
    check_kind "$name" --set training.precision=float64
    check_kind "$name" --set training.precision=mixed
done
finish
