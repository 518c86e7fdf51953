#!/usr/bin/env bash
# predict --columns and --probabilities. Fails when a file has other columns, another order or other numbers than the
# whole table, when an unknown name is taken or gets no suggestion, or when a probability is not that of its class.
source "$(dirname "$0")/common.sh"
find_python
if [ -z "$python" ]; then
    echo "skipped: python3 has no h5py"
    finish
fi
"$python" - <<'PY' || fail "no data"
import h5py, numpy as n
x = n.random.default_rng(3).normal(size=(96, 6, 4)).astype('f4')
with h5py.File('all.h5', 'w') as f:
    f['x'], f['code'] = x, n.arange(96) * 3
    f['kind'] = (x.mean((1, 2)) > 0).astype('i4') + (x[:, 0, 0] > 1)
    f['kind_classes'] = n.array([b'cold', b'warm, dry', b'hot'])
    f['step'] = (x.sum(2) > 0).astype('i4')
    f['step_classes'] = n.array([b'down', b'up'])
    f['sums'] = x.sum(1)[:, :2]
    f['sums_columns'] = n.array([b'first', b'second'])
PY
cat >columns.yaml <<'YAML'
data:
  file: all.h5
  train: {x: x, y: {kind: kind, step: step, sums: sums}}
  fields: {step: {layout: NT}}
network:
  - dense: {units: 8, activation: tanh, per_step: true, name: body}
  - dense: {units: classes, per_step: true, name: step}
  - flatten: {inputs: body, name: flat}
  - dense: {units: classes, name: kind}
  - dense: {units: 2, name: sums, inputs: flat}
losses: {kind: cross_entropy, step: cross_entropy, sums: mse}
training: {epochs: 2, batch_size: 32, microbatch_size: 4}
YAML
use_engine columns.yaml
run train columns.yaml --run-dir run
[ -d run ] || finish
run predict run all.h5 --id code -o whole.csv
run predict run all.h5 --id code --probabilities all -o all.csv
run predict run all.h5 --id code --probabilities all -o all.h5.h5
run predict run all.h5 --probabilities predicted -o predicted.csv
run predict run all.h5 --probabilities none -o none.csv
run predict run all.h5 --probabilities none -o none.h5
run predict run all.h5 --id code --columns 'kind_probability_warm, dry' --columns sums_second_predicted,id,sums,id -o named.csv
run predict run all.h5 --id code --columns row,class,probability -o kinds.csv
run predict run all.h5 --id code --columns sums_predicted,id,kind -o named.h5
run predict run all.h5 --columns value -o values.h5
"$python" - <<'PY' || fail "the columns are not those of the whole table"
import csv, h5py, numpy as n
def table(name):
    with open(name) as f: return list(csv.DictReader(f))
whole, every = table('whole.csv'), table('all.csv')
def same(name, columns):
    t = table(name)
    assert list(t[0]) == columns, list(t[0])
    assert [list(r.values()) for r in t] == [[r[c] for c in columns] for r in whole], name
steps = [f'step_{s}_{e}' for s in range(6) for e in ('predicted', 'probability')]
kinds = ['kind_probability_cold', 'kind_probability_warm, dry', 'kind_probability_hot']
same('named.csv', ['kind_probability_warm, dry', 'sums_second_predicted', 'code', 'sums_first', 'sums_second'])
same('kinds.csv', ['row', 'kind_predicted'] + steps[::2] + kinds + steps[1::2])
same('none.csv', [c for c in whole[0] if 'probability' not in c and c != 'code'])
# Of every step, the default has the largest of what `all` has; the class is the one it belongs to.
assert [c for c in every[0] if c.startswith('step_5')] == ['step_5', 'step_5_predicted', 'step_5_probability_down', 'step_5_probability_up']
for a, w, p in zip(every, whole, table('predicted.csv')):
    for s in range(6):
        both = {c: a[f'step_{s}_probability_{c}'] for c in ('down', 'up')}
        assert both[a[f'step_{s}_predicted']] == w[f'step_{s}_probability'] == max(both.values(), key=float)
    assert p['kind_probability'] == w['kind_probability_' + w['kind_predicted']]
assert 'kind_probability_hot' not in table('predicted.csv')[0]
f, h = h5py.File('all.h5.h5'), h5py.File('named.h5')
assert f['step_probability'].shape == (96, 6, 2) and n.allclose(f['step_probability'][:].sum(2), 1)
assert [d[0].name for d in f['step_probability'].dims] == ['/sample', '/step_dimension_1', '/step_class']
assert list(f['step_class'].asstr()[:]) == ['down', 'up'] and len(f['kind_class']) == 3
assert n.array_equal(f['step_probability'][:].argmax(2), f['step_predicted'][:])
assert set(h) == {'sample', 'sums_predicted', 'sums_value', 'code', 'kind'}, set(h)
assert n.array_equal(h['sums_predicted'][:], f['sums_predicted'][:]) and n.array_equal(h['code'][:], n.arange(96) * 3)
assert h['kind'].attrs['coordinates'] in ('code', b'code')
v = h5py.File('values.h5')
assert set(v) == {'sample', 'sums_predicted', 'sums_value'} and 'coordinates' not in v['sums_predicted'].attrs
assert 'kind_probability' not in h5py.File('none.h5') and 'kind_class' not in h5py.File('none.h5')
PY
OMP_NUM_THREADS=1 mpirun -n 3 --bind-to none "$program" predict run all.h5 --id code --columns row,class,probability -o ranks.csv >log 2>&1
cmp -s kinds.csv ranks.csv || { fail "three ranks write other columns"; cat log; }

program_refuses 2 "there is no column 'kind_predictd'; did you mean 'kind_predicted'? (known: row, kind, " predict run all.h5 --columns row,kind_predictd -o no.csv
program_refuses 2 "there is no column 'kind_probability_hot'" predict run all.h5 --columns kind_probability_hot -o no.h5
program_refuses 2 "there is no column ''" predict run all.h5 --columns row, -o no.csv
program_refuses 2 "there is no column 'probability'" predict run all.h5 --columns probability --probabilities none -o no.csv
program_refuses 2 "--probabilities must be none, predicted or all, not 'some'" predict run --probabilities some -o no.csv
[ ! -e no.csv ] && [ ! -e no.h5 ] || fail "a refused table is left behind"
run predict run all.h5 --probabilities none --explain 1 -o none.csv
grep -q 'kind is .*probability' log && fail "--explain shows a probability that was not wanted"
said "kind is "
finish
