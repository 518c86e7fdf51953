# Shared by the tests of NetCDF: `python` with netCDF4 and xarray, or skipped; weather.nc, and first.nc and second.nc, the
# same kind of data packed with other scales; decode.py; the configuration rain.yaml.
find_interop_python netCDF4 xarray h5py numpy
[ -n "$python" ] || { echo "skipped: 1 of 1 part: no Python with netCDF4 and xarray (scripts/setup.sh tests)"; exit 77; }
variables="u v w r m rain"

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
