#!/usr/bin/env bash
# The bits of a prediction depend on the inputs of its row and the weights alone. Fails when rows have other bits in a file
# in which they are shuffled, or which has but a few of them: for every kind of network, trained with the BLAS library.
tools=$(realpath "$2")/tests
source "$(dirname "$0")/common.sh"
find_python
if [ -z "$python" ]; then
    echo "skipped: python3 has no h5py"
    finish
fi
source "$source_folder/tests/system/common_networks.sh"

cat >shuffle.py <<'PY'
import h5py, numpy as n, sys
source, shuffled, few = (h5py.File(p, m) for p, m in zip(sys.argv[1:4], 'rww'))
orders = {}
def copy(name, d):
    if not isinstance(d, h5py.Dataset): return
    rows = d.shape[0] if d.shape else 0
    samples = rows >= 20
    if samples and rows not in orders: orders[rows] = n.random.default_rng(rows).permutation(rows)
    shuffled[name] = d[:][orders[rows]] if samples else d[()]
    few[name] = d[:][5:12] if samples else d[()]
source.visititems(copy)
n.savez('orders.npz', **{str(r): o for r, o in orders.items()})
PY
cat >compare.py <<'PY'
import h5py, numpy as n
whole, shuffled, few = (h5py.File(p) for p in ('whole.h5', 'shuffled.out.h5', 'few.out.h5'))
order = n.load('orders.npz')[str(len(whole['sample']))]
compared = 0
for name, d in whole.items():
    if 'coordinates' not in d.attrs: continue
    assert d[:][order].tobytes() == shuffled[name][:].tobytes(), name + ' depends on the order'
    assert d[5:12].tobytes() == few[name][:].tobytes(), name + ' depends on how many rows there are'
    compared += 'predicted' in name
assert compared > 0 and len(n.unique(order)) == len(order) and (order != n.arange(len(order))).any()
PY

check() { # check NAME FILE ARGUMENT...
    local name=$1 file=$2
    shift 2
    rm -rf run
    run train "$name.yaml" --run-dir run --set training.peak_seconds=0 --set training.kernels=blas "$@"
    run predict run "$file" --probabilities all -o whole.h5
    "$python" shuffle.py "$file" shuffled.h5 few.h5 || fail "$name: no data"
    run predict run shuffled.h5 --probabilities all -o shuffled.out.h5
    run predict run few.h5 --probabilities all -o few.out.h5
    "$python" compare.py || fail "$name: the bits of a row depend on other rows"
}

for kind in images sequences mixture labels pairs; do $kind >$kind.yaml; done
classifier
check images "$digits/digits.h5"
check sequences sequences.h5
check mixture sequences.h5
check labels "$(sed -n 's/^  file: //p' labels.yaml)"
check pairs pairs.h5
check classifier "$digits/digits.h5" --set training.microbatch_size=24
check classifier "$digits/digits.h5" --set training.microbatch_size=24 --set training.precision=float64
finish
