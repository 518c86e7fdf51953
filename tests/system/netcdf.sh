#!/usr/bin/env bash
# NetCDF-4 files as netCDF4, NCO and cdo write them: read as netCDF4 masks and xarray decodes them, described by `info`, and
# trained on with the bits of plain HDF5. Fails when a value differs, when a proposed section does not train, or when
# ranks, streaming and resuming change a bit.
build_folder=$(realpath "$2")
source "$(dirname "$0")/common.sh"
source "$source_folder/tests/system/common_netcdf.sh"
skipped=0

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

# A series, and a file as weather models write it, of dimensions without coordinates and times as texts.
"$python" - <<'PYTHON' || exit 1
import netCDF4, numpy, xarray
random = numpy.random.default_rng(2)
times = numpy.datetime64('2020-01-01') + numpy.arange(100) * numpy.timedelta64(6, 'h')
xarray.Dataset({'t2m': ('valid_time', random.normal(size=100))}, {'valid_time': times}).to_netcdf('series.nc')
f = netCDF4.Dataset('model.nc', 'w')
for name, extent in {'Time': None, 'length': 19, 'y': 5, 'x': 6}.items():
    f.createDimension(name, extent)
f.createVariable('Times', 'S1', ['Time', 'length'])[:] = netCDF4.stringtochar(times.astype('S19'))
for name in ('T2', 'Q2'):
    f.createVariable(name, 'f4', ['Time', 'y', 'x'])[:] = random.normal(size=(100, 5, 6))
f.createVariable('RAIN', 'f4', ['Time'])[:] = random.normal(size=100)
f.close()
PYTHON
run info model.nc
said "  train: {x: [Q2, T2], y: RAIN}"
said "  split: {validation: 0.1, order: chronological}"
run info series.nc
{ sed -n '/^data:/,$p' log; printf '%s\n' 'network:' '  - lstm: {units: 4}' '  - dense: {units: 1}' 'loss: mse' 'training: {epochs: 1}'; } >series.yaml
use_engine series.yaml
ends 0 1 2 series.yaml --run-dir series

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
# Files that are packed in another way than those of training: decoded by their own attributes.
for data in "parts parts.h5" "files first.nc second.nc"; do
    # shellcheck disable=SC2086 # several files
    run predict run-weather ${data#* } -o "${data%% *}.csv"
    sed 's/.*,//' "${data%% *}.csv" >"${data%% *}.columns"
done
[ "$(wc -l <files.csv)" = 241 ] && cmp files.columns parts.columns || fail "predictions for files of other scales differ"

# Characters as groups: a text each.
rain grouped.nc
sed -i 's/^  split: .*/  split: {validation: 0.4, by: group, group: kind}/' rain.yaml
cp weather.nc grouped.nc
run train rain.yaml --run-dir grouped
characters=$(sed -n 's/^fingerprint: //p' log)
"$python" -c "import h5py, numpy
f = h5py.File('grouped.nc', 'r+')
f['texts'] = [b''.join(t).decode().rstrip() for t in f['kind'][:]]"
sed -i 's/group: kind}/group: texts}/' rain.yaml
run train rain.yaml --run-dir grouped-texts
[ -n "$characters" ] && [ "$(sed -n 's/^fingerprint: //p' log)" = "$characters" ] || fail "groups of characters are not those of texts"

# Samples along other dimensions of the same length are paired with a warning.
rain weather.nc
run check rain.yaml
! grep -q "paired by position" log || fail "a warning about the same axis"
"$python" -c "import netCDF4
f = netCDF4.Dataset('weather.nc', 'a')
f.createDimension('case', 240)
f.createVariable('other', 'f4', ['case'])[:] = range(240)"
sed -i 's/y: rain/y: other/' rain.yaml
run check rain.yaml
said 'samples lie along "time" in "[u, v, w]", but along "case" in "other"'

# What cannot be joined says why.
rain weather.nc
sed -i 's/\[u, v, w\]/[u, turned]/' rain.yaml
program_refuses 5 '(time, lat, lon) and "turned" (time, lon, lat)' train rain.yaml --run-dir turned
[ $skipped = 0 ] || echo "skipped: $skipped parts"
finish
