#!/usr/bin/env bash
# Inputs, targets, lengths, weights and groups in files of their own. Fails when files are paired wrongly or without a
# word, when an ambiguous choice is not refused with both lists, or when the bits are not those of whole files.
source "$(dirname "$0")/common.sh"
find_python
[ -n "$python" ] || { echo "skipped: python3 has no h5py"; exit 77; }

"$python" - <<'PY' || fail "Python failed"
import h5py, numpy
r = numpy.random.default_rng(7)
y = r.integers(0, 3, 90); x = (numpy.eye(3)[y] + r.normal(0, .2, (90, 3))).astype('f4')
w = r.uniform(.5, 2, 90).astype('f4'); g = numpy.arange(90) // 5
s = (y[:, None, None] + r.normal(0, .2, (90, 4, 1))).astype('f4'); n = r.integers(1, 5, 90)
def write(name, **data):
    with h5py.File(name, 'w') as f:
        for key in data: f[key] = data[key]
for k in range(3):
    part = slice(30 * k, 30 * k + 30)
    write(f'x_{k + 8:03}.h5', x=x[part], s=s[part]); write(f'whole{k}.h5', x=x[part], y=y[part], w=w[part], g=g[part], s=s[part], n=n[part])
    write(f'label-{k + 8}.h5', y=y[part]); write(f'about_{k + 8}.h5', w=w[part], g=g[part], n=n[part])
    write(f'odd_{"abc"[k]}.h5', y=y[part])
write('short_8.h5', y=y[:30])
PY

config() { { echo "data: {$2}"; echo "network: [${net:-dense: 3}]"; echo 'loss: cross_entropy'; echo 'training: {epochs: 2}'; } >"$1.yaml"; }
# gives NAME RANKS ARGUMENT...: sets `print`
gives() {
    train "$2" 1 "$1.yaml" --run-dir "run-$1" --fresh "${@:3}" || { fail "$1: exit $?"; cat train.log; }
    print=$(fingerprint)
    [ -n "$print" ] || fail "$1: no fingerprint"
}
# same NAME DATA REFERENCE: on 1, 2 and 3 ranks, the last in a stream
same() {
    gives "$3" 2
    local wanted=$print ranks
    config "$1" "$2"
    for ranks in 1 2 3; do
        gives "$1" $ranks --set data.cache=$([ $ranks = 3 ] && echo stream || echo memory)
        [ "$print" = "$wanted" ] || fail "$1 on $ranks ranks: $print, but $3: $wanted"
    done
}

config whole 'file: "whole?.h5", train: {x: x, y: y, weights: w}, split: {test: 0.2, by: group, group: g}'
about='"about_*.h5"'
# In byte order about_10.h5 comes first.
same byname "train: {x: {file: 'x_*.h5', path: x}, y: {file: 'label-*.h5', path: y}, weights: {file: $about, path: w}}, split: {test: 0.2, by: group, group: {file: $about, path: g}}" whole
grep -q 'data.train.y: 3 files are paired with those of the part by name: label-8.h5 with x_008.h5, ..., label-10.h5 with x_010.h5' train.log ||
    { fail "pairs are made without a word"; cat train.log; }
"$program" eval run-byname >eval.log 2>&1 || { fail "eval"; cat eval.log; }
"$program" predict run-byname -o p.csv >predict.log 2>&1 || { fail "predict"; cat predict.log; }
train 2 1 byname.yaml --run-dir run-byname --set training.epochs=3 || { fail "more epochs: exit $?"; cat train.log; }
config inorder "file: 'x_*.h5', train: {x: x, y: {file: [odd_a.h5, odd_b.h5, odd_c.h5], path: y}}"
config plain 'file: "whole?.h5", train: {x: x, y: y}'
same inorder "file: [x_008.h5, x_009.h5, x_010.h5], train: {x: x, y: {file: [odd_a.h5, odd_b.h5, odd_c.h5], path: y}}" plain
grep -q 'paired with those of the part in the order of the lists: odd_a.h5 with x_008.h5' train.log || { fail "lists are paired without a word"; cat train.log; }
net='lstm: {units: 4}, dense: {units: 3}'
config sequences 'file: "whole?.h5", train: {x: s, y: y, lengths: n}'
same lengths "train: {x: {file: 'x_*.h5', path: s}, y: {file: 'label-*.h5', path: y}, lengths: {file: $about, path: n}}" sequences
net=

# refused DATA PATTERN
refused() {
    config wrong "$1"
    "$program" check wrong.yaml >check.log 2>&1 && fail "$1 is not refused"
    grep -q -E -e "$2" check.log || { fail "$1: not '$2'"; cat check.log; }
}
refused "train: {x: {file: 'x_*.h5', path: x}, y: {file: 'odd_*.h5', path: y}}" \
    "odd_\*.h5 matches files that differ in other words.*odd_a.h5, odd_b.h5, odd_c.h5; those of the part: x_008.h5, x_009.h5, x_010.h5; .*give lists"
refused "train: {x: {file: 'x_*.h5', path: x}, y: {file: 'short_*.h5', path: y}}" 'matches 1 files, but the part has 3'
refused "train: {x: {file: 'x_*.h5', path: x}, y: {file: 'label-*.h5', path: y}, lengths: {path: n}}" 'needs a file'
refused "train: {x: {file: [], path: x}, y: y}" 'needs a file, a list of files, or a pattern'
refused "train: {file: [x_008.h5, label-8.h5], x: x, y: y}" 'x: .file: FILE, path: DATASET.'

# ---- what info proposes ----
"$program" info x_008.h5 label-8.h5 >info.log 2>&1 || { fail "info of two files"; cat info.log; }
{ sed -n '/^data:/,$p' info.log; echo 'network: [flatten, dense: {units: classes}]'; echo 'loss: cross_entropy'; } >pasted.yaml
grep -q 'y: {file: label-8.h5, path: y}' pasted.yaml || { fail "info x y"; cat info.log; }
"$program" check pasted.yaml >check.log 2>&1 || { fail "what info proposes"; cat pasted.yaml check.log; }
"$program" info whole?.h5 --json | "$python" -c 'import json, sys; v = json.load(sys.stdin); assert len(v["files"]) == 3 and v["section"].startswith("data:"), v' ||
    fail "info --json of three files"
finish
