#!/usr/bin/env bash
# Sequences longer than a bound, cut into windows: the bits are those of windows cut by hand, with targets per step and with
# a label, a weight and a group per sequence, on any ranks, streamed and resumed; no sequence is in two parts.
source "$(dirname "$0")/common.sh"
find_python
[ -n "$python" ] || { echo "skipped: no Python with h5py"; exit 77; }

"$python" - <<'PY' || exit 1
import h5py, numpy as n
r = n.random.default_rng(4)
N, T = 40, 5
lengths = r.integers(1, 19, N); lengths[:3] = [5, 10, 1]
starts = n.concatenate([[0], n.cumsum(lengths)])
y = n.arange(N) % 2; names = n.array(['cat', 'dog'])[y]; weights = r.random(N).astype('f4') + .5
x = (r.normal(0, 1, (starts[-1], 2)) + n.repeat(y, lengths)[:, None]).astype('f4'); tags = (x[:, 0] > 0).astype('i4')
windows = [(s, a, min(a + T, starts[s + 1])) for s in range(N) for a in range(starts[s], starts[s + 1], T)]
of = n.array([s for s, _, _ in windows])
padded, padded_tags = n.zeros((len(windows), T, 2), 'f4'), n.zeros((len(windows), T), 'i4')
for w, (s, a, b) in enumerate(windows): padded[w, :b - a] = x[a:b]; padded_tags[w, :b - a] = tags[a:b]
vlen = h5py.vlen_dtype('f4')
with h5py.File('flat.h5', 'w') as f:
    f['values'], f['offsets'], f['lengths'], f['tags'], f['y'], f['names'] = x, starts, lengths, tags, y, names.astype(object)
    f['weights'], f['patient'], f['short'] = weights, n.arange(N) // 4, y[:-1]
    d = f.create_dataset('vlen', (N,), vlen)
    for i in range(N): d[i] = x[starts[i]:starts[i + 1], 0]
with h5py.File('hand.h5', 'w') as f:
    f['x'], f['tags'], f['y'], f['names'], f['weights'], f['sequence'] = padded, padded_tags, y[of], names[of].astype(object), weights[of], of
    f['length'], f['patient'] = [b - a for _, a, b in windows], of // 4
for i, part in enumerate((range(0, 22), range(22, N))):
    with h5py.File(f'part{i}.h5', 'w') as f:
        a, b = starts[part[0]], starts[part[-1] + 1]
        f['values'], f['offsets'], f['y'] = x[a:b], starts[part[0]:part[-1] + 2] - a, y[part[0]:part[-1] + 1]
PY

config() { # NAME FILE TRAIN SPLIT FIELDS NETWORK
    cat >"$1.yaml" <<C
data: {file: "$2", train: {$3}, split: {validation: 0.3, by: group${4:+, group: $4}}${5:+, fields: {$5\}}}
network: [$6]
loss: cross_entropy
lr_schedule: constant
training: {epochs: 2, batch_size: 16, microbatch_size: 4}
C
}
same() { # WHAT RANKS NAME ARGUMENT...
    local what=$1 ranks=$2 name=$3
    shift 3
    train "$ranks" 1 "$name.yaml" --run-dir "run-$name" --fresh "$@" || { fail "$what ended with $?"; cat train.log; }
    : "${reference:=$(fingerprint)}"
    [ -n "$reference" ] && [ "$(fingerprint)" = "$reference" ] || { fail "$what gives different bits"; cat train.log; }
}
refused() { # PATTERN ARGUMENT...
    "$program" train "${@:2}" --run-dir refused --fresh >log 2>&1 && fail "not refused: ${*:2}"
    [ "$(grep -c -E -e "$1" log)" = 1 ] || { fail "${*:2}: not '$1' once"; cat log; }
}
window='x: {steps: 5, longer: window}'
one='gru: {units: 4}, dense: {units: classes}'
each='gru: {units: 4, output: sequence}, dense: {units: classes, per_step: true}'

config hand hand.h5 'x: x, y: y, lengths: length' sequence '' "$one"
config cut flat.h5 'x: values by offsets offsets, y: y' '' "$window" "$one"
reference=
same "windows by hand" 1 hand
same "windows" 2 cut
grep -qE 'data.train.x: .*: 40 sequences, cut into [0-9]+ windows: sequences of 1 to 5 steps' train.log || { fail "windows are not counted"; cat train.log; }
same "windows in a stream" 3 cut --set data.cache=stream --set data.memory=1
same "windows by lengths" 1 cut --set 'data.train.x=values by lengths lengths'
train 1 1 cut.yaml --run-dir resumed --fresh --set training.epochs=1
train 2 1 cut.yaml --run-dir resumed
[ "$(fingerprint)" = "$reference" ] || { fail "resumed: other bits"; cat train.log; }
config parts 'part?.h5' 'x: values by offsets offsets, y: y' '' "$window" "$one"
train 2 1 parts.yaml --run-dir run-parts --fresh || { fail "two files"; cat train.log; }
config named flat.h5 'x: values by offsets offsets, y: names' patient "$window" "$one"
config named_hand hand.h5 'x: x, y: names, lengths: length' patient '' "$one"
reference=
same "names, by hand" 1 named_hand
same "names per sequence, groups of sequences" 2 named
config weighted flat.h5 'x: values by offsets offsets, y: y, weights: weights' '' "$window" "$one"
config weighted_hand hand.h5 'x: x, y: y, lengths: length, weights: weights' sequence '' "$one"
reference=
same "weights by hand" 1 weighted_hand
same "weights per sequence" 3 weighted
config tags flat.h5 'x: values by offsets offsets, y: tags by offsets offsets' '' "$window" "$each"
config tags_hand hand.h5 'x: x, y: tags, lengths: length' sequence '' "$each"
reference=
same "targets per step, by hand" 1 tags_hand
same "targets per step" 2 tags

run predict run-cut --part validation -o cut.csv
run predict run-hand --part validation -o hand.csv
cmp -s cut.csv hand.csv || fail "windows are predicted differently"
run predict run-cut --data flat.h5 -o cut.csv
run predict run-hand --data hand.h5 -o hand.csv
cmp -s cut.csv hand.csv || fail "windows of another file are predicted differently"
run eval run-parts --data part0.h5

refused 'data.split: with longer: window, .*set by: group' cut.yaml --set data.split.by=sample
refused 'data.fields.x.longer: window: needs steps' cut.yaml --set data.fields.x.steps=0
refused '"vlen" does not have its values one after another' cut.yaml --set data.train.x=vlen
refused 'dataset "short" of .*has 39 rows, but the first input, .*has 40 sequences' cut.yaml --set data.train.y=short
finish
