#!/usr/bin/env bash
# Texts as sequences of characters or bytes: the bits are those of the numbers written by hand, on any ranks, streamed and
# resumed; the vocabulary is that of training, whatever other files have; unknown characters of inputs are counted, those
# of targets refused.
source "$(dirname "$0")/common.sh"
find_python
[ -n "$python" ] || { echo "skipped: no Python with h5py"; exit 77; }

"$python" - <<'PY' || exit 1
import h5py, numpy as n
r = n.random.default_rng(11)
N = 60
letters = list('abcé z日\n')
y = n.arange(N) % 2
texts = [''.join(r.choice(letters, r.integers(2, 9))) + ('é' if k else 'b') for k in y]
texts[0] = ''.join(letters) + 'b'  # each occurs
names = sorted(set(''.join(texts)))
def codes(values, numbers, T=None):
    T = T or max(map(len, values)); out = n.zeros((len(values), T), 'i4')
    for row, v in zip(out, values): row[:min(T, len(v))] = [numbers(c) for c in v[:T]]
    return out
number = lambda c: names.index(c) + 1
raw = [t.encode() for t in texts]
tags = [''.join('KV'[c in 'aé'] for c in t) for t in texts]
with h5py.File('t.h5', 'w') as f:
    f['y'] = y; f['text'] = texts; f.create_dataset('packed', data=texts, chunks=(7,), compression='gzip')
    f['fixed'] = n.array(raw); f['codes'] = codes(texts, number); f['length'] = [len(t) for t in texts]
    f['bytes'] = codes(raw, lambda b: b + 1); f['byte_length'] = [len(t) for t in raw]
    f['five'] = codes(texts, number, 5); f['five_length'] = [min(5, len(t)) for t in texts]
    f['tags'] = tags; f['tag_codes'] = codes(tags, lambda c: 'KV'.index(c) + 1); f['tag_codes_classes'] = ['(none)', 'K', 'V']
    record = n.zeros(N, [('id', 'i4'), ('body', 'S40')]); record['body'] = raw; f['table'] = record
    f['latin'] = n.array([t.encode('latin1', 'replace') for t in texts]); f['two'] = n.array(raw).reshape(30, 2)
    f['empty'] = [''] + texts[1:]
parts = [range(0, 25), range(25, N)]  # the second part has fewer characters, numbered differently
for i, rows in enumerate(parts):
    with h5py.File(f'part{i}.h5', 'w') as f: f['text'] = [texts[k] for k in rows]; f['y'] = y[rows]
other = ['bé ', 'éßb', 'zü日日ü']
with h5py.File('other.h5', 'w') as f: f['text'] = other; f['y'] = [1, 0, 1]; f['tags'] = ['KV ', 'KKK', 'KVKVK']
def known(c): return names.index(c) + 1 if c in names else 0
with h5py.File('other_codes.h5', 'w') as f: f['codes'] = codes(other, known, 9); f['length'] = [len(t) for t in other]; f['y'] = [1, 0, 1]
PY

# config NAME FILE TRAIN FIELDS [NETWORK]
config() {
    cat >"$1.yaml" <<C
data: {file: "$2", train: {$3}, split: {validation: 0.2}, fields: {$4}}
network: [embedding: {symbols: 9, units: 3}, ${5:-gru: {units: 4\}, dense: {units: classes\}}]
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
    "$program" "${@:2}" --fresh >log 2>&1 && fail "not refused: ${*:2}"
    [ "$(grep -c -E -e "$1" log)" = 1 ] || { fail "${*:2}: not '$1' once"; cat log; }
}

# ---- the numbers by hand ----
config codes t.h5 'x: codes, y: y, lengths: length' 'x: {kind: index, classes: 9}'
config text t.h5 'x: text, y: y' 'x: {kind: text}'
reference=
same codes 1 codes
same texts 1 text
grep -q 'data.train.x: "text": texts of 8 different characters: sequences of 3 to 9 steps' train.log || { fail "texts are not described"; cat train.log; }
same "texts in a stream" 3 text --set data.cache=stream --set data.memory=1
same "compressed texts" 2 text --set data.train.x=packed
same "texts of fixed length" 1 text --set data.train.x=fixed
same "texts in records" 2 text --set data.train.x=table.body
train 1 1 text.yaml --run-dir resumed --fresh --set training.epochs=1
train 2 1 text.yaml --run-dir resumed
[ "$(fingerprint)" = "$reference" ] || { fail "resumed: other bits"; cat train.log; }
config five t.h5 'x: five, y: y, lengths: five_length' 'x: {kind: index, classes: 9}'
reference=
same "five characters" 1 five
same "cut to five" 2 text --set data.fields.x.steps=5 --set data.fields.x.longer=cut
config bytes t.h5 'x: bytes, y: y, lengths: byte_length' 'x: {kind: index, classes: 257}'
reference=
sed -i 's/symbols: 9/symbols: 257/' bytes.yaml
sed 's/symbols: 9/symbols: 257/; s/kind: text/kind: text, vocabulary: bytes/' text.yaml >text_bytes.yaml
same "bytes by hand" 1 bytes
same bytes 2 text_bytes
run eval run-text_bytes --data other.h5
grep -q 'not known' log && fail "a byte is not known"
config parts 'part?.h5' 'x: text, y: y' 'x: {kind: text}'
config one t.h5 'x: text, y: y' 'x: {kind: text}'
reference=
same "one file" 1 one
same "two files" 2 parts
grep -q 'not known' train.log && { fail "characters of a training file are not known"; cat train.log; }

# ---- other files ----
run eval run-one --data other.h5
said 'has 2 characters, 3 times, that are not known to'
said 'ß, ü'
same "codes again" 1 codes
run predict run-one --data other.h5 -o text.csv
run predict run-codes --data other_codes.h5 -o codes.csv
cut -d, -f3- text.csv >a; cut -d, -f3- codes.csv >b
cmp -s a b || { fail "other texts are predicted differently"; paste text.csv codes.csv; }
cat >tested.yaml <<C
data: {file: t.h5, train: {x: text, y: y}, test: {file: other.h5, x: text, y: y}, fields: {x: {kind: text, steps: 10}}}
network: [embedding: {symbols: 9, units: 3}, gru: {units: 4}, dense: {units: classes}]
loss: cross_entropy
training: {epochs: 1, batch_size: 16, microbatch_size: 4}
C
train 2 1 tested.yaml --run-dir tested --fresh || { fail "a test part with other characters"; cat train.log; }
[ "$(grep -c '2 characters, 3 times, that are not known' train.log)" = 1 ] || { fail "characters of the test part"; cat train.log; }

# ---- a target per character ----
network='gru: {units: 4, output: sequence}, dense: {units: classes, per_step: true}'
config tags t.h5 'x: text, y: tags' 'x: {kind: text}, y: {kind: text}' "$network"
config tag_codes t.h5 'x: codes, y: tag_codes, lengths: length' 'x: {kind: index, classes: 9}' "$network"
reference=
same "tags by hand" 1 tag_codes
same "tags" 2 tags --set data.cache=stream
refused "data.test.y: .*has the class ' ', which is not known to" train tags.yaml --run-dir no --set data.test.file=other.h5 \
    --set data.test.x=text --set data.test.y=tags --set data.fields.x.steps=10 --set data.fields.y.steps=10

# ---- what cannot be right ----
refused 'text [0-9]* of dataset "latin" of .*t.h5 is not UTF-8 at its byte [0-9]*: set vocabulary: bytes' train text.yaml --run-dir no --set data.train.x=latin
run train text_bytes.yaml --run-dir latin --set data.train.x=latin
refused 'dataset "codes" of .*t.h5 holds int32, not texts: set kind: index' train text.yaml --run-dir no --set data.train.x=codes
refused 'dataset "two" of .*has 2 dimensions of texts' train text.yaml --run-dir no --set data.train.x=two
refused 'the length of sample 0 is not an integer from 1' train text.yaml --run-dir no --set data.train.x=empty
refused 'has 9 steps, more than the 5 of a sample: set longer: cut' train text.yaml --run-dir no --set data.fields.x.steps=5
run check text.yaml
finish
