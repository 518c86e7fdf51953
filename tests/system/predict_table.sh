#!/usr/bin/env bash
# The table that predict writes can be joined with the data. Fails when a row is missing, twice, or has another row's
# values; when ranks, threads or the order of rows change a bit; or when memory or messages lose a row between waves.
source "$(dirname "$0")/common.sh"
find_python
if [ -z "$python" ]; then
    echo "skipped: python3 has no h5py"
    finish
fi
"$python" - <<'PY' || fail "no data"
import h5py, numpy as n
r = n.random.default_rng(5)
x = r.normal(size=(1003, 5)).astype('f4')
y = n.stack([x.sum(1) * 3.0 + 7, x[:, 0] * 100.0], 1).astype('f8')
order = r.permutation(1003)
names = [f'cell {i % 7}-{i}' for i in range(1003)]
def put(name, rows):
    with h5py.File(name, 'w') as f:
        f['x'], f['y'] = x[rows], y[rows]
        f['y_columns'] = n.array([b'sum', b'first'])
        f['number'] = rows + 2**60
        f['name'] = n.array([names[i].encode() for i in rows])
        f['word'] = [names[i] for i in rows]
        f['weight'] = rows / 7
        f['short'] = rows[:9]
        f['row'], f['y_sum'] = rows, rows
put('all.h5', n.arange(1003))
put('mixed.h5', order)
put('first.h5', n.arange(400))
put('second.h5', n.arange(400, 1003))
with h5py.File('series.h5', 'w') as f:
    f['s'], f['s_columns'] = n.cumsum(r.normal(size=(150, 3)), 0), n.array([b'a', b'b', b'c'])
PY
cat >table.yaml <<'YAML'
data:
  file: all.h5
  train: {x: x, y: y}
  split: {validation: 0.2, test: 0.1}
network: [dense: {units: 9, activation: relu}, dense: {units: 2}]
loss: mse
training: {epochs: 2, batch_size: 32, microbatch_size: 4}
YAML
use_engine table.yaml
run train table.yaml --run-dir run

# ---- every row of the run's data, with its part ----
run predict run -o all.csv
said "predictions for 1003 samples of all parts by run/"
"$python" - <<'PY' || fail "the table of all rows is not the data"
import csv, h5py, collections
with h5py.File('all.h5') as f: y = f['y'][:]
with open('all.csv') as f: table = list(csv.DictReader(f))
assert list(table[0]) == ['part', 'row', 'y_sum', 'y_sum_predicted', 'y_first', 'y_first_predicted'], list(table[0])
assert sorted(int(t['row']) for t in table) == list(range(1003))
parts = collections.Counter(t['part'] for t in table)
assert parts['validation'] in (200, 201) and parts['test'] in (100, 101), parts
for t in table:
    row = int(t['row'])
    assert float(t['y_sum']) == y[row, 0] and float(t['y_first']) == y[row, 1], row
PY
for part in train validation test; do
    run predict run --part $part -o part.csv
    cmp -s <(tail -n +2 part.csv) <(sed -n "s/^$part,//p" all.csv) || fail "--part $part has other rows"
done

# ---- the same bits ----
for ranks in 1 2 3 4; do
    OMP_NUM_THREADS=$((5 - ranks)) mpirun -n $ranks --bind-to none "$program" predict run -o ranks.csv >log 2>&1 ||
        { fail "exit $?"; cat log; }
    cmp -s all.csv ranks.csv || fail "$ranks ranks write something else"
done
run predict run all.h5 -o file.csv
run predict run mixed.h5 -o mixed.csv
run predict run first.h5 --data second.h5 -o pieces.csv
[ "$(head -1 pieces.csv)" = file,row,y_sum,y_sum_predicted,y_first,y_first_predicted ] || fail "$(head -1 pieces.csv)"
[ "$(sed -n 2p pieces.csv | cut -d, -f1,2) $(sed -n 1003p pieces.csv | cut -d, -f1,2)" = 'second.h5,0 first.h5,398' ] ||
    fail "files are not in the order in which they are given: $(sed -n '2p;1003p' pieces.csv)"
cmp -s <(tail -n +2 file.csv | cut -d, -f2- | sort) <(tail -n +2 mixed.csv | cut -d, -f2- | sort) ||
    fail "the bits of a row depend on where it is"
cmp -s <(tail -n +2 file.csv | cut -d, -f2- | sort) <(tail -n +2 pieces.csv | cut -d, -f3- | sort) ||
    fail "the bits of a row depend on its file"

# ---- joined by the values of a dataset: integers that a double cannot hold, strings of both kinds, numbers ----
for id in number name word weight; do
    run predict run second.h5 mixed.h5 --id $id -o $id.csv
    run predict run --id $id -o all_$id.csv
    run predict run second.h5 mixed.h5 --id $id -o $id.h5
    OMP_NUM_THREADS=2 mpirun -n 3 --bind-to none "$program" predict run --id $id -o ranks.csv >log 2>&1
    cmp -s all_$id.csv ranks.csv || { fail "--id $id: three ranks write something else"; cat log; }
done
"$python" - <<'PY' || fail "--id gives values of other rows"
import csv, h5py
files = {name: h5py.File(name) for name in ('all.h5', 'second.h5', 'mixed.h5')}
for id in 'number', 'name', 'word', 'weight':
    text = id in ('name', 'word')
    values = {n: (f[id].asstr() if text else f[id])[:].tolist() for n, f in files.items()}
    kind = {'number': int, 'weight': float}.get(id, str)
    tables = [list(csv.DictReader(open(name))) for name in (id + '.csv', f'all_{id}.csv')]
    assert len(tables[0]) == 1606 and len(tables[1]) == 1003
    for table in tables:
        for t in table: assert kind(t[id]) == values[t.get('file', 'all.h5')][int(t['row'])], (id, t)
    with h5py.File(id + '.h5') as f:
        assert (f[id].asstr() if text else f[id])[:].tolist() == [kind(t[id]) for t in tables[0]], id
        assert f['y_predicted'].attrs['coordinates'] in ('file row ' + id, ('file row ' + id).encode())
try: import pandas
except ImportError: print('skipped: pandas: not installed')
else:
    data = pandas.DataFrame({'number': files['all.h5']['number'][:], 'sum': files['all.h5']['y'][:, 0]})
    joined = data.merge(pandas.read_csv('all_number.csv'), on='number', validate='one_to_one')
    assert len(joined) == 1003 and (joined['sum'] == joined['y_sum'].astype('f4')).all()
PY
program_refuses 5 'dataset "short" of all.h5 has 9 values for 1003 rows' predict run all.h5 --id short -o no.csv
program_refuses 5 'must have one dimension' predict run all.h5 --id y -o no.csv
program_refuses 5 'numbr' predict run all.h5 --id numbr -o no.csv

# A table with two columns of one name could not be joined: `row` is a column already, y_sum is one of the CSV file.
program_refuses 2 'two columns of the table would be named "row"' predict run --id row -o no.csv
program_refuses 2 'two columns of the table would be named "row"' predict run --id row -o no.h5
program_refuses 2 'two columns of the table would be named "y_sum"' predict run --id y_sum -o no.csv
[ ! -e no.csv ] && [ ! -e no.h5 ] || fail "a refused table is left behind"

# ---- windows ----
cat >windows.yaml <<'YAML'
data:
  file: series.h5
  train: {x: s}
  split: {validation: 0.2}
  window: {length: 7, horizon: 2, stride: 3, targets: b}
network: [flatten, dense: {units: 1}]
loss: mse
training: {epochs: 1, batch_size: 32, microbatch_size: 4}
YAML
use_engine windows.yaml
run train windows.yaml --run-dir windows
run predict windows -o windows.csv
run info --graph windows
cp log graph.json
"$python" - <<'PY' || fail "the rows of windows, or the names of their target, are others"
import csv, h5py, json
s = h5py.File('series.h5')['s'][:]
with open('windows.csv') as f: table = list(csv.DictReader(f))
assert list(table[0]) == ['part', 'row', 'target_row', 'y', 'y_predicted'], list(table[0])
assert [int(t['row']) for t in table[:3]] == [6, 9, 12] and len(table) > 30
for t in table:
    assert int(t['target_row']) == int(t['row']) + 2 and float(t['y']) == s[int(t['target_row']), 1], t
graph = json.load(open('graph.json'))
assert graph['input']['columns'] == ['a', 'b', 'c'] and 'columns' not in graph['outputs'][0], graph['outputs']
PY

# ---- in words ----
run predict run second.h5 mixed.h5 --explain 3 -o words.csv
cp log words.log
for row in 0 1 2; do
    line=$((row + 2))
    said "row $row of second.h5"
    for column in 3:y_sum 5:y_first; do
        number=$(sed -n ${line}p words.csv | cut -d, -f${column%:*})
        said "$(awk -v n="${column#*:}" -v t="$number" -v p="$(sed -n ${line}p words.csv | cut -d, -f$((${column%:*} + 1)))" \
            'BEGIN { printf "%s is %.6g; the target is %.6g", n, p, t }')"
    done
done
grep -q 'row 3 of' log && fail "more is explained than asked for"
OMP_NUM_THREADS=1 mpirun -n 3 --bind-to none "$program" predict run second.h5 mixed.h5 --explain 3 -o words.csv >log 2>&1
cmp -s log words.log || { fail "three ranks explain something else"; cat log; }
program_refuses 2 "--explain must be a number from 0 to 1000, not '3x'" predict run --explain 3x -o no.csv

# ---- refused ----
cp all.h5 data.csv
program_refuses 2 'data.csv is a file of the data' predict run data.csv -o data.csv
cmp -s all.h5 data.csv || fail "the data was replaced by its predictions"
finish
