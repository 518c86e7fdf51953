#!/usr/bin/env bash
# Layout by clang-format and findings of clang-tidy over src, include and tests; non-zero when there are any.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$root"
mapfile -t sources < <(find src include tests -name '*.[ch]' | sort)
failed=0

if command -v clang-format >/dev/null; then
    clang-format --dry-run -Werror "${sources[@]}" || failed=1
    echo "clang-format: ${#sources[@]} files"
else
    echo "clang-format is not installed: the layout was not checked"
fi

if command -v run-clang-tidy >/dev/null; then
    [ -f build/release/compile_commands.json ] || cmake --preset release
    run-clang-tidy -quiet -p build/release -j 2 "^$root/(src|tests)/" || failed=1
else
    echo "clang-tidy is not installed: its checks did not run"
fi
exit $failed
