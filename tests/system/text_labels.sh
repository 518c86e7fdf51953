#!/usr/bin/env bash
# Labels that are texts, of fixed and of variable length, in ASCII and UTF-8. Fails when they do not give the bits of the
# same classes as integers with names, on any number of ranks, in memory or streamed, and however they are divided among
# files; when the order of classes depends on the files; or when an unknown or empty text is not explained.
source "$(dirname "$0")/common.sh"
find_python
[ -n "$python" ] || { echo "skipped: python3 has no h5py"; exit 77; }

"$python" - <<'PY' || fail "Python failed"
import h5py, numpy
r = numpy.random.default_rng(7)
names = ['Zebra', 'chat', 'ete', 'étoile']  # in the order of their bytes
k = r.integers(0, 4, 60); k[:4] = [3, 1, 0, 2]
x = (numpy.eye(4)[k] + r.normal(0, .2, (60, 4))).astype('f4')
text = numpy.array(names)[k]
t = r.integers(0, 4, (60, 5))
with h5py.File('t.h5', 'w') as f:
    f['x'] = x
    f['number'] = k; f['number_classes'] = names
    f['free'] = text.astype(object)
    f['fixed'] = numpy.array([v.encode() for v in text])
    f.create_dataset('packed', data=text.astype(object), chunks=(7,), compression='gzip')
    f['one'] = text.astype(object)[:, None]
    f['ascii'] = numpy.array(['d', 'b', 'a', 'c'], 'S')[k]
    f['holes'] = numpy.where(numpy.arange(60) % 9 == 4, '', text).astype(object)
    f['ignored'] = numpy.where(numpy.arange(60) % 9 == 4, -1, k); f['ignored_classes'] = names
    f['order'] = numpy.array([1, 0, 3, 2])[k]; f['order_classes'] = ['chat', 'Zebra', 'étoile', 'ete']
    f['s'] = (t[..., None] + r.normal(0, .1, (60, 5, 1))).astype('f4')
    f['tags'] = numpy.array(['N', 'V', 'A', 'P'])[t].astype(object)
    f['tag'] = numpy.array([1, 3, 0, 2])[t]; f['tag_classes'] = ['A', 'N', 'P', 'V']
# The first file lacks the first class; each file has its own length of text.
order = numpy.argsort(k == 0, kind='stable')
for i, rows in enumerate((order[:20], order[20:40], order[40:])):
    with h5py.File(f'part{i}.h5', 'w') as f:
        f['x'] = x[rows]; f['y'] = numpy.array([text[j].encode() for j in rows]); f['n'] = k[rows]
        f['n_classes'] = names
with h5py.File('test.h5', 'w') as f: f['x'] = x[:8]; f['y'] = text[:8].astype(object)
with h5py.File('new.h5', 'w') as f:
    f['x'] = x[:8]; f['y'] = numpy.array(['chat', 'chien'])[numpy.arange(8) % 2].astype(object)
PY

# config NAME DATA [NETWORK]
config() {
    local network=${3:-}
    [ -n "$network" ] || network='dense: {units: classes}'
    { echo "data: {$2}"; echo "network: [$network]"; echo "loss: cross_entropy"; echo "training: {epochs: 2}"; } >"$1.yaml"
}

# gives NAME RANKS ARGUMENT...: sets `print` to the fingerprint
gives() {
    train "$2" 1 "$1.yaml" --run-dir "run-$1" --fresh "${@:3}" || { fail "$1: exit $?"; cat train.log; }
    print=$(fingerprint)
    [ -n "$print" ] || fail "$1: no fingerprint"
}

split='split: {validation: 0.2, test: 0.2, stratified: true}'
config number "file: t.h5, train: {x: x, y: number}, $split"
gives number 2
wanted=$print
for y in free fixed packed one; do
    config $y "file: t.h5, train: {x: x, y: $y}, $split"
    gives $y 2
    [ "$print" = "$wanted" ] || fail "$y: $print, not $wanted"
done
for ranks in 1 3; do
    gives free $ranks --set data.cache=stream
    [ "$print" = "$wanted" ] || fail "free on $ranks ranks in a stream: $print, not $wanted"
done
grep -q '4 classes: Zebra, *chat, *ete, *étoile' train.log || { fail "the classes are not in the order of their bytes"; cat train.log; }
train 2 1 free.yaml --run-dir run-free --set training.epochs=3 || { fail "more epochs: exit $?"; cat train.log; }
"$program" eval run-fixed >eval.log 2>&1 || { fail "eval"; cat eval.log; }
grep -q 'étoile' eval.log || { fail "eval has no names"; cat eval.log; }
"$program" predict run-fixed -o fixed.csv >predict.log 2>&1 || { fail "predict"; cat predict.log; }
"$program" predict run-number -o number.csv >predict.log 2>&1 || { fail "predict"; cat predict.log; }
cmp -s fixed.csv number.csv || fail "predictions differ: $(diff fixed.csv number.csv | head -4)"
grep -q étoile fixed.csv || fail "predictions have no names: $(head -n 2 fixed.csv)"
[ "$("$program" info t.h5 | grep -c '4 different texts: "Zebra" ([0-9]*), "chat"')" -ge 3 ] || fail "info does not count the texts"

# ---- files ----
config shards "file: 'part?.h5', train: {x: x, y: n}, test: {file: test.h5, x: x, y: y}, fields: {y: {class_names: n_classes}}"
sed -i 's/test: {file[^}]*}, //' shards.yaml
gives shards 2
wanted=$print
config texts "file: 'part?.h5', train: {x: x, y: y}"
for ranks in 1 2 3; do
    gives texts $ranks
    [ "$print" = "$wanted" ] || fail "texts in three files on $ranks ranks: $print, not $wanted"
done
config tested "file: 'part?.h5', train: {x: x, y: y}, test: {file: test.h5, x: x, y: y}"
gives tested 2
config unknown "file: 'part?.h5', train: {x: x, y: y}, test: {file: new.h5, x: x, y: y}"
"$program" check unknown.yaml >check.log 2>&1 && fail "a class of the test part alone is not refused"
grep -q "data.test.y: .*new.h5: has the class 'chien', which is not known to .*the names there: Zebra, chat, ete, étoile; the names here: chat, chien" check.log ||
    { fail "an unknown class is not explained"; cat check.log; }
"$program" predict run-texts --data new.h5 -o new.csv >predict.log 2>&1 || { fail "predict of an unknown class"; cat predict.log; }
grep -q chien new.csv || fail "an unknown class is not shown"

# ---- another order, missing and several texts ----
config order "file: t.h5, train: {x: x, y: order}"
gives order 2
wanted=$print
config ordered "file: t.h5, train: {x: x, y: free}, fields: {y: {labels: [chat, Zebra, étoile, ete]}}"
gives ordered 2
[ "$print" = "$wanted" ] || fail "in the order of labels: $print, not $wanted"
"$program" check ordered.yaml --set 'data.fields.y.labels=[chat, Zebra, étoile]' >check.log 2>&1 && fail "a text that is not among the labels is not refused"
grep -q "has the class 'ete', which is not known to the configuration's labels" check.log || { fail "labels"; cat check.log; }
config holes "file: t.h5, train: {x: x, y: holes}"
"$program" check holes.yaml >check.log 2>&1 && fail "an empty text is not refused"
grep -q 'the label of sample 4 is an empty text.*missing: drop' check.log || { fail "an empty text is not explained"; cat check.log; }
config ignored "file: t.h5, train: {x: x, y: ignored}, fields: {y: {ignored_label: -1}}"
gives ignored 2
wanted=$print
gives holes 2 --set data.fields.y.missing=mask
[ "$print" = "$wanted" ] || fail "empty texts that are ignored: $print, not $wanted"
config tag "file: t.h5, train: {x: s, y: tag}, fields: {x: {layout: NTF}, y: {layout: NT}}" 'lstm: {units: 4, output: sequence}, dense: {units: classes, per_step: true}'
gives tag 2
wanted=$print
config tags "file: t.h5, train: {x: s, y: tags}, fields: {x: {layout: NTF}, y: {layout: NT}}" 'lstm: {units: 4, output: sequence}, dense: {units: classes, per_step: true}'
gives tags 2
[ "$print" = "$wanted" ] || fail "a text at each step: $print, not $wanted"
finish
