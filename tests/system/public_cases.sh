#!/usr/bin/env bash
# Data layouts from public reports: each is read, or refused in one message, and the remedy in the message is applied
# here and must lead to a run.
source "$(dirname "$0")/common.sh"
find_python
[ -n "$python" ] || { echo "skipped: python3 has no h5py"; exit 77; }

# py: Python from standard input
py() { { echo "import h5py, numpy; r = numpy.random.default_rng(7)"; cat; } | "$python" - || fail "Python failed"; }

# config NAME LOSS NETWORK DATA: DATA is the value of `data:`, in braces
config() {
    { echo "data: $4"; echo "network: [$3]"; echo "loss: $2"; echo "training: {epochs: 2}"; } >"$1.yaml"
}

# runs NAME ARGUMENT...: ends with 0 on 2 ranks, and again with the same fingerprint on 3 from a stream
runs() {
    local name=$1 first
    shift
    rm -rf "run-$name" "again-$name"
    train 2 1 "$name.yaml" --run-dir "run-$name" "$@" || { fail "$name $*: exit $?"; cat train.log; return; }
    first=$(fingerprint)
    train 3 1 "$name.yaml" --run-dir "again-$name" "$@" --set data.cache=stream || { fail "$name $*: in a stream"; cat train.log; }
    [ -n "$first" ] && [ "$(fingerprint)" = "$first" ] || fail "$name $*: different bits in a stream: $first, $(fingerprint)"
}

# refused NAME PATTERN ARGUMENT...: check exits with 2 and train with 5 or 2, with one message each, and check creates
# no run
refused() {
    local name=$1 pattern=$2 code
    shift 2
    rm -rf "refused-$name"
    "$program" check "$name.yaml" "$@" >check.log 2>&1
    code=$?
    [ $code = 2 ] || { fail "check $name: exit $code"; cat check.log; }
    [ "$(grep -c -E -e "$pattern" check.log)" = 1 ] || { fail "check $name: not '$pattern' once"; cat check.log; }
    train 2 1 "$name.yaml" --run-dir "refused-$name" "$@"
    code=$?
    [ $code = 5 ] || [ $code = 2 ] || { fail "$name: exit $code"; cat train.log; }
    [ "$(grep -c -E -e "$pattern" train.log)" = 1 ] || { fail "$name: not '$pattern' once"; cat train.log; }
}

# setting: prints the KEY: VALUE recommended by the last refusal, as an argument
setting() { grep -o -E 'set data\.[a-z_.]+: [^;,(]+(, [-0-9]+\])?' train.log | head -n 1 | sed 's/^set //; s/: /=/; s/ *$//'; }

classes='dense: {units: classes}'

# ---- inputs and labels in separate files, and patterns of such files ----
py <<'PY'
for k in range(2):
    y = r.integers(0, 2, (40, 1, 1, 1)).astype('u1')
    with h5py.File(f'x{k}.h5', 'w') as f: f['x'] = (r.integers(0, 120, (40, 4, 4, 3)) + 100 * y).astype('u1')
    with h5py.File(f'y{k}.h5', 'w') as f: f['y'] = y; f['y_classes'] = numpy.array(['no', 'yes'], 'S')
    with h5py.File(f'xy{k}.h5', 'w') as f:
        for name in 'xy': f[name] = h5py.File(f'{name}{k}.h5')[name][:]
PY
config two cross_entropy "flatten, $classes" '{train: {x: {file: "x?.h5", path: x}, y: {file: "y?.h5", path: y}}}'
config one cross_entropy "flatten, $classes" '{file: "xy?.h5", train: {x: x, y: y}}'
runs two
two=$(fingerprint)
runs one
[ "$two" = "$(fingerprint)" ] || fail "separate files give different bits"
"$program" predict run-two -o two.csv >predict.log 2>&1 || { fail "predict from separate files"; cat predict.log; }
head -n 1 two.csv | grep -q probability_yes || fail "class names in the file of the labels are not read: $(head -n 1 two.csv)"
config wrong cross_entropy "flatten, $classes" '{train: {x: {file: "x?.h5", path: x}, y: {file: y0.h5, path: y}}}'
refused wrong 'data.train.y: .*y0.h5 matches 1 files, but the part has 2'
config wrong cross_entropy "flatten, $classes" '{train: {x: {file: x0.h5, dataset: x}, y: {file: y0.h5, path: y}}}'
refused wrong "unknown key 'dataset' \(known: file, path\)"
config wrong cross_entropy "flatten, $classes" '{train: {x: {file: x0.h5, path: x}, y: {file: y9.h5, path: y}}}'
refused wrong 'data.train.y: .*y9.h5'

# ---- labels that are not 0, 1, 2 ----
py <<'PY'
y = numpy.arange(64) % 2
with h5py.File('labels.h5', 'w') as f:
    f['x'] = (y[:, None] + r.normal(0, .3, (64, 3))).astype('f4')
    f['minus'] = 2. * y[:, None] - 1
    f['tens'] = 10 * (numpy.arange(64) % 3 + 1)
    words = numpy.array(['left', 'right', 'up'])[numpy.arange(64) % 3]
    f['free'] = words.astype(object); f['fixed'] = words.astype('S')
    f['row'] = y[None].astype('f4')
    f['matlab'] = f['x'][:].T
    f['soft'] = r.dirichlet([.4] * 3, 64).astype('f4')
PY
config minus cross_entropy "$classes" '{file: labels.h5, train: {x: x, y: minus}, split: {validation: 0.25, stratified: true}}'
refused minus 'the label of sample [0-9]+ is -1 .*labels: \[-1, 1\]'
runs minus --set "$(setting)"
"$program" predict run-minus -o minus.csv >predict.log 2>&1 || { fail "predict of -1 and 1"; cat predict.log; }
head -n 1 minus.csv | grep -q 'probability_-1,.*probability_1$' || fail "labels -1 and 1 have other names: $(head -n 1 minus.csv)"
config yes binary_cross_entropy 'dense: {units: 1}' '{file: labels.h5, train: {x: x, y: minus}, fields: {y: {labels: [-1, 1]}}}'
runs yes
config tens cross_entropy "$classes" '{file: labels.h5, train: {x: x, y: tens}, fields: {y: {labels: [10, 20, 30]}}}'
runs tens
refused tens 'the label of sample 2 is 30 .*not among the 2 in data.fields.y.labels' --set 'data.fields.y.labels=[10,20]'
refused tens 'data.fields.x.labels: only targets have classes' --set 'data.fields.x.labels=[1, 2]'
refused tens 'data.fields.y.labels: the target is read as values' --set loss=mse --set 'network=[dense: {units: 1}]'
refused tens "labels: 10 is listed twice" --set 'data.fields.y.labels=[10,10]'
for kind in free fixed; do
    config $kind cross_entropy "$classes" "{file: labels.h5, train: {x: x, y: $kind}}"
    runs $kind
    "$program" predict run-$kind -o names.csv >predict.log 2>&1
    head -n 1 names.csv | grep -q probability_right || fail "$kind: the names are lost: $(head -n 1 names.csv)"
done

# ---- samples along another dimension ----
config row cross_entropy "$classes" '{file: labels.h5, train: {x: x, y: row}}'
refused row 'dataset "row" has 1, .*dimension 2 of "row" has extent 64.*data.fields.y.layout: FN'
runs row --set "$(setting)"
config matlab cross_entropy "$classes" '{file: labels.h5, train: {x: matlab, y: tens}, fields: {y: {labels: [10, 20, 30]}}}'
refused matlab 'dataset "matlab" has 3 samples, .*dimension 2 of "matlab" has extent 64.*data.fields.x.layout: FN'
runs matlab --set "$(setting)"
config turned cross_entropy "$classes" '{file: labels.h5, train: {x: matlab, y: row}}'
refused turned 'both have 64 along the last dimension: .*data.fields.x.layout: FN and data.fields.y.layout: FN'
runs turned --set data.fields.x.layout=FN --set data.fields.y.layout=FN

# ---- one-hot maps and steps ----
py <<'PY'
m = r.integers(0, 3, (40, 6, 6)); t = r.integers(0, 4, (40, 6))
with h5py.File('maps.h5', 'w') as f:
    f['x'] = (m[..., None] + r.normal(0, .1, (40, 6, 6, 1))).astype('f4'); f['hot'] = numpy.eye(3, dtype='u1')[m]
    f['s'] = (t[..., None] + r.normal(0, .1, (40, 6, 1))).astype('f4'); f['steps'] = numpy.eye(4, dtype='u1')[t]
PY
config hot cross_entropy 'conv2d: {filters: 3, kernel: 1}' '{file: maps.h5, train: {x: x, y: hot}}'
runs hot
config steps cross_entropy 'lstm: {units: 8, output: sequence}, dense: {units: 4, per_step: true}' \
    '{file: maps.h5, train: {x: s, y: steps}, fields: {x: {layout: NTF}, y: {layout: NTF}}}'
runs steps

# ---- records, complex numbers, variable length, groups ----
py <<'PY'
t = numpy.zeros(60, dtype=[('index', 'i8'), ('values', 'f8', (3,)), ('label', 'i4')])
t['values'] = r.normal(0, 1, (60, 3)); t['label'] = numpy.arange(60) % 2
with h5py.File('records.h5', 'w') as f:
    f['df/table'] = t; f['c'] = (r.normal(0, 1, (60, 3)) + 1j * r.normal(0, 1, (60, 3))).astype('c8'); f['y'] = numpy.arange(60) % 2
    d = f.create_dataset('ragged', (60,), h5py.vlen_dtype('f4'))
    for i in range(60): d[i] = r.normal(0, 1, 3 + i % 5)
    for k in range(4): f[f'demo_{k}/obs'] = r.normal(0, 1, (15, 3)).astype('f4'); f[f'demo_{k}/y'] = numpy.arange(15) % 2
PY
config records cross_entropy "$classes" '{file: records.h5, train: {x: df/table/values, y: y}}'
runs records
refused records 'compound of index, values, label cannot be used as numbers: name a field.* data.train.x: df/table.values' --set data.train.x=df/table
runs records --set 'data.train.x=[df/table.values, df/table.label]' --set data.train.y=df/table.label
config complex cross_entropy "$classes" '{file: records.h5, train: {x: c, y: y}}'
runs complex
config ragged cross_entropy "lstm: {units: 4}, $classes" '{file: records.h5, train: {x: ragged, y: y}}'
runs ragged
ragged=$(fingerprint)
py <<'PY'
with h5py.File('records.h5', 'r+') as f:
    n = [len(v) for v in f['ragged']]; p = numpy.zeros((60, max(n), 1), 'f4')
    for i in range(60): p[i, :n[i], 0] = f['ragged'][i]
    f['padded'] = p; f['lengths'] = n
PY
runs ragged --set data.train.x=padded --set data.train.lengths=lengths
[ "$(fingerprint)" = "$ragged" ] || fail "padded sequences give different bits"
config groups cross_entropy "$classes" '{file: records.h5, train: {x: demo_*/obs, y: demo_*/y}}'
refused groups 'data.fields.x.members: samples if each is one sample, or rows'
runs groups --set data.fields.x.members=rows --set data.fields.y.members=rows
groups=$(fingerprint)
py <<'PY'
with h5py.File('records.h5', 'r+') as f:
    for name, new in (('obs', 'all'), ('y', 'all_y')): f[new] = numpy.concatenate([f[f'demo_{k}/{name}'] for k in range(4)])
    for k in range(4):
        with h5py.File(f'demo{k}.h5', 'w') as g: g['x'] = f[f'demo_{k}/obs'][:]; g['y'] = f[f'demo_{k}/y'][:]
PY
runs groups --set data.train.x=all --set data.train.y=all_y
[ "$(fingerprint)" = "$groups" ] || fail "one dataset gives different bits than the groups"
config files cross_entropy "$classes" '{file: "demo?.h5", train: {x: x, y: y}}'
runs files

# ---- shards and parts with different types ----
py <<'PY'
c = numpy.arange(80) % 2; x = c[:, None] * 90 + r.integers(0, 160, (80, 6))
for name, types in (('same', ('u1i4', 'u1i4')), ('mixed', ('u1i4', 'f8i8')), ('other', ('f4f4', 'i2u1'))):
    for k in range(2):
        with h5py.File(f'{name}{k}.h5', 'w') as f:
            f['x'] = x[k * 40:][:40].astype(types[k][:2]); f['y'] = c[k * 40:][:40].astype(types[k][2:])
PY
for shards in same mixed other; do
    config $shards cross_entropy "$classes" "{file: '$shards?.h5', train: {x: x, y: y}}"
    runs $shards
    : "${same:=$(fingerprint)}"
    [ "$(fingerprint)" = "$same" ] || fail "shards of different types ($shards) give different bits"
done

# ---- parts in different units ----
py <<'PY'
c = numpy.arange(80) % 2; x = c[:, None] * 90 + r.integers(0, 160, (80, 6))
with h5py.File('scale.h5', 'w') as f:
    f['bytes'] = x.astype('u1'); f['shares'] = (x / 255).astype('f4'); f['y'] = c
PY
for parts in 'bytes shares' 'shares bytes' 'bytes bytes'; do
    set -- $parts
    config scale cross_entropy "$classes" "{file: scale.h5, train: {x: $1, y: y}, validation: {x: $2, y: y}}"
    runs scale
    told=$(grep -c -E "data.validation.x: dataset \"$2\" .* has values from .*are they in the same unit" train.log)
    [ "$told" = "$([ "$1" = "$2" ] && echo 0 || echo 1)" ] || { fail "$1 next to $2: told $told times"; cat train.log; }
done

# ---- files of one part in different units, from any rank, in memory or in a stream ----
py <<'PY'
for name, as_bytes in ('unit_a', True), ('unit_b', False), ('same_b', True):
    c = numpy.arange(40) % 2; x = c[:, None] * 90 + r.integers(0, 160, (40, 6))
    with h5py.File(name + '.h5', 'w') as f: f['x'] = x.astype('u1') if as_bytes else (x / 255).astype('f4'); f['y'] = c.astype('i4' if as_bytes else 'i8')
PY
for second in unit_b same_b; do
    config units cross_entropy "$classes" "{file: [unit_a.h5, $second.h5], train: {x: x, y: y}}"
    runs units
    told=$(grep -c -E 'data.train.x: dataset "x" has values from [0-9.]+ to [0-9.]+ in .*/unit_a.h5, but from .* in .*/unit_b.h5: all files are normalised alike' train.log)
    [ "$told" = "$([ $second = unit_b ] && echo 1 || echo 0)" ] || { fail "unit_a next to $second: told $told times"; cat train.log; }
done
finish
