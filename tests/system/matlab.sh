#!/usr/bin/env bash
# Files of MATLAB 7.3 (tests/data/foreign/make_matlab.py): their arrays are turned around, which one line of the
# configuration says, and give the bits of the same data by rows; text, cells and empty arrays are refused with a remedy.
source "$(dirname "$0")/common.sh"
find_python
[ -n "$python" ] || { echo "skipped: python3 has no h5py"; exit 77; }
cp "$source_folder/tests/data/foreign/matlab.mat" .

"$python" - <<'PY' || exit 1
import h5py, numpy as np
m = h5py.File('matlab.mat'); s = m['sparse']
x = m['x'][:].T; dense = np.zeros((30, 4), 'f4')
for c in range(4): a, b = s['jc'][c], s['jc'][c + 1]; dense[s['ir'][a:b].astype(int), c] = s['data'][a:b]
assert (dense == x * (x > .5)).all()
with h5py.File('rows.h5', 'w') as f:
    f['x'] = x; f['images'] = m['images'][:].transpose(0, 3, 2, 1); f['y'] = np.arange(30) % 3; f['logical'] = (np.arange(30) % 3 > 0).astype('u1'); f['sparse'] = dense
PY
config() { # NAME FILE X Y FIELDS
    cat >"$1.yaml" <<C
data: {file: $2, train: {x: $3, y: $4}, split: {validation: 0.2}${5:+, fields: {$5\}}}
network: [flatten, dense: {units: classes}]
loss: cross_entropy
training: {epochs: 2, batch_size: 8, microbatch_size: 4}
C
}
bits() { # NAME [OPTION...]
    local name=$1
    shift
    train 1 1 "$name.yaml" --run-dir "run-$name" --fresh "$@" >/dev/null || { fail "$name"; cat train.log; }
    fingerprint
}
same() { # NAME EXPECTED
    local found
    found=$(bits "$1")
    [ -n "$found" ] && [ "$found" = "$2" ] || fail "$1 does not give the bits of the same data by rows"
}
refused() { # PATTERN X Y [FIELDS]
    config wrong matlab.mat "$2" "$3" "${4:-}"
    "$program" check wrong.yaml >log 2>&1 && fail "not refused: $2, $3"
    [ "$(grep -c -F -e "$1" log)" = 1 ] || { fail "not '$1' once: $2, $3"; cat log; }
}

config x rows.h5 x y && x=$(bits x)
config images rows.h5 images y && images=$(bits images)
config sparse rows.h5 sparse y && sparse=$(bits sparse)
config logical rows.h5 x logical && logical=$(bits logical)
labels='layout: FN, first_label: 1'
config column matlab.mat x column "x: {layout: FN}, y: {$labels}"
config row matlab.mat x row 'x: {layout: FN}, y: {first_label: 1}'
config int32 matlab.mat x int32 "x: {layout: FN}, y: {$labels}"
config struct matlab.mat s/x s/y "x: {layout: FN}, y: {$labels}"
for name in column row int32 struct; do same $name "$x"; done
config pictures matlab.mat images row 'x: {layout: NCWH}, y: {first_label: 1}'
same pictures "$images"
config flags matlab.mat x logical 'x: {layout: FN}, y: {layout: FN}'
same flags "$logical"
config columns matlab.mat sparse row 'y: {first_label: 1}'
same columns "$sparse"

# Without the line, the message has it.
refused 'both have 30 along the last dimension: if these are the samples, set data.fields.x.layout: FN and data.fields.y.layout: FN' x column
refused 'dimension 2 of "x" has extent 30: if samples lie along it, set data.fields.x.layout: FN' x row
"$program" check column.yaml --set data.fields.y.first_label=0 >log 2>&1
grep -q 'class 0.*set data.fields.y.first_label to the first label' log || { fail "labels from 1 are not warned about"; cat log; }

# What is not numbers.
refused 'unique(words)' x words 'x: {layout: FN}'
refused 'is text in MATLAB, stored as numbers of characters: number its rows there with [names, ~, y] = unique(cellstr(text))' text row
refused 'is empty in MATLAB, which stores only its extents' empty row
run info matlab.mat
said 'images: 30 x 3 x 5 x 6 uint8'
! grep -q '#refs#' log || { fail "the members of cells are listed"; cat log; }
finish
