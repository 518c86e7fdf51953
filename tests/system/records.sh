#!/usr/bin/env bash
# Fields of records, complex numbers, booleans and enumerations, as h5py, PyTables and pandas write them. Fails when they
# do not give the bits of the same columns in datasets of their own, on any number of ranks, in memory or streamed; when
# names are lost; when what `info` proposes cannot be pasted; or when a mistake is not explained.
source "$(dirname "$0")/common.sh"
find_python
[ -n "$python" ] || { echo "skipped: python3 has no h5py"; exit 77; }

"$python" - <<'PY' || fail "Python failed"
import h5py, numpy
r = numpy.random.default_rng(7)
n = 60
t = numpy.zeros(n, dtype=[('index', 'i8'), ('p', 'f8'), ('t', 'f8'), ('box', 'f4', (2, 3)), ('label', 'i4'),
                          ('in', [('a', 'f4'), ('kind', 'S5')]), ('z', 'c8')])
t['index'] = numpy.arange(n); t['p'] = r.normal(0, 1, n); t['t'] = r.normal(3, 2, n); t['label'] = (t['p'] > 0) * 1
t['box'] = r.normal(0, 1, (n, 2, 3)); t['in']['a'] = r.normal(0, 1, n)
t['in']['kind'] = numpy.array(['left', 'right', 'up'])[numpy.arange(n) % 3]
t['z'] = r.normal(0, 1, n) + 1j * r.normal(0, 1, n)
colours = h5py.enum_dtype({'RED': 30, 'GREEN': 10, 'BLUE': 20}, basetype='i2')
with h5py.File('t.h5', 'w') as f:
    f.create_dataset('runs/table', data=t, chunks=(16,), compression='gzip')
    for name in 'pt': f[name] = t[name]
    f['pt'] = numpy.stack([t['p'], t['t']], 1); f['pt_columns'] = numpy.array(['p', 't'], 'S')
    f['label'] = t['label']; f['box'] = t['box']; f['a'] = t['in']['a']
    f['kind'] = numpy.arange(n) % 3; f['kind_classes'] = numpy.array(['left', 'right', 'up'], 'S')
    f['c'] = (r.normal(0, 1, (n, 4)) + 1j * r.normal(0, 1, (n, 4))).astype('c16')
    f['parts'] = numpy.stack([f['c'][:].real, f['c'][:].imag], -1)
    f['yes'] = t['p'] > 0
    f.create_dataset('colour', data=numpy.array([10, 20, 30])[numpy.arange(n) % 3], dtype=colours)
    f['colour_index'] = numpy.arange(n) % 3; f['colour_index_classes'] = numpy.array(['GREEN', 'BLUE', 'RED'], 'S')
    f['maps_u'] = r.normal(0, 1, (n, 4, 5)); f['maps_v'] = r.normal(0, 1, (n, 4, 5))
    f['maps'] = numpy.stack([f['maps_u'][:], f['maps_v'][:]], -1)
    for name in ('packed', 'unpacked'): f[name] = numpy.arange(n, dtype='i2' if name == 'packed' else 'f8')
    f['packed'].attrs['scale_factor'] = .5; f['packed'].attrs['add_offset'] = 3.
    f['unpacked'][...] = .5 * numpy.arange(n) + 3
    f['both'] = numpy.stack([t['p'], f['unpacked'][:]], 1)
PY

# config NAME X Y [FIELDS]
config() {
    cat >"$1.yaml" <<YAML
data: {file: ${file:-t.h5}, train: {x: $2, y: $3}, fields: {${4:-}}, split: {test: 0.2}}
network: [flatten, dense: {units: 4, activation: tanh}, dense: {units: classes}]
loss: cross_entropy
training: {epochs: 2}
YAML
}

# gives NAME: trains on 2 ranks; the fingerprint is in `print`
gives() {
    train 2 1 "$1.yaml" --run-dir "run-$1" "${@:2}" || { fail "$1: exit $?"; cat train.log; }
    print=$(fingerprint)
    [ -n "$print" ] || fail "$1: no fingerprint"
}

# same NAME X Y REFERENCE [FIELDS]: one fingerprint, that of REFERENCE
same() {
    config "$1" "$2" "$3" "${5:-}"
    gives "$4"
    local wanted=$print
    gives "$1"
    [ "$print" = "$wanted" ] || fail "$1: $print, but $4: $wanted"
}

config dense pt label
same fields '[runs/table.p, runs/table.t]' runs/table.label dense
for ranks in 1 3; do
    train $ranks 1 fields.yaml --run-dir "on-$ranks" --set data.cache=$([ $ranks = 3 ] && echo stream || echo memory) &&
        [ "$(fingerprint)" = "$print" ] || { fail "fields on $ranks ranks: $(fingerprint), not $print"; cat train.log; }
done
train 2 1 fields.yaml --run-dir on-3 --set training.epochs=3 || { fail "more epochs: exit $?"; cat train.log; }
"$program" eval run-fields >eval.log 2>&1 || { fail "eval"; cat eval.log; }
"$program" predict run-fields -o fields.csv >predict.log 2>&1 || { fail "predict"; cat predict.log; }
"$program" predict run-dense -o dense.csv >predict.log 2>&1 || { fail "predict"; cat predict.log; }
cmp -s fields.csv dense.csv || fail "predictions differ: $(diff fields.csv dense.csv | head -4)"
gives fields --set 'data.fields.x={columns: [p]}' --fresh
same datasets '[p, t]' label dense
config box box label
same inner runs/table/box runs/table/label box
config a a kind
same nested runs/table.in.a runs/table.in.kind a
"$program" predict run-nested -o nested.csv >predict.log 2>&1
head -n 1 nested.csv | grep -q probability_right || fail "texts in records lose their names: $(head -n 1 nested.csv)"
config parts parts label
same complex c label parts
config colours pt colour_index
same colour pt colour colours
"$program" predict run-colour -o colour.csv >predict.log 2>&1
head -n 1 colour.csv | grep -q 'probability_GREEN,.*probability_BLUE,.*probability_RED' ||
    fail "an enumeration loses its names: $(head -n 1 colour.csv)"
same yes pt yes dense
"$program" predict run-yes -o yes.csv >predict.log 2>&1
head -n 1 yes.csv | grep -q 'probability_FALSE,.*probability_TRUE' || fail "booleans have no names: $(head -n 1 yes.csv)"
config maps maps label
same stacked '[maps_u, maps_v]' label maps
config both both label
same attributes '[p, packed]' label both

# refused X PATTERN [ARGUMENT...]
refused() {
    config wrong "$1" label
    "$program" check wrong.yaml "${@:3}" >check.log 2>&1 && fail "x: $1 is not refused"
    [ "$(grep -c -E -e "$2" check.log)" = 1 ] || { fail "x: $1: not '$2'"; cat check.log; }
}
refused runs/table 'compound of index, p.*name a field of its records: data.train.x: runs/table.p, or several'
refused runs/table.tt "has no field 'tt'; did you mean 't'\?; its records have: index, p, t, box, label, in, z"
refused runs/table.in "field 'in' of dataset \"runs/table\" .*has neither numbers nor texts"
refused '[p, maps_u]' '"p" \(60\) and "maps_u" \(60 x 4 x 5\) .*cannot be joined'
refused '[p, nix]' 'dataset "nix" of .*does not exist'
refused runs/table.in.kind 'elements of type text .*set data.fields.x.kind: index'
config words runs/table.in.kind label 'x: {kind: index}'
sed -i 's/\[flatten/[embedding: {symbols: 3, units: 3}, flatten/' words.yaml
"$program" check words.yaml >check.log 2>&1 || { fail "texts looked up by an embedding"; cat check.log; }

# pasted FILE...: what info proposes is a configuration
pasted() {
    "$program" info "$@" >info.log 2>&1 || { fail "info $*"; cat info.log; }
    { sed -n '/^data:/,$p' info.log; echo 'network: [flatten, dense: {units: classes}]'; echo 'loss: cross_entropy'; } >pasted.yaml
    "$program" check pasted.yaml >check.log 2>&1 || { fail "what info $* proposes"; cat pasted.yaml check.log; }
}

# ---- written by PyTables and pandas ----
if "$python" -c 'import tables, pandas' 2>/dev/null; then
    "$python" - <<'PY' 2>/dev/null || fail "Python failed"
import h5py, numpy, pandas, tables
r = numpy.random.default_rng(7)
n = 60
frame = pandas.DataFrame({'open': r.normal(0, 1, n), 'close': r.normal(0, 1, n), 'count': numpy.arange(n)})
frame['side'] = numpy.where(frame['open'] > 0, 'buy', 'sell'); frame['yes'] = frame['close'] > 0
frame.to_hdf('pandas.h5', key='df', format='table')
frame.to_hdf('columns.h5', key='df', format='table', data_columns=True)
class Row(tables.IsDescription):
    open = tables.Float64Col(pos=0); close = tables.Float64Col(pos=1); side = tables.StringCol(4, pos=2)
    yes = tables.BoolCol(pos=3)
with tables.open_file('tables.h5', 'w') as f:
    table = f.create_table('/', 'prices', Row)
    for i in range(n):
        for name in ('open', 'close', 'side', 'yes'): table.row[name] = frame[name][i]
        table.row.append()
with h5py.File('plain.h5', 'w') as f:
    f['x'] = frame[['open', 'close']].to_numpy(); f['x_columns'] = numpy.array(['open', 'close'], 'S')
    f['side'] = (frame['side'] == 'sell').to_numpy().astype('i1'); f['side_classes'] = numpy.array(['buy', 'sell'], 'S')
    f['yes'] = frame['yes'].to_numpy().astype('i1')
PY
    file=plain.h5 config plain x side
    for kind in pandas:df/table columns:df/table tables:prices; do
        table=${kind#*:}
        file=${kind%:*}.h5 same "${kind%:*}" "[$table.open, $table.close]" "$table.side" plain
        "$program" predict "run-${kind%:*}" -o names.csv >predict.log 2>&1
        head -n 1 names.csv | grep -q probability_sell || fail "${kind%:*}: names are lost: $(head -n 1 names.csv)"
        pasted "${kind%:*}.h5"
        grep -q "x: \[$table.open, $table.close" pasted.yaml || { fail "info ${kind%:*}.h5"; cat pasted.yaml; }
    done
    file=plain.h5 config plain_yes x yes
    file=tables.h5 same bits '[prices.open, prices.close]' prices.yes plain_yes
else
    echo "skipped: files of PyTables and pandas (scripts/setup.sh tests)"
fi
pasted t.h5
finish
