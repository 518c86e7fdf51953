#!/usr/bin/env bash
# Sequences of different lengths, as h5py stores them (vlen_dtype) or as values with offsets or lengths: the bits are
# those of the same sequences padded, with data.train.lengths, on any ranks, in memory and in a stream.
source "$(dirname "$0")/common.sh"
find_python
[ -n "$python" ] || { echo "skipped: python3 has no h5py"; exit 77; }

"$python" - <<'PY' || exit 1
import h5py, numpy as n
r = n.random.default_rng(7)
N, T = 60, 9
k = r.integers(3, T, N); k[17] = T; c = n.arange(N) % 2
seq = [r.normal(c[i], .5, (k[i], 2)).astype('f4') for i in range(N)]
tags = [(s[:, 0] > s[:, 1]).astype('u1') for s in seq]
def pad(s, shape, kind):
    p = n.zeros((len(s),) + shape, kind)
    for i, v in enumerate(s): p[i, :len(v)] = v
    return p
def vlen(f, name, s, kind):
    d = f.create_dataset(name, (len(s),), h5py.vlen_dtype(kind))
    for i, v in enumerate(s): d[i] = v
with h5py.File('s.h5', 'w') as f:
    f['y'] = c
    f['padded'] = pad(seq, (T, 2), 'f4'); f['length'] = k; f['cut'] = pad([s[:5] for s in seq], (5, 2), 'f4')
    f['last'] = pad([s[-5:] for s in seq], (5, 2), 'f4'); f['length5'] = n.minimum(k, 5)
    f['tags'] = pad(tags, (T,), 'u1')
    f.create_dataset('values', data=n.concatenate(seq), chunks=(16, 2), compression=1)
    f['offsets'] = n.concatenate([[0], n.cumsum(k)]).astype('u4'); f['starts'] = f['offsets'][:-1].astype('i8')
    f['lengths'] = k.astype('u1'); f['tag_values'] = n.concatenate(tags)
    pair = n.dtype([('a', 'f4'), ('b', 'f4')])
    vlen(f, 'records', [n.array([tuple(t) for t in s], pair) for s in seq], pair)
    vlen(f, 'first', [s[:, 0] for s in seq], '>f8'); f['first_padded'] = pad([s[:, :1] for s in seq], (T, 1), 'f4')
    vlen(f, 'vlen_tags', tags, 'u1')
    e = list(seq); e[4] = e[4][:0]; vlen(f, 'empty', [s[:, 0] for s in e], 'f4')
    vlen(f, 'texts', [n.array([b'a'] * 3, object)] * N, h5py.string_dtype())
    o = f['offsets'][:].astype('i8')
    for name, at, value in ('back', 7, 0), ('beyond', N, o[-1] + 1), ('negative', 0, -1):
        b = o.copy(); b[at] = value; f[name] = b
    f['packed'] = n.concatenate(seq); f['packed'].attrs['scale_factor'] = 0.5; f['short'] = k - 1; f['real'] = k.astype('f4'); f['few'] = o[:30]
    t = [v[::-1] for v in tags]; t[3] = t[3][:-1]; vlen(f, 'other_lengths', t, 'u1')
with h5py.File('short.h5', 'w') as f:
    few = [i for i in range(N) if k[i] < 7]
    f['y'] = c[few]; f['padded'] = pad([seq[i] for i in few], (T, 2), 'f4'); f['length'] = k[few]
    vlen(f, 'records', [n.array([tuple(t) for t in seq[i]], pair) for i in few], pair)
PY

config() { # NAME X Y MORE: more members of data:
    cat >"$1.yaml" <<C
data: {file: s.h5, train: {x: $2, y: $3${4:+, $4}}, split: {validation: 0.2}}
network: [lstm: {units: 4${5:-}}, dense: {units: classes}]
loss: cross_entropy
training: {epochs: 2, batch_size: 16, microbatch_size: 4}
C
}

# same WHAT RANKS NAME ARGUMENT...: trains to the bits of `reference`, or sets it
same() {
    local what=$1 ranks=$2 name=$3
    shift 3
    train "$ranks" 1 "$name.yaml" --run-dir "run-$name" --fresh "$@" || { fail "$what ended with $?"; cat train.log; }
    : "${reference:=$(fingerprint)}"
    [ -n "$reference" ] && [ "$(fingerprint)" = "$reference" ] || { fail "$what gives different bits"; cat train.log; }
}

# refused NAME TEXT ARGUMENT...: check and train end with an error, and say TEXT once
refused() {
    local name=$1 text=$2
    shift 2
    "$program" check "$name.yaml" "$@" >train.log 2>&1 && fail "check has no problem: $*"
    [ "$(grep -c -E -e "$text" train.log)" = 1 ] || { fail "check $*: not '$text' once"; cat train.log; }
    "$program" train "$name.yaml" --run-dir refused --fresh "$@" >train.log 2>&1 && fail "not refused: $*"
    [ "$(grep -c -E -e "$text" train.log)" = 1 ] || { fail "$*: not '$text' once"; cat train.log; }
}

# ---- one fingerprint ----
config padded padded y 'lengths: length'
config offsets 'values by offsets offsets' y
config starts 'values by offsets starts' y
config lengths 'values by lengths lengths' y
config records records y
reference=
same padded 1 padded
same "N + 1 offsets" 2 offsets
grep -q 'data.train.x: .*: sequences of 3 to 9 steps, padded with zeros to 9' train.log || { fail "bound not printed"; cat train.log; }
"$program" check offsets.yaml >log 2>&1 || fail "check"
[ "$(grep -c 'sequences of 3 to 9 steps' log)" = 1 ] || { fail "check does not say the bound once"; cat log; }
same "N + 1 offsets in a stream" 3 offsets --set data.cache=stream --set data.memory=1
same "N offsets" 1 starts
same "lengths" 2 lengths --set data.cache=stream
same "sequences of records" 3 records
same "sequences of records in a stream" 2 records --set data.cache=stream
config one first y
config one_padded first_padded y 'lengths: length'
reference=
same "one value per step, padded" 1 one_padded
same "one value per step, big-endian doubles" 2 one

# ---- targets per step, of sequences too ----
config tags padded tags 'lengths: length' ', output: sequence'
config vlen_tags records vlen_tags '' ', output: sequence'
config flat_tags 'values by offsets offsets' 'tag_values by offsets offsets' '' ', output: sequence'
sed -i 's/{units: classes}/{units: classes, per_step: true}/' ./*tags.yaml
reference=
same "labels per step, padded" 1 tags
same "sequences of labels" 2 vlen_tags
same "labels with offsets" 3 flat_tags --set data.cache=stream

# ---- longer sequences ----
config cut cut y 'lengths: length5'
config last last y 'lengths: length5'
refused offsets 'sequence 1?[0-9] of "values by offsets offsets" of .*s.h5 has [6-9] steps, more than the 5' --set data.fields.x.steps=5
reference=
same "the first steps" 1 cut
same "longer: cut" 2 offsets --set data.fields.x.steps=5 --set data.fields.x.longer=cut
same "longer: cut in a stream" 2 records --set data.fields.x.steps=5 --set data.fields.x.longer=cut --set data.cache=stream
reference=
same "the last steps" 1 last
same "longer: last" 3 records --set data.fields.x.steps=5 --set data.fields.x.longer=last

# ---- resumed, evaluated, predicted; another file, with shorter sequences ----
config resumed records y
reference=
same "four epochs" 1 padded --set training.epochs=4
train 2 1 resumed.yaml --run-dir part --set training.epochs=2 || { fail "first half"; cat train.log; }
train 3 1 resumed.yaml --run-dir part --set training.epochs=4 || { fail "second half"; cat train.log; }
[ "$(fingerprint)" = "$(sed -n 's/^fingerprint: //p' <("$program" info part))" ] || fail "info differs"
run eval run-padded --data short.h5
mv log padded.log
train 1 1 records.yaml --run-dir run-records --fresh --set training.epochs=4
run eval run-records --data short.h5
diff <(sed -n 's,.*samples of,,p' padded.log) <(sed -n 's,.*samples of,,p' log) || fail "another file with shorter sequences is evaluated differently"
run predict run-records --data short.h5 -o short.csv
run predict run-padded --data short.h5 -o padded.csv
cmp -s short.csv padded.csv || fail "another file is predicted differently"

# ---- what is wrong is said ----
refused offsets '"back" of .*: offset 7 is 0, less than the one before it' --set 'data.train.x=values by offsets back'
refused offsets '"beyond" of .*: offset 60 is [0-9]+, beyond the end' --set 'data.train.x=values by offsets beyond'
refused offsets '"negative" of .*: offset 0 is -1, which is negative' --set 'data.train.x=values by offsets negative'
refused offsets 'sum of the lengths is .*if these are offsets' --set 'data.train.x=values by lengths short'
refused offsets '"real" of .* is float32 of 1 dimensions: offsets and lengths are integers' --set 'data.train.x=values by offsets real'
refused offsets '"nothing" of .*does not exist' --set 'data.train.x=values by offsets nothing'
refused offsets 'has 30 samples, but dataset "y" has 60' --set 'data.train.x=values by offsets few'
refused offsets 'the attributes of dataset "packed" of .*unpacked by x 0.5' --set 'data.train.x=packed by offsets offsets'
refused records 'the length of sample 4 is not an integer from 1' --set data.train.x=empty
refused records '"texts" of .* holds sequences of text.*cannot be read as numbers' --set data.train.x=texts
refused records 'data.train.lengths: the sequences of data.train.x are stored with their lengths: remove it' --set data.train.lengths=length
refused records 'data.window: windows are cut from one long series' --set data.window.length=3
refused vlen_tags 'have different lengths' --set data.train.y=other_lengths
finish
