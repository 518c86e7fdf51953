#!/usr/bin/env bash
# Predictions keep what their data means: units, times and horizon, for xarray and pandas. Fails when the units of a
# target, the time of a predicted row or its units are lost on the way from data over checkpoint to the file, when a time
# is that of another row, or when the tables cannot be joined by them.
source "$(dirname "$0")/common.sh"
needs_interop_python h5py numpy pandas xarray h5netcdf
"$python" - <<'PY' || fail "no data"
import h5py, numpy as n
t = n.arange(120)
with h5py.File('series.h5', 'w') as f:
    f['s'] = n.stack([n.sin(t / 5), n.cos(t / 7)], 1).astype('f4')
    f['s'].attrs['units'] = 'm s-1'
    f['s_columns'] = n.array([b'u', b'v'])
    f['time'] = t * 6 + 10
    f['time'].attrs['units'] = n.bytes_('hours since 2020-01-01')
    f['date'] = n.array([f'day {i}' for i in t], 'S')
    f['late'] = t / 4
x = n.random.default_rng(1).normal(size=(64, 3)).astype('f4')
with h5py.File('table.h5', 'w') as f:
    f['x'], f['y'], f['id'] = x, x[:, :2] * 4, n.arange(64) * 7
    f['y_columns'], f['y_units'] = n.array([b'depth', b'flow']), n.array([b'm', b'm3 s-1'])
    f['mass'] = x[:, 2]
    f['mass'].attrs['units'] = 'kg'
PY
cat >series.yaml <<'YAML'
data: {file: series.h5, train: {x: s}, split: {validation: 0.2}, window: {length: 6, horizon: 3, targets: [v]}}
network: [flatten, dense: {units: 1}]
loss: mse
metrics: [rmse]
training: {epochs: 1, batch_size: 16, microbatch_size: 4}
YAML
cat >table.yaml <<'YAML'
data: {file: table.h5, train: {x: x, y: {y: y, mass: mass}}}
network: [dense: {units: 4, name: body}, dense: {units: 2, name: y}, dense: {units: 1, name: mass, inputs: body}]
losses: {y: mse, mass: mse}
metrics: [y.mae, mass.mae]
training: {epochs: 1, batch_size: 16, microbatch_size: 4}
YAML
use_engine series.yaml table.yaml
train 2 1 series.yaml --run-dir series || { fail "series: exit $?"; cat train.log; }
train 2 1 table.yaml --run-dir table || { fail "table: exit $?"; cat train.log; }
run predict series series.h5 -o whole.h5
run predict series series.h5 -o whole.csv
run predict series -o parts.csv
run predict series series.h5 --time late -o late.csv
run predict series series.h5 --time date --id time --columns row,target_time,id -o date.csv
run predict series series.h5 --time date -o date.h5
run predict table --id id -o table.out.h5
run predict table --id id -o table.csv
for ranks in 2 3; do
    OMP_NUM_THREADS=1 mpirun -n $ranks --bind-to none "$program" predict series series.h5 -o ranks.h5 >log 2>&1
    cmp -s whole.h5 ranks.h5 || { fail "$ranks ranks write something else"; cat log; }
done
"$python" - <<'PY' || fail "the meaning of predictions is lost"
import h5py, numpy as n, pandas, xarray
f = h5py.File('whole.h5')
rows, seen = f['target_row'][:], f['row'][:]
assert len(rows) == 115 and (rows == seen + 3).all()
inside = rows < 120
assert inside.sum() == 112 and (f['target_time'][:][inside] == rows[inside] * 6 + 10).all()
d = xarray.open_dataset('whole.h5', engine='h5netcdf')
assert {'sample', 'row', 'target_row', 'target_time'} <= set(d.coords), d
assert d.y_predicted.attrs['units'] == 'm s-1' == d.y.attrs['units'] and int(d.y_predicted.attrs['horizon']) == 3
expected = n.datetime64('2020-01-01') + n.timedelta64(1, 'h') * (rows[inside] * 6 + 10)
assert (d.target_time.values[inside] == expected).all() and n.isnat(d.target_time.values[~inside]).all()
# By time, predictions meet what was measured.
series = pandas.DataFrame({'target_time': h5py.File('series.h5')['time'][:], 'measured': h5py.File('series.h5')['s'][:, 1]})
table = pandas.read_csv('whole.csv', float_precision='round_trip')
assert list(table) == ['row', 'target_row', 'target_time', 'y', 'y_predicted'], list(table)
joined = table.dropna(subset=['target_time']).merge(series, on='target_time', validate='one_to_one')
assert len(joined) == 112 and (joined.y.astype('f4') == joined.measured).all()
assert table.target_time.isna().sum() == 3
parts = pandas.read_csv('parts.csv')
assert (parts.target_time == parts.target_row * 6 + 10).all() and set(parts.part) == {'train', 'validation'}
late = pandas.read_csv('late.csv')
assert (late.target_time.dropna() == late.target_row[:112] / 4).all() and late.target_time.isna().sum() == 3
date = pandas.read_csv('date.csv')
assert list(date) == ['row', 'target_time', 'time'] and date.target_time[0] == 'day 8' and date.time[0] == 40
assert h5py.File('date.h5')['target_time'].asstr()[:][[0, -1]].tolist() == ['day 8', '']

t = xarray.open_dataset('table.out.h5', engine='h5netcdf')
assert t.mass_predicted.attrs['units'] == 'kg' and 'units' not in t.y_predicted.attrs
assert t.y_predicted.attrs['units_by_value'] == 'm, m3 s-1' and 'horizon' not in t.y_predicted.attrs
PY
program_refuses 2 "--time is for windows" predict table --time id -o no.csv
program_refuses 5 '"tim"' predict series series.h5 --time tim -o no.csv
[ ! -e no.csv ] || fail "a refused table is left behind"

# Axes of drawings have the unit of the target, where it has one.
axis() { grep -oE '>[a-z._]+( \([^<]*\))?</text>' drawing.svg | grep -F ">$1" | tail -n 1; }
run plot series rmse -o drawing.svg
[ "$(axis rmse)" = '>rmse (m s-1)</text>' ] || fail "the axis of rmse: $(axis rmse)"
run plot series loss -o drawing.svg
[ "$(axis loss)" = '>loss</text>' ] || fail "the axis of the loss: $(axis loss)"
run plot table train.mass.mae train.y.mae -o drawing.svg
[ "$(axis train.mass)" = '>train.mass.mae (kg)</text>' ] || fail "the axis of a target of several: $(axis train.mass)"
[ "$(axis train.y)" = '>train.y.mae</text>' ] || fail "the axis of a target with two units: $(axis train.y)"
finish
