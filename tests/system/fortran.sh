#!/usr/bin/env bash
# Prediction from Fortran with an installed nntrain: module nntrain compiled by the user, arrays of every rank and kind next
# to what nntrain.py predicts, each misuse a status and a text.
build=$(realpath "$2")
source "$(dirname "$0")/common_fortran.sh"
find_python
[ -n "$python" ] || { echo "skipped: no Python with numpy and h5py (scripts/setup.sh tests)"; exit 77; }
install_tree
sources=$source_folder/tests/install

# ---- every function of the C library has its binding, and every binding is called here ----

for name in $(grep -ohE '\bnn_[a-z0-9_]+\(' "$tree"/include/nntrain/nntrain.h | tr -d '(' | sort -u); do
    [ "$name" = nn_predictor_open ] || grep -qw "$name" "$tree"/include/nntrain/*.[fF]90 ||
        fail "$name is in nntrain.h, and not in nntrain.f90"
done
bound=$(sed -nE 's/^ *(procedure|generic), public :: ([a-z_]+) =>.*/\2/p' "$tree/include/nntrain/nntrain.f90")
[ "$(wc -w <<<"$bound")" -gt 20 ] || fail "the procedures of nn_predictor are: $bound"
for name in $bound; do
    grep -q "%$name(" "$sources/fields.f90" || fail "$name is not tested"
done

# ---- networks ----

"$python" - <<'PY' || fail "no data"
import h5py, numpy as n
r = n.random.default_rng(5)
with h5py.File('data.h5', 'w') as f:
    f['x'] = x = r.normal(size=(60, 5, 4, 3))
    f['y'] = n.stack([x[:, 1, 2, 0] - x[:, 4, 0, 2], x[:, 3, 3, 1] ** 2], axis=1) + 5
    f['image'] = x[:, 0]
    f['table'] = r.normal(size=(60, 2)) * 40
    f['kind'] = r.integers(0, 3, 60)
    f['kind_classes'] = n.array([b'cold', b'a\nb\\n', b'quite warm'])
    f['size'] = x[:, 0, 1, 2] * 100 - 7
    f['s'] = r.normal(size=(60, 6, 2))
    f['sums'] = n.cumsum(f['s'][:, :, :1], axis=1)
    f['lengths'] = r.integers(1, 7, 60)
r = n.random.default_rng(6)
r.normal(size=7 * 60).tofile('x.raw')
r.normal(size=7 * 14).tofile('two.raw')
r.normal(size=7 * 12).tofile('sequences.raw')
PY
cat >volume.yaml <<'YAML'
data: {file: data.h5, train: {x: x, y: y}}
network:
  - conv2d: {filters: 3, kernel: 2, activation: tanh}
  - dense: {units: 2}
loss: mse
training: {epochs: 3, batch_size: 16, microbatch_size: 4}
YAML
cat >two.yaml <<'YAML'
data: {file: data.h5, train: {x: {image: image, table: table}, y: {kind: kind, size: size}}}
network:
  - flatten: {inputs: image, name: flat}
  - concat: {inputs: [flat, table]}
  - dense: {units: 9, activation: tanh, name: body}
  - dense: {units: classes, name: kind}
  - dense: {units: 1, name: size, inputs: body}
losses: {kind: cross_entropy, size: mse}
training: {epochs: 3, batch_size: 16, microbatch_size: 4}
YAML
cat >steps.yaml <<'YAML'
data: {file: data.h5, train: {x: s, y: sums, lengths: lengths}}
network:
  - lstm: {units: 5, output: sequence}
  - dense: {units: 1, per_step: true}
loss: mse
training: {epochs: 2, batch_size: 16, microbatch_size: 4}
YAML
for run in volume two steps; do run train $run.yaml --run-dir $run; done

# ---- the same numbers as in Python ----

cat >compare.py <<'PY'
import numpy as n, nntrain
def raw(name, *shape): return n.fromfile(name).reshape(shape)
def same(name, found, expected):
    assert n.array_equal(found, expected), f'{name}: {found.ravel()[:4]} instead of {expected.ravel()[:4]}'
x = raw('x.raw', 7, 5, 4, 3)
v = nntrain.load('volume')
y = v.predict(x, dtype='float64')
same('y', raw('y.raw', 7, 2), y)
same('y32', raw('y32.raw', 7, 2), v.predict(x.astype('f4')).astype('f8'))
dy = (n.arange(14) + 1.5).reshape(7, 2)
same('vjp', raw('vjp.raw', 7, 5, 4, 3), v.vjp(x, dy))
same('jvp', raw('jvp.raw', 7, 2), v.jvp(x, x - 1)[1])
assert len(n.unique(y)) == 14, y
flat = raw('two.raw', 98)
given = {'image': flat[:84].reshape(7, 4, 3), 'table': flat[84:].reshape(7, 2)}
two = nntrain.load('two')
y = two.predict(given, dtype='float64')
same('kind', raw('kind.raw', 7, 3), y['kind'])
same('size', raw('size.raw', 7, 1), y['size'].reshape(7, 1))
g = two.vjp(given, {'kind': n.arange(1., 22).reshape(7, 3), 'size': n.full(y['size'].shape, -2.)})
same('d_image', raw('d_image.raw', 7, 4, 3), g['image'])
same('d_table', raw('d_table.raw', 7, 2), g['table'])
PY
# in_fortran NAME COMPILER...: the program, compiled with these, and its results
in_fortran() {
    local name=$1
    rm -f [!xts]*.raw size.raw
    must "${@:2}" -o "$name"
    OMP_NUM_THREADS=2 ./"$name" >log 2>&1 || { fail "$name ended with $?"; cat log; }
    NNTRAIN_LIBRARY=$(find "$tree" -name libnntrain_infer.so.0) PYTHONPATH=$tree/share/nntrain PYTHONDONTWRITEBYTECODE=1 \
        "$python" compare.py >log 2>&1 || { fail "$name: $(tail -n 1 log)"; }
}
read -r -a flags <<<"$(pkg-config --cflags --libs nntrain_infer)"
read -r -a modules <<<"$(pkg-config --variable=fortran_sources nntrain_infer)"
in_fortran checked "$fortran" -std=f2018 -fcheck=all,no-array-temps -O0 -fopenmp "${modules[@]}" "$sources/fields.f90" "${flags[@]}"
in_fortran fast "$fortran" -O3 -flto -funsafe-math-optimizations -fopenmp "${modules[@]}" "$sources/fields.f90" "${flags[@]}"

# ---- without stat a failure ends the program with its status and its text ----

cat >ends.f90 <<'F90'
use nntrain
type(nn_predictor) :: network
call network%open('nowhere')
print *, 'the program continues'
end
F90
must "$fortran" "${modules[@]}" ends.f90 "${flags[@]}" -o ends
./ends >log 2>&1
code=$?
[ $code = 6 ] || [ $code = 2 ] || fail "a failure without stat ends with $code"
said 'nntrain: nowhere'
grep -q continues log && fail "a failure without stat is ignored"
# Another kind is a mistake that the compiler finds.
sed 's/nowhere/volume/; s/print.*/call network%predict([1, 2, 3], [1, 2])/' ends.f90 >integers.f90
"$fortran" "${modules[@]}" integers.f90 "${flags[@]}" -o integers >log 2>&1 && fail "integers are taken"
finish
