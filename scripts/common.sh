# shellcheck shell=bash
# Sourced by the other scripts: strict mode, the project's folder, and settings that the MPI launcher needs here.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Where `setup.sh peers` puts the programs that bench.sh compares with.
peers=${NN_PEERS:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/nntrain/peers}
# Where `setup.sh interop` puts the programs that tests exchange networks and results with.
interop=${NN_INTEROP:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/nntrain/interop}
# Where `setup.sh cross` puts libraries for another CPU.
sysroot=${NN_SYSROOT:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/nntrain/aarch64}

# build_preset PRESET [TARGET...]: configures and builds; without targets, everything.
build_preset() {
    local preset=$1 targets=()
    shift
    [ $# = 0 ] || targets=(--target "$@")
    (cd "$root" && cmake --preset "$preset" && cmake --build --preset "$preset" -j "$(nproc)" "${targets[@]}")
}

# export_missing WHY NAME=VALUE...: exports the variables that the user has not set, and says so.
export_missing() {
    local why=$1 variable name
    shift
    for variable in "$@"; do
        name=${variable%%=*}
        [ -z "${!name:-}" ] || continue
        export "${variable?}"
        echo "set $variable ($why)"
    done
}

# Makes `mpirun -n RANKS` work on this machine; tries the launcher to find out.
prepare_mpirun() {
    local ranks=$1
    if [ "$(id -u)" = 0 ] && mpirun --version 2>/dev/null | grep -q 'Open MPI\|OpenRTE'; then
        export_missing "Open MPI refuses to run as root without it" \
            OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
    fi
    if ! mpirun -n "$ranks" true >/dev/null 2>&1; then
        export_missing "mpirun offers fewer than $ranks cores; ranks share cores" \
            OMPI_MCA_rmaps_base_oversubscribe=1 PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe
    fi
}
