#!/usr/bin/env bash
# Compiles the player. pkg-config finds an nntrain that was installed elsewhere by PKG_CONFIG_PATH=PREFIX/lib/pkgconfig.
set -eu
cd "$(dirname "$0")"
# shellcheck disable=SC2046
mpicc -std=c11 -O2 cartpole.c $(pkg-config --cflags --libs nntrain) -lm -o cartpole
