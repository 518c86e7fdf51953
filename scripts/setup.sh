#!/usr/bin/env bash
# scripts/setup.sh [build] [tests] [hosts] [testbed] [interop] [peers] [cross]: installs missing dependencies; does
# nothing if there are none.
# build (the default): to build, test and run; tests: for tests that create their data in Python or with NCO, and those
# of the Fortran modules; hosts: libraries of other programs, for tests of those that call nntrain; testbed: SLURM and
# iproute2, for cluster/testbed.sh; interop: programs that exchange networks and results with nntrain, for tests
# (PyTorch, ONNX, onnxruntime, Keras, pandas, xarray, anndata, Chromium), partly with pip into a folder of its own (NN_INTEROP,
# default ~/.cache/nntrain/interop; 600 MB, without Debian's packages several GB); peers: the newest PyTorch, for
# scripts/bench.sh --peer pytorch, with pip into a folder of its own (NN_PEERS, default ~/.cache/nntrain/peers; several
# GB); cross: a compiler, an emulator and libraries for aarch64, for tests/slow/aarch64.sh, the libraries in a folder of
# their own (NN_SYSROOT, default ~/.cache/nntrain/aarch64; 600 MB).
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

has_programs() {
    local program
    for program in "$@"; do command -v "$program" >/dev/null || return 1; done
}

has_cmake() {
    has_programs cmake || return 1
    local version
    version=$(cmake --version | sed -n 's/^cmake version //p')
    [ "$(printf '3.21\n%s\n' "$version" | sort -V | head -n 1)" = 3.21 ]
}

has_compiler() {
    { has_programs "${CC:-cc}" || has_programs gcc; } && { has_programs make || has_programs ninja; }
}

# has_library HEADER LIBRARY PKG_CONFIG_NAME...: whether pkg-config or the compiler alone finds it.
has_library() {
    local header=$1 library=$2 name
    shift 2
    for name in "$@"; do pkg-config --exists "$name" 2>/dev/null && return 0; done
    printf '#include <%s>\nint main(void) { return 0; }\n' "$header" |
        "${CC:-cc}" -x c - -l"$library" -o /dev/null 2>/dev/null
}

has_hdf5() { has_programs h5cc || has_programs h5pcc || has_library hdf5.h hdf5 hdf5 hdf5-serial; }

has_protobuf() { has_programs protoc-c && has_library protobuf-c/protobuf-c.h protobuf-c libprotobuf-c; }

# Dependency | check | Debian packages | module | Spack package
needs_build=(
    "CMake 3.21 or newer|has_cmake|cmake|cmake|cmake"
    "a C compiler and make|has_compiler|gcc libc6-dev make|gcc|gcc"
    "pkg-config|has_programs pkg-config|pkg-config|pkgconf|pkgconf"
    "MPI (mpicc, mpirun)|has_programs mpicc mpirun|libopenmpi-dev openmpi-bin|openmpi|openmpi"
    "HDF5|has_hdf5|libhdf5-dev|hdf5|hdf5~mpi"
    "OpenBLAS with cblas.h|has_library cblas.h openblas openblas|libopenblas-dev|openblas|openblas"
    "libyaml|has_library yaml.h yaml yaml-0.1|libyaml-dev|libyaml|libyaml"
    "zlib|has_library zlib.h z zlib|zlib1g-dev|zlib|zlib"
    "libpng|has_library png.h png libpng|libpng-dev|libpng|libpng"
    "libjpeg|has_library jpeglib.h jpeg libjpeg|libjpeg-dev|libjpeg-turbo|libjpeg-turbo"
    "libzip|has_library zip.h zip libzip|libzip-dev|libzip|libzip"
    "protobuf-c|has_protobuf|libprotobuf-c-dev protobuf-c-compiler|protobuf-c|protobuf-c"
    "xxHash|has_library xxhash.h xxhash libxxhash|libxxhash-dev|xxhash|xxhash"
    "cmocka (for the tests)|has_library cmocka.h cmocka cmocka|libcmocka-dev|cmocka|cmocka"
)
needs_tests=(
    "Python with h5py and numpy|has_h5py|python3-h5py python3-numpy|python|py-h5py"
    "pandas and PyTables for Python|has_tables|python3-pandas python3-tables|python|py-pandas py-tables"
    "a Fortran compiler|has_programs gfortran|gfortran|gcc|gcc"
    "netCDF4 and xarray for Python|has_netcdf|python3-netcdf4 python3-xarray|python|py-netcdf4 py-xarray"
    "NCO (ncks, ncpdq)|has_programs ncks ncpdq|nco|nco|nco"
)
needs_hosts=(
    "the reference BLAS|has_file blas/libblas.so.3|libblas3|netlib-lapack|netlib-lapack"
    "HDF5 for Open MPI|has_file hdf5/openmpi/libhdf5.so|libhdf5-openmpi-dev|hdf5|hdf5+mpi"
    "NetCDF for Fortran|has_programs nf-config|libnetcdff-dev|netcdf-fortran|netcdf-fortran"
)
needs_testbed=(
    "SLURM|has_programs slurmctld slurmd sbatch|slurmctld slurmd slurm-client slurm-wlm-basic-plugins|slurm|slurm"
    "MUNGE|has_programs munged|munge|munge|munge"
    "ip, tc (iproute2)|has_programs ip tc|iproute2|iproute2|iproute2"
)
needs_interop=(
    "Chromium|has_programs chromium|chromium|chromium|chromium"
    "Python with venv|has_venv_module|python3-venv python3-pip|python|python"
    "PyTorch, pandas, xarray, SciPy for Python|has_interop_modules|python3-torch python3-torchvision python3-pandas python3-xarray python3-h5netcdf python3-h5py python3-scipy python3-numpy|python|py-torch"
)
needs_cross=(
    "a compiler for aarch64|has_programs aarch64-linux-gnu-gcc|gcc-aarch64-linux-gnu|gcc-aarch64-linux-gnu|gcc"
    "QEMU for aarch64 programs|has_programs qemu-aarch64|qemu-user|qemu|qemu"
)
needs_peers=(
    "Python with venv and headers|has_venv|python3-venv python3-dev|python|python"
    "a C++ compiler (for torch.compile)|has_programs g++|g++|gcc|gcc"
)

# has_file PATH: whether a folder of libraries has it.
has_file() { [ -n "$(find /usr/lib -path "*/$1" 2>/dev/null | head -n 1)" ]; }

has_venv() {
    python3 -c 'import ensurepip, os, sysconfig, venv
assert os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h"))' 2>/dev/null
}

has_venv_module() { python3 -c 'import ensurepip, venv' 2>/dev/null; }

# Only Debian has them as packages; elsewhere pip installs them all.
has_interop_modules() {
    ! has_programs apt-get || has_modules /usr/bin/python3 torch torchvision pandas xarray h5netcdf h5py scipy
}

# has_modules PYTHON MODULE...: without importing them, which takes seconds.
has_modules() {
    "$1" -c 'import importlib.util, sys
sys.exit(not all(importlib.util.find_spec(name) for name in sys.argv[1:]))' "${@:2}" 2>/dev/null
}

# Next to what the distribution has: these versions work with PyTorch 1.13, which wants NumPy 1.
install_interop() {
    has_modules "$interop/bin/python" onnx.reference onnxruntime safetensors keras jax torch torchvision pandas xarray \
        tensorboard anndata axe_core_python &&
        return
    echo "installing ONNX, onnxruntime, Keras into $interop"
    local base=python3
    ! has_programs apt-get || base=/usr/bin/python3
    "$base" -m venv --system-site-packages "$interop"
    "$interop/bin/python" -m pip install -q --disable-pip-version-check 'numpy<2' 'onnx>=1.17' onnxruntime safetensors \
        keras 'jax[cpu]<0.5' torch torchvision pandas xarray h5netcdf h5py scipy tensorboard anndata axe-core-python
}

# PyTorch into a folder of its own.
install_peers() {
    "$peers/bin/python" -c 'import torch, numpy, h5py' 2>/dev/null && return
    echo "installing PyTorch into $peers"
    python3 -m venv "$peers"
    "$peers/bin/python" -m pip install -q --disable-pip-version-check torch numpy h5py
}

has_h5py() {
    local python
    for python in python3 /usr/bin/python3; do "$python" -c 'import h5py, numpy' 2>/dev/null && return 0; done
    return 1
}

has_netcdf() {
    local python
    for python in python3 /usr/bin/python3; do has_modules "$python" netCDF4 xarray && return 0; done
    return 1
}

has_tables() {
    local python
    for python in python3 /usr/bin/python3; do has_modules "$python" h5py pandas tables && return 0; done
    return 1
}

missing=() packages=() modules=() specs=()

look() {
    local row what check names module spec
    missing=() packages=() modules=() specs=()
    for row in "${needs[@]}"; do
        IFS='|' read -r what check names module spec <<<"$row"
        $check && continue
        missing+=("$what")
        # shellcheck disable=SC2206 # the names are words
        packages+=($names)
        modules+=("$module")
        specs+=("$spec")
    done
}

list_missing() {
    printf 'missing: %s\n' "${missing[@]}"
}

install_packages() {
    local as_root=()
    if [ "$(id -u)" != 0 ]; then
        if ! has_programs sudo; then
            list_missing
            echo "As root: apt-get update && apt-get install ${packages[*]}"
            exit 1
        fi
        as_root=(sudo)
    fi
    echo "installing ${packages[*]}"
    # If the update fails, the old package list may still have the packages.
    "${as_root[@]}" apt-get update -q || true
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-install-recommends "${packages[@]}"
}

needs=() wants_interop=no wants_peers=no wants_sysroot=no
for list in "${@:-build}"; do
    case $list in
    build) needs+=("${needs_build[@]}") ;;
    tests) needs+=("${needs_tests[@]}") ;;
    hosts) needs+=("${needs_hosts[@]}") ;;
    testbed) needs+=("${needs_testbed[@]}") PATH=$PATH:/usr/sbin:/sbin ;;
    interop) needs+=("${needs_interop[@]}") wants_interop=yes ;;
    peers) needs+=("${needs_peers[@]}") wants_peers=yes ;;
    cross) needs+=("${needs_cross[@]}") wants_sysroot=yes ;;
    *)
        echo "usage: setup.sh [build] [tests] [hosts] [testbed] [interop] [peers] [cross]" >&2
        exit 2
        ;;
    esac
done
look
if [ ${#missing[@]} != 0 ] && has_programs apt-get; then
    install_packages
    look
    [ ${#missing[@]} = 0 ] || echo "still missing after installation:"
fi
if [ ${#missing[@]} = 0 ]; then
    [ $wants_interop = no ] || install_interop
    [ $wants_peers = no ] || install_peers
    [ $wants_sysroot = no ] || [ -d "$sysroot" ] || "$root/scripts/sysroot.sh"
    exit 0
fi
list_missing
echo "On a cluster, usually: module load ${modules[*]}      (names vary: see module avail)"
echo "With Spack:            spack install ${specs[*]} && spack load ${specs[*]}"
exit 1
