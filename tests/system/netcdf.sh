#!/usr/bin/env bash
# NetCDF-4 files as netCDF4, NCO and cdo write them, and classic ones, imported: read as netCDF4 masks and xarray decodes them, described by `info`, and
# trained on with the bits of plain HDF5. Fails when a value differs, when a proposed section does not train, or when
# ranks, streaming and resuming change a bit.
build_folder=$(realpath "$2")
source "$(dirname "$0")/common.sh"
find_interop_python netCDF4 xarray h5py numpy
[ -n "$python" ] || { echo "skipped: 1 of 1 part: no Python with netCDF4 and xarray (scripts/setup.sh tests)"; exit 77; }
skipped=0

# What the conventions say, in double precision; NaN where netCDF4 masks.
cat >decode.py <<'PYTHON'
import netCDF4, numpy

def decode(v):
    v.set_auto_maskandscale(True)
    mask = numpy.ma.getmaskarray(v[:])
    v.set_auto_maskandscale(False)
    stored = v[:]
    if getattr(v, '_Unsigned', '') == 'true':
        stored = stored.view(stored.dtype.str.replace('i', 'u'))
    values = stored.astype('f8') * float(getattr(v, 'scale_factor', 1)) + float(getattr(v, 'add_offset', 0))
    return numpy.where(mask, numpy.nan, values)
PYTHON
export PYTHONPATH=$PWD

"$python" - <<'PYTHON' || exit 1
import netCDF4, numpy
random = numpy.random.default_rng(5)
n = 240

def weather(path, hours, scale=0.01):
    f = netCDF4.Dataset(path, 'w')
    for name, extent in {'time': None, 'lat': 6, 'lon': 6, 'bnds': 2, 'strlen': 5}.items():
        f.createDimension(name, extent)
    def add(name, kind, axes, values, fill=None, raw=False, **attributes):
        v = f.createVariable(name, kind, axes, fill_value=fill)
        v.setncatts(attributes)
        v.set_auto_maskandscale(not raw)
        v[:] = values
    m = len(hours)
    add('time', 'f8', ['time'], hours, units='hours since 2001-01-01', calendar='standard', bounds='time_bnds')
    add('time_bnds', 'f8', ['time', 'bnds'], numpy.stack([hours, hours + 6], 1))
    add('lat', 'f4', ['lat'], numpy.linspace(-75, 75, 6), units='degrees_north')
    add('lon', 'f4', ['lon'], numpy.arange(6) * 60., units='degrees_east')
    maps = ['time', 'lat', 'lon']
    u, v = random.normal(size=(2, m, 6, 6))
    add('u', 'i2', maps, u, fill=-32767, scale_factor=scale, add_offset=1.5, units='m s-1')
    add('v', 'f4', maps, numpy.ma.masked_where(random.random(v.shape) < .01, v), units='m s-1')
    add('w', 'i1', maps, random.integers(-128, 127, v.shape), fill=numpy.int8(-6), raw=True, _Unsigned='true',
        scale_factor=numpy.float32(.5))
    add('r', 'i2', maps, random.integers(-5, 105, v.shape), raw=True, valid_range=numpy.int16([0, 100]))
    add('m', 'f8', maps, numpy.where(random.random(v.shape) < .1, -99., v), raw=True, missing_value=-99.)
    add('turned', 'f4', ['time', 'lon', 'lat'], v)
    add('rain', 'f4', ['time'], u.mean((1, 2)) - v.mean((1, 2)), units='mm')
    words = numpy.array(['rain', 'sun', 'cloud'], 'S5')[(u.mean((1, 2)) * 9).astype(int) % 3]
    add('kind', 'S1', ['time', 'strlen'], netCDF4.stringtochar(words))
    f.close()

hours = numpy.arange(n) * 6.
weather('weather.nc', hours)
weather('first.nc', hours[:100], .02)
weather('second.nc', hours[100:])
PYTHON
variables="u v w r m rain"
files="weather.nc"

# NCO packs again, and writes what it reads; cdo does the same in its own way.
if command -v ncpdq >/dev/null && command -v ncks >/dev/null; then
    ncks -O -v u,v,rain,kind weather.nc plain.nc && ncpdq -O -P all_new plain.nc packed.nc && ncks -O --cnk_plc=all -L 1 weather.nc chunks.nc ||
        fail "NCO ended with an error"
    files+=" packed.nc chunks.nc"
else
    echo "skipped: files of NCO: no ncks (scripts/setup.sh tests)"
    skipped=$((skipped + 1))
fi
if command -v cdo >/dev/null; then
    cdo -s -f nc4 -selname,u,v,rain weather.nc cdo.nc >/dev/null 2>&1 || fail "cdo ended with an error"
    files+=" cdo.nc"
else
    echo "skipped: files of cdo: no cdo"
    skipped=$((skipped + 1))
fi

# Every value of every file equals what xarray decodes, where the conventions that it ignores (a default fill value, a
# valid range) give no other; and what netCDF4 masks and scales, always.
for file in $files; do
    for name in $variables kind; do
        "$build_folder/tests/read_values" "$file" "$name" >"$file.$name.bin" 2>>read.log || rm "$file.$name.bin"
    done
done
"$python" - $files <<'PYTHON' || fail "values differ"
import os, sys, warnings
import netCDF4, numpy, xarray
from decode import decode
warnings.simplefilter('ignore')
compared = 0
for path in sys.argv[1:]:
    f, x = netCDF4.Dataset(path), xarray.open_dataset(path, decode_times=False)
    for name in 'u v w r m rain kind'.split():
        if name not in f.variables:
            continue
        ours = numpy.fromfile(f'{path}.{name}.bin')
        compared += ours.size
        if name == 'kind':
            words = [w.strip() for w in x[name].values.astype(str)]
            assert [sorted(set(words)).index(w) for w in words] == ours.tolist(), path
            continue
        exact = decode(f[name])
        ours = ours.reshape(exact.shape)
        assert numpy.array_equal(ours, exact, equal_nan=True), (path, name)
        theirs = x[name].values.astype('f8')
        same = ~numpy.isnan(ours)
        # xarray computes in float32 where the packed values or the attributes are narrow.
        assert numpy.allclose(ours[same], theirs[same], rtol=3e-7, atol=3e-7 * numpy.nanmax(abs(ours))), (path, name)
        if name not in ('r', 'v'):
            assert numpy.array_equal(numpy.isnan(theirs), ~same), (path, name, 'xarray masks others')
assert compared > 40000
print(compared, 'values equal')
PYTHON

# info: axes, times, no coordinates among the inputs; the section that it proposes trains as it is.
run info weather.nc
said "    axes: time (hours since 2001-01-01, unlimited), lat (degrees_north), lon (degrees_east)"
said "    times: 2001-01-01 00:00:00 to 2001-03-01 18:00:00"
said "    a dimension without coordinates"
said "  train: {x: [m, r, u, v, w], y: kind}"
said "  split: {validation: 0.1, order: chronological}"
{
    sed -n '/^data:/,$p' log
    cat <<YAML
network:
  - conv2d: {filters: 4, kernel: 3, padding: same, activation: relu}
  - flatten
  - dense: {units: classes}
loss: cross_entropy
training: {epochs: 2, batch_size: 16, microbatch_size: 4}
YAML
} >kind.yaml
use_engine kind.yaml
ends 0 1 2 kind.yaml --run-dir kind
run info --json weather.nc
"$python" - <<'PYTHON' || fail "info --json"
import json
sets = {s['name']: s for s in json.load(open('log'))['datasets']}
assert [a['name'] for a in sets['u']['axes']] == ['time', 'lat', 'lon'] and sets['u']['units'] == 'm s-1'
assert sets['u']['axes'][0]['unlimited'] and sets['lat']['scale'] and not sets['u']['scale'] and 'axes' not in sets
PYTHON

# The same numbers as plain HDF5 give the same weights; so do ranks, a stream, and files with other scales.
"$python" - <<'PYTHON' || exit 1
import h5py, netCDF4, numpy
from decode import decode
for path, parts in {'plain.h5': ['weather.nc'], 'parts.h5': ['first.nc', 'second.nc']}.items():
    with h5py.File(path, 'w') as out:
        for name in ('u', 'v', 'w', 'rain'):
            values = [decode(netCDF4.Dataset(part)[name]) for part in parts]
            out[name] = numpy.concatenate(values)
PYTHON
# rain FILE: its configuration
rain() {
    cat >rain.yaml <<YAML
data:
  file: $1
  train: {x: [u, v, w], y: rain}
  split: {validation: 0.1, order: chronological}
  fields: {x: {missing: mean}}
network:
  - conv2d: {filters: 4, kernel: 3, padding: same, activation: relu}
  - flatten
  - dense: {units: 1}
loss: mse
training: {epochs: 3, batch_size: 16, microbatch_size: 4}
checkpoint: {every: 5 steps}
YAML
    use_engine rain.yaml
}
declare -A fingerprints
for data in "plain plain.h5" "weather weather.nc" "parts parts.h5" "files [first.nc, second.nc]"; do
    rain "${data#* }"
    ends 0 1 2 rain.yaml --run-dir "run-${data%% *}"
    fingerprints[${data%% *}]=$(fingerprint)
done
[ -n "${fingerprints[plain]}" ] && [ "${fingerprints[plain]}" = "${fingerprints[weather]}" ] ||
    fail "plain HDF5 gives ${fingerprints[plain]}, NetCDF-4 ${fingerprints[weather]}"
[ "${fingerprints[parts]}" = "${fingerprints[files]}" ] && [ "${fingerprints[parts]}" != "${fingerprints[plain]}" ] ||
    fail "two files of other scales give ${fingerprints[files]}, their values ${fingerprints[parts]}"
rain weather.nc
# same WHAT: the last training has the fingerprint of the first one
same() { [ "$(fingerprint)" = "${fingerprints[weather]}" ] || { fail "$1: $(fingerprint), not ${fingerprints[weather]}"; cat train.log; }; }
ends 0 2 1 rain.yaml --run-dir ranks
same "2 ranks"
ends 0 3 1 rain.yaml --run-dir stream --set data.cache=stream --set data.memory=65536
same "a stream on 3 ranks"
train 1 1 rain.yaml --run-dir part --set training.epochs=1 || { fail "first part"; cat train.log; }
train 2 1 rain.yaml --run-dir part --set training.epochs=3 || { fail "second part"; cat train.log; }
resumed=$(fingerprint)
rain plain.h5
train 1 1 rain.yaml --run-dir other --set training.epochs=1
train 1 1 rain.yaml --run-dir other --set training.epochs=3
[ -n "$resumed" ] && [ "$(fingerprint)" = "$resumed" ] || fail "resumed: $resumed, plain HDF5: $(fingerprint)"
run eval run-weather
run predict run-weather weather.nc -o predicted.csv
[ "$(wc -l <predicted.csv)" = 241 ] || fail "predict: $(wc -l <predicted.csv) lines"

# Classic files, imported: netCDF4 decodes the same from both, and so do we; a file that is cut short is refused.
"$python" - <<'PYTHON' || exit 1
import netCDF4
source = netCDF4.Dataset('weather.nc')
for name, version in {'cdf1': 'NETCDF3_CLASSIC', 'cdf2': 'NETCDF3_64BIT_OFFSET', 'cdf5': 'NETCDF3_64BIT_DATA'}.items():
    out = netCDF4.Dataset(name + '.nc', 'w', format=version)
    for d in source.dimensions.values():
        out.createDimension(d.name, None if d.isunlimited() else d.size)
    for v in source.variables.values():
        v.set_auto_maskandscale(False)
        attributes = {a: v.getncattr(a) for a in v.ncattrs()}
        copy = out.createVariable(v.name, v.dtype, v.dimensions, fill_value=attributes.pop('_FillValue', None))
        copy.setncatts(attributes)
        copy.set_auto_maskandscale(False)
        copy[:] = v[:]
    out.close()
PYTHON
for version in cdf1 cdf2 cdf5; do
    run import netcdf $version.nc -o $version.h5
    for name in $variables kind; do
        "$build_folder/tests/read_values" $version.h5 $name >values.bin && cmp -s values.bin weather.nc.$name.bin ||
            fail "$version: $name has other values than NetCDF-4"
    done
    rain $version.h5
    ends 0 1 2 rain.yaml --run-dir run-$version
    same "$version, imported"
done
said "a section of a configuration that reads it: nntrain info cdf5.h5"
run info cdf1.h5
said "    axes: time (hours since 2001-01-01), lat (degrees_north), lon (degrees_east)"
said "  train: {x: [m, r, u, v, w], y: kind}"
OMP_NUM_THREADS=1 mpirun -n 3 --bind-to none "$program" import netcdf cdf1.nc -o ranks.h5 >log 2>&1 || { fail "3 ranks"; cat log; }
cmp ranks.h5 cdf1.h5 || fail "imported by 3 ranks, the file has other bytes"
run import netcdf cdf1.nc -o parts-of.h5 --validation 0.25 --chronological --variables u,rain --compression 4
"$python" - <<'PYTHON' || fail "an imported file is not what NetCDF reads"
import netCDF4, numpy, xarray
from decode import decode
source, whole, parts = (netCDF4.Dataset(n) for n in ('cdf2.nc', 'cdf2.h5', 'parts-of.h5'))
for name, v in source.variables.items():
    other = whole[name]
    assert other.dimensions == v.dimensions and other.dtype == v.dtype, name
    for a in set(v.ncattrs()) | set(other.ncattrs()):
        assert numpy.all(v.getncattr(a) == other.getncattr(a)), (name, a)
    if name != 'kind':
        assert numpy.array_equal(decode(v), decode(other), equal_nan=True), name
    else:
        assert (v[:] == other[:]).all()
x = xarray.open_dataset('cdf2.h5')
assert x.time.values[1] == numpy.datetime64('2001-01-01T06') and x.u.dims == ('time', 'lat', 'lon')
u = decode(source['u'])
assert numpy.array_equal(decode(parts['u_train']), u[:180]) and numpy.array_equal(decode(parts['u_validation']), u[180:])
assert parts['u_validation'].dimensions == ('time_validation', 'lat', 'lon') and 'v_train' not in parts.variables
PYTHON
head -c 50000 cdf1.nc >cut.nc
program_refuses 5 "is cut short: it has 50000 bytes" import netcdf cut.nc -o cut.h5
[ ! -e cut.h5 ] || fail "a file was written"
program_refuses 5 "needs no import: name it as data.file" import netcdf weather.nc -o no.h5
program_refuses 2 "did you mean 'rain'?" import netcdf cdf1.nc --variables rains -o no.h5

# What cannot be joined says why.
rain weather.nc
sed -i 's/\[u, v, w\]/[u, turned]/' rain.yaml
program_refuses 5 '(time, lat, lon) and "turned" (time, lon, lat)' train rain.yaml --run-dir turned
[ $skipped = 0 ] || echo "skipped: $skipped parts"
finish
