#!/usr/bin/env bash
# scripts/test.sh [--slow] [PRESET]: setup, build and tests. PRESET: release (default), debug, asan or tsan. --slow or
# CI=true adds tests that take minutes (hundreds of kills, full disks, a SLURM cluster of several nodes). Tests of speed
# want a machine of their own: ctest --test-dir build/release -L bench.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
preset=release slow=${CI:-}
for word in "$@"; do
    case $word in
    --slow) slow=true ;;
    *) preset=$word ;;
    esac
done
left_out='slow|bench'
if [ -n "$slow" ] && [ "$slow" != false ]; then left_out=bench; fi
"$root/scripts/setup.sh"
"$root/scripts/setup.sh" tests || echo "without Python's h5py, the tests that create their data with it are skipped"
# Tests that need SLURM start their own, as root; without it they are skipped.
if [ $left_out = bench ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    "$root/scripts/setup.sh" testbed || echo "without SLURM, the tests of the batch scripts are skipped"
fi
if [ $left_out = bench ]; then
    "$root/scripts/setup.sh" interop || echo "without PyTorch and others, the tests that exchange networks with them are skipped"
fi
build_preset "$preset"
cd "$root"
# Many tests start several ranks: with more jobs than this they would only wait for each other.
exec ctest --preset "$preset" -j 2 -LE "$left_out"
