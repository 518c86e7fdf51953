#!/usr/bin/env bash
# `nntrain import libsvm`: LIBSVM and SVMlight files become CSR matrices that have the values scikit-learn reads, train to
# the bits of the dense matrix, and are refused with file and line where they are wrong.
source "$(dirname "$0")/common.sh"
find_interop_python sklearn h5py
sklearn=$python
find_python
[ -n "$python" ] || { echo "skipped: python3 has no h5py"; exit 77; }

imported() { # OUTPUT ARGUMENT...
    local output=$1
    shift
    "$program" import libsvm "$@" -o "$output" --overwrite >import.log 2>&1 || { fail "exit $?: import libsvm $*"; cat import.log; }
}
printed() { grep -q -E -e "$1" import.log || { fail "not printed: $1"; cat import.log; }; }
holds() {
    "$python" - "$1" "$2" 2>python.log <<'PY' || { fail "$1: not so: $2"; cat python.log; }
import h5py, sys, numpy as np
f = h5py.File(sys.argv[1], 'r'); dense = np.load('dense.npy'); labels = np.load('labels.npy')
def m(name): # a CSR matrix as a dense one
    g = f[name]; x = np.zeros(g.attrs['shape'], g['data'].dtype); p = g['indptr'][:]
    assert g.attrs['encoding-type'] in ('csr_matrix', b'csr_matrix') and len(p) == len(x) + 1 and p[0] == 0 and p[-1] == len(g['data']) == len(g['indices'])
    for i in range(len(x)): x[i, g['indices'][p[i]:p[i+1]]] = g['data'][p[i]:p[i+1]]
    return x
assert eval(sys.argv[2]), list(f.items())
PY
}
refused() { # CODE PATTERN ARGUMENT...
    local code=$1 pattern=$2 found
    shift 2
    "$program" import libsvm "$@" -o refused.h5 >import.log 2>&1
    found=$?
    [ $found = "$code" ] || { fail "exit $found, not $code: import libsvm $*"; cat import.log; }
    [ "$(grep -c -E -e "$pattern" import.log)" = 1 ] || { fail "not '$pattern' once: import libsvm $*"; cat import.log; }
    [ -z "$(ls -d refused.h5* 2>/dev/null)" ] || { fail "files left: $(ls -d refused.h5*)"; rm -rf refused.h5*; }
}

"$python" - <<'PY' || exit 1
import gzip, h5py, numpy as np
r = np.random.default_rng(1)
x = np.zeros((500, 50), 'f4'); y = r.integers(0, 2, 500) * 2 - 1
for i in range(500):
    c = r.choice(50, r.integers(0, 9), replace=False); x[i, c] = r.standard_normal(len(c)) + y[i] * (c % 3 == 0)
np.save('dense.npy', x); np.save('labels.npy', y)
def lines(rows, first, query=False):
    for i in rows:
        yield f'{y[i]:+d} ' + (f'qid:{i // 10} ' if query else '') + ' '.join(f'{j + first}:{x[i, j]:.9g}' for j in np.flatnonzero(x[i])) + '  # not "a value' * (i % 9 == 0)
        if i % 50 == 0: yield '# only this\r'; yield ''
def write(name, lines, open=open): open(name, 'wt').write('\n'.join(lines) + '\n')
write('a', lines(range(400), 1)); write('a.t', lines(range(400, 500), 1))
write('zero.gz', lines(range(500), 0, True), gzip.open)
write('values', (f'{x[i, 0]:.9g} 2:1 5:{i}' for i in range(30)))
write('lists', ['1,3 1:2 4:.5', ' 2:1', '2 3:1e-3'])
h5py.File('dense.h5', 'w').update({'x': x[:400], 'y': ((y[:400] + 1) // 2).astype('u1'), 'xt': x[400:], 'yt': ((y[400:] + 1) // 2).astype('u1'), 'names': np.array(['-1', '1'], 'S')})
PY

# ---- what is read ----
imported a.h5 a a.t
printed 'indices 1 to 50, read as from one; 50 columns'
printed '^  x_test +100 x 50  float32, sparse \(CSR\)'
holds a.h5 "(m('x_train') == dense[:400]).all() and (m('x_test') == dense[400:]).all() and m('x_train').dtype == 'f4'"
holds a.h5 "list(f['y_classes']) == [b'-1', b'1'] and (np.array([-1, 1])[f['y_test'][:]] == labels[400:]).all()"
imported zero.h5 zero.gz
printed 'indices 0 to 49, read as from zero; 50 columns'
holds zero.h5 "(m('x') == dense).all() and (f['qid'][:] == np.arange(500) // 10).all()"
imported split.h5 a a.t --validation 0.25 --stratified --seed 3
holds split.h5 "sorted(map(bytes, np.r_[m('x_train'), m('x_validation')])) == sorted(map(bytes, dense[:400])) and len(m('x_validation')) in (99, 100, 101)"
imported packed.h5 zero.gz --compression 4 --dtype float64 --columns 60 --test 0.5
holds packed.h5 "m('x_train').dtype == 'f8' and m('x_test').shape == (250, 60) and f['x_train/data'].compression == 'gzip'"
imported values.h5 values
holds values.h5 "f['y'].dtype == 'f4' and (f['y'][:] == dense[:30, 0]).all() and m('x').tolist()[7] == [0, 1, 0, 0, 7]"
imported lists.h5 lists
holds lists.h5 "f['y'][:].tolist() == [[1, 0, 1], [0, 0, 0], [0, 1, 0]] and list(f['y_columns']) == [b'1', b'2', b'3']"
imported like.h5 a.t --like a.h5 --base one
holds like.h5 "(m('x') == dense[400:]).all()"
if [ -n "$sklearn" ]; then
    "$sklearn" - <<'PY' || fail "scikit-learn and scipy read something else"
import h5py, numpy as np, scipy.sparse as sp
from sklearn.datasets import load_svmlight_file, load_svmlight_files
def m(g): return sp.csr_matrix((g['data'][:], g['indices'][:], g['indptr'][:]), g.attrs['shape'])
f = h5py.File('a.h5'); x, y, xt, yt = load_svmlight_files(['a', 'a.t'])
assert (m(f['x_train']) != x.astype('f4')).nnz == 0 and (m(f['x_test']) != xt.astype('f4')).nnz == 0
assert (np.array([-1, 1])[f['y_train'][:]] == y).all() and (np.array([-1, 1])[f['y_test'][:]] == yt).all()
f = h5py.File('zero.h5'); x, y, q = load_svmlight_file('zero.gz', query_id=True)
assert (m(f['x']) != x.astype('f4')).nnz == 0 and (f['qid'][:] == q).all()
PY
else
    echo "without scikit-learn"
fi

# ---- training: the bits of the dense matrix ----
network='network: [dense: {units: classes}]
loss: cross_entropy
training: {epochs: 2, batch_size: 16}'
{ sed -n '/^data:/,/test:/p' <("$program" import libsvm a a.t -o train.h5 2>&1); echo '  fields: {x: {normalize: none}}'; echo "$network"; } >sparse.yaml
printf 'data:\n  file: dense.h5\n  train: {x: x, y: y}\n  test: {x: xt, y: yt}\n  fields: {x: {normalize: none}}\n%s\n' "$network" >dense.yaml
train 2 1 sparse.yaml --run-dir sparse || { fail "the imported file cannot be trained on"; cat sparse.yaml train.log; }
sparse=$(fingerprint)
train 1 1 dense.yaml --run-dir dense || { fail "the dense matrix"; cat train.log; }
[ -n "$sparse" ] && [ "$sparse" = "$(fingerprint)" ] || { fail "the sparse rows train to other bits"; cat train.log; }

# ---- what is wrong, and where ----
wrong() { # PATTERN LINE...
    local pattern=$1
    shift
    printf '%s\n' '1 1:2 3:4' '' "$@" >wrong.txt
    refused 5 "$pattern" wrong.txt
}
wrong "wrong.txt:3: the index 2 follows 2: indices must ascend" '0 2:1 2:3'
wrong "wrong.txt:3: '4' is not INDEX:VALUE.*import csv" '0 4 5'
wrong "wrong.txt:4: the value 'nan' of index 7 is not a finite number" '0 1:1' '0 7:nan'
wrong "wrong.txt:3: the index '-1' is not an integer from 0" '0 -1:1'
wrong "wrong.txt:3: the label 'spam' is not a number" 'spam 1:1'
wrong "wrong.txt:3: 'qid:x': expected one integer" '0 qid:x 1:1'
wrong "some rows have a qid, but not the one in line 1" '0 qid:2 1:1'
wrong "the row in line 3 has no label, but others have one" '1:1'
refused 2 'say whether the indices begin at zero or one' a.t --like a.h5
refused 5 'the index 50 occurs, which is beyond the 50 columns of a.h5' a.t --like a.h5 --base zero
refused 5 'beyond the 20 columns of --columns' a --columns 20
refused 5 '^nntrain: the index 0 occurs: remove --base one' zero.gz --base one
refused 5 'target class: the labels are not integers' values --target class
printf 'BZh91AY' >packed.bz2
refused 5 'packed.bz2: .*unpack it with bunzip2 first' packed.bz2

# ---- memory stays bounded: 5,000,000 values, which take 60 MB as they are read ----
"$python" - "$program" <<'PY' || fail "a large file takes more memory"
import resource, subprocess, sys
words = ' '.join(f'{i}:0.5' for i in range(1, 4000, 40)) + '\n'
peaks = []
for name, rows in ('small', 5000), ('large', 50000):
    with open(name, 'w') as f: f.writelines(f'{i % 3} ' + words for i in range(rows))
    subprocess.run([sys.argv[1], 'import', 'libsvm', name, '-o', name + '.h5'], check=True, capture_output=True)
    peaks.append(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) # KiB, of the largest so far
assert peaks[1] < peaks[0] + 10000, peaks
PY
finish
