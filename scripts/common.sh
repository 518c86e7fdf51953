# shellcheck shell=bash
# Sourced by the other scripts: strict mode, the folder of the project, and what the MPI launcher needs here.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Configures and builds a preset.
build_preset() {
    (cd "$root" && cmake --preset "$1" && cmake --build --preset "$1" -j "$(nproc)")
}

# set_and_tell WHY NAME=VALUE...: exports variables and says so; what the user has set already stays.
set_and_tell() {
    local why=$1 variable name
    shift
    for variable in "$@"; do
        name=${variable%%=*}
        [ -z "${!name:-}" ] || continue
        export "${variable?}"
        echo "set $variable ($why)"
    done
}

# Makes `mpirun -n RANKS` work on this machine: the launcher itself is asked whether it would start them.
prepare_mpirun() {
    local ranks=$1
    if [ "$(id -u)" = 0 ] && mpirun --version 2>/dev/null | grep -q 'Open MPI\|OpenRTE'; then
        set_and_tell "Open MPI refuses to run as root without it" \
            OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
    fi
    if ! mpirun -n "$ranks" true >/dev/null 2>&1; then
        set_and_tell "mpirun offers fewer than $ranks cores; the ranks take turns" \
            OMPI_MCA_rmaps_base_oversubscribe=1 PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe
    fi
}
