#!/bin/sh
# Makes text.h5 from any text: ./prepare.sh FILE [FILE...]. Without a file, uses the King James Bible of Debian's
# package bible-kjv, which is in the public domain.
set -eu
folder=$(dirname "$0")
if [ $# -eq 0 ]; then
    if ! command -v bible >/dev/null; then
        echo "usage: prepare.sh TEXT...; or apt-get install bible-kjv for a text" >&2
        exit 2
    fi
    bible -f 'gen1:1-rev22:21' >"$folder/bible.txt"
    set -- "$folder/bible.txt"
fi
nntrain import text "$@" --overwrite -o "$folder/text.h5"
