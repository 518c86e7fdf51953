#!/usr/bin/env bash
# Runs clang-format and clang-tidy over src, include and tests; exits non-zero if either finds anything.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$root"
mapfile -t sources < <(find src include tests -name '*.[ch]' | sort)
failed=0

if command -v clang-format >/dev/null; then
    clang-format --dry-run -Werror "${sources[@]}" || failed=1
    echo "clang-format: ${#sources[@]} files"
else
    echo "clang-format is not installed: formatting was not checked"
fi

if command -v run-clang-tidy >/dev/null; then
    [ -f build/release/compile_commands.json ] || cmake --preset release
    run-clang-tidy -quiet -p build/release -j 2 "^$root/(src|tests)/" || failed=1
else
    echo "clang-tidy is not installed: its checks were not run"
fi
exit $failed
