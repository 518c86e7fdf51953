#!/usr/bin/env bash
# guard.sh PROGRAM BUILD_FOLDER: fails when one of the kernels, layouts or reductions has become slower in comparison with
# the others than recorded in ratios.json. Minutes long, for a machine that does nothing else.
set -euo pipefail
folder=$(cd "$(dirname "$0")/../../scripts/bench" && pwd)
exec python3 "$folder/guard.py" "$1" "$2/tests" "${@:3}"
