#!/usr/bin/env bash
# scripts/test.sh [PRESET]: setup, build, all tests; PRESET is release (default), debug, asan or tsan.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
preset=${1:-release}
"$root/scripts/setup.sh"
build_preset "$preset"
cd "$root"
# Many tests start several ranks of their own: more jobs than this would only make them wait for each other.
exec ctest --preset "$preset" -j 2
