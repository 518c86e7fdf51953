#!/usr/bin/env bash
# Classic NetCDF files, imported: netCDF4 and xarray read the same from both, and training has the bits of NetCDF-4. Fails
# when a value, an attribute or an axis is lost, when ranks write other bytes, or when a file that is cut short is imported.
build_folder=$(realpath "$2")
source "$(dirname "$0")/common.sh"
source "$source_folder/tests/system/common_netcdf.sh"
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
for name in $variables kind; do "$build_folder/tests/read_values" weather.nc $name >weather.nc.$name.bin; done
rain weather.nc
ends 0 1 2 rain.yaml --run-dir reference
reference=$(fingerprint)
for version in cdf1 cdf2 cdf5; do
    run import netcdf $version.nc -o $version.h5
    for name in $variables kind; do
        "$build_folder/tests/read_values" $version.h5 $name >values.bin && cmp -s values.bin weather.nc.$name.bin ||
            fail "$version: $name has other values than NetCDF-4"
    done
    rain $version.h5
    ends 0 1 2 rain.yaml --run-dir run-$version
    [ -n "$(fingerprint)" ] && [ "$(fingerprint)" = "$reference" ] || fail "$version: $(fingerprint), NetCDF-4: $reference"
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
run import cdf1.nc -o by-name.h5
cmp by-name.h5 cdf1.h5 || fail "the format by the name of the file gives other bytes"
program_refuses 5 "not HDF5: nntrain import netcdf cdf1.nc -o cdf1.h5" info cdf1.nc
head -c 50000 cdf1.nc >cut.nc
program_refuses 5 "is cut short: it has 50000 bytes" import netcdf cut.nc -o cut.h5
[ ! -e cut.h5 ] || fail "a file was written"
program_refuses 5 "needs no import: name it as data.file" import netcdf weather.nc -o no.h5
program_refuses 2 "did you mean 'rain'?" import netcdf cdf1.nc --variables rains -o no.h5
finish
