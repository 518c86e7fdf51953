#!/usr/bin/env bash
# From a fresh clone to a trained network: setup, build, and the built-in example on two ranks.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
"$root/scripts/setup.sh"
build_preset release
cd "$root"
prepare_mpirun 2
echo "running: mpirun -n 2 build/release/nntrain $*"
exec mpirun -n 2 build/release/nntrain "$@"
