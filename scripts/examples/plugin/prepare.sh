#!/bin/sh
# Builds the plug-in, and makes the data of the example fuel. nntrain is the one in PATH, as are its headers.
set -eu
cd "$(dirname "$0")"
program=$(realpath "$(command -v nntrain)")
cmake -S . -B build -DCMAKE_PREFIX_PATH="$(dirname "$(dirname "$program")")"
cmake --build build
[ -e fuel ] || nntrain init fuel
fuel/prepare.sh
