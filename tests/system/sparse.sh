#!/usr/bin/env bash
# Sparse matrices, CSR and CSC, as scipy with h5py, 10x and anndata write them: the bits are those of the dense matrix, on
# any ranks, in memory and in a stream.
source "$(dirname "$0")/common.sh"
find_interop_python anndata
anndata=$python
find_python
[ -n "$python" ] || { echo "skipped: python3 has no h5py"; exit 77; }

"$python" - <<'PY' || exit 1
import h5py, numpy as n
r = n.random.default_rng(7)
N, M = 70, 20
c = n.arange(N) % 3; x = (r.poisson(2, (N, M)) * (r.random((N, M)) < .2) * (1 + c[:, None] * (n.arange(M) % 3 == 0))).astype('f4')
x[11] = 0
def compress(x):
    rows = [n.flatnonzero(v) for v in x]
    return n.concatenate([v[i] for v, i in zip(x, rows)]), n.concatenate(rows).astype('i4'), n.concatenate([[0], n.cumsum([len(i) for i in rows])]).astype('i8')
def put(f, name, parts, shape=None, **attributes):
    g = f.create_group(name)
    for k, v in zip(('data', 'indices', 'indptr'), parts): g[k] = v
    if shape is not None: g.attrs['shape'] = shape
    for k, v in attributes.items(): g.attrs[k.replace('_type', '-type')] = v
    return g
with h5py.File('s.h5', 'w') as f:
    f['x'] = x; f['y'] = c; f['xt'] = x.T
    d, i, p = compress(x); csc = compress(x.T); put(f, 'csr', (d, i, p), x.shape, encoding_type='csr_matrix')
    put(f, 'csc', csc, x.shape, encoding_type='csc_matrix'); put(f, 'old', (d.astype('>f8'), i.astype('u2'), p.astype('i4')), None, h5sparse_format='csr', h5sparse_shape=x.shape)
    put(f, 'tenx', (d, i, p))['shape'] = n.array(x.shape[::-1]) # genes x cells, CSC
    g = put(f, 'guessed', (d, i, p), x.shape)
    back = i.copy()
    for a, b in zip(p[:-1], p[1:]): back[a:b] = i[a:b][::-1]
    e = d.copy()
    for a, b in zip(p[:-1], p[1:]): e[a:b] = d[a:b][::-1]
    put(f, 'unsorted', (e, back, p), x.shape)
    twice = i.copy(); a = next(a for a, b in zip(p[:-1], p[1:]) if b - a > 1); twice[a + 1] = twice[a]
    put(f, 'twice', (d, twice, p), x.shape)
    far = i.copy(); far[5] = M; put(f, 'far', (d, far, p), x.shape)
    less = p.copy(); less[4] = less[6] + 1; put(f, 'less', (d, i, less), x.shape)
    put(f, 'short', (d[:-3], i, p), x.shape); put(f, 'few', (d, i, p[:-1]), x.shape, encoding_type='csr_matrix')
    put(f, 'shapeless', (d, i, p)); put(f, 'real', (d, i, p.astype('f4')), x.shape)
    f['kind/codes'] = c.astype('i1'); f['kind/categories'] = n.array(['T cell', 'B cell', 'other'], 'S')
    f['kind'].attrs['encoding-type'] = 'categorical'
    g = put(f, 'gaps', (d, i, p), x.shape); del g['data']; g.create_dataset('data', d.shape, 'f4', chunks=(8,))[:9] = d[:9]
    put(f, 'packed', (d, i, p), x.shape)['data'].attrs['scale_factor'] = 0.5
    big = n.zeros((300, 2000), 'f4'); big[:, :] = r.random((300, 2000)) < .5
    put(f, 'big', compress(big.T), big.shape, encoding_type='csc_matrix'); f['big_y'] = n.arange(300) % 2
PY
config() { # NAME FILE X Y MORE
    cat >"$1.yaml" <<C
data: {file: $2, train: {x: $3, y: $4}, split: {validation: 0.2}${5:+, $5}}
network: [dense: {units: classes}]
loss: cross_entropy
training: {epochs: 2, batch_size: 16, microbatch_size: 4}
C
}
same() {
    local what=$1 ranks=$2 name=$3
    shift 3
    train "$ranks" 1 "$name.yaml" --run-dir "run-$name" --fresh "$@" || { fail "$what ended with $?"; cat train.log; }
    : "${reference:=$(fingerprint)}"
    [ -n "$reference" ] && [ "$(fingerprint)" = "$reference" ] || { fail "$what gives different bits"; cat train.log; }
}
refused() {
    local text=$1
    "$program" train "${3:-csr}.yaml" --set "data.train.x=$2" --run-dir refused --fresh "${@:4}" >train.log 2>&1 && fail "not refused: $2"
    [ "$(grep -c -E -e "$text" train.log)" = 1 ] || { fail "$2: not '$text' once"; cat train.log; }
}

config dense s.h5 x y
for name in csr csc old guessed unsorted; do config $name s.h5 $name y; done
config tenx s.h5 tenx y 'fields: {x: {layout: FN}}'
reference=
same dense 1 dense
same CSR 2 csr
grep -qE 'data.train.x: .*sparse, stored by rows \(CSR\): [0-9]+ of 1400 values' train.log || { fail "not described"; cat train.log; }
same "CSR in a stream" 3 csr --set data.cache=stream --set data.memory=1
same CSC 1 csc
same "CSC in a stream" 2 csc --set data.cache=stream
same "h5sparse's old form, big-endian" 1 old
same "the format from the pointers" 3 guessed
same "unsorted indices" 1 unsorted
same "10x: genes x cells" 2 tenx
same "10x in a stream" 1 tenx --set data.cache=stream
config kind s.h5 csr kind
same "categories as labels" 2 kind
run predict run-kind --data s.h5 -o kind.csv
head -n 1 kind.csv | grep -q 'probability_T cell' || fail "names of categories are lost: $(head -n 1 kind.csv)"
run eval run-kind --data s.h5

refused 'column [0-9]+ occurs twice in row [0-9]+' twice
refused 'index 5 of "indices", in row [0-9]+, is 20, but there are 20 columns' far
refused 'the pointers of row [0-9]+ in "indptr" are .*must not decrease' less
refused 'dataset "gaps/data" of .* lacks [0-9]+ values' gaps
refused 'the attributes of dataset "packed/data" of .*unpacked by x 0.5' packed
refused 'values and .* indices, but its pointers lead from 0 to' short
refused 'has 70 pointers in "indptr", but needs 71' few
refused "has no shape: write it, .*attrs\['shape'\]" shapeless
refused '"real/indptr" of .* is not part of a sparse matrix' real
refused 'stored by columns \(CSC\): to read rows, .*tocsr' big csr --set data.train.y=big_y --set data.memory=1
"$program" train csr.yaml --set data.train.x=big --set data.train.y=big_y --run-dir big >log 2>&1 || { fail "a larger data.memory"; cat log; }

# ---- names of genes are names of columns ----
"$python" - <<'PY' || exit 1
import h5py, numpy as n
source = h5py.File('s.h5'); x, y = source['x'][:], source['y'][:]
names = [f'gene{i}' for i in range(x.shape[1])]
def write(name, order, dense=False, names=names):
    with h5py.File(name, 'w') as f:
        if dense: f['X'] = x[:, order]
        else:
            v = x[:, order]; g = f.create_group('X'); rows = [n.flatnonzero(r) for r in v]; g.attrs['shape'] = v.shape
            g['data'] = n.concatenate([a[i] for a, i in zip(v, rows)]); g['indices'] = n.concatenate(rows).astype('i4')
            g['indptr'] = n.concatenate([[0], n.cumsum([len(i) for i in rows])]); g.attrs['encoding-type'] = 'csr_matrix'
        f['obs/label'] = y; f['var/gene_ids'] = [names[i] for i in order]; f['var'].attrs['_index'] = 'gene_ids'
same = list(range(x.shape[1]))
write('named.h5ad', same); write('turned.h5ad', same[::-1]); write('dense.h5ad', same[::-1], True)
write('less.h5ad', same[1:]); write('twice.h5ad', same, names=names[:1] * 2 + names[2:])
PY
config named named.h5ad X obs/label
same "names of genes" 1 named
run predict run-named --data named.h5ad -o named.csv
for other in turned dense; do
    run predict run-named --data $other.h5ad -o $other.csv
    cmp -s named.csv $other.csv || fail "genes in another order are not found by their names: $other"
done
program_refuses 5 "lacks the column 'gene0'" predict run-named --data less.h5ad -o less.csv
config twice twice.h5ad X obs/label
same "a name that occurs twice" 1 twice
run train named.yaml --run-dir some --set 'data.fields.x.columns=[gene3, gene5]'
run explain run-named --method permutation
said gene5

# ---- as anndata writes it: files that it wrote (make_cells.py), and new ones where there is one ----
cells=$source_folder/tests/data/foreign
"$python" - "$cells/csr.h5ad" <<'PY' || exit 1
import h5py, numpy as n, sys
f = h5py.File(sys.argv[1]); g = f['X']; p = g['indptr'][:]; x = n.zeros(g.attrs['shape'], g['data'].dtype)
for i in range(len(x)): x[i, g['indices'][p[i]:p[i+1]]] = g['data'][p[i]:p[i+1]]
o = h5py.File('cells.h5', 'w'); o['x'] = x; o['y'] = f['obs/cell_type/codes'][:]; o['y_classes'] = n.array(f['obs/cell_type/categories'].asstr()[:], 'S')
PY
config cells cells.h5 x y
config cells_csr "$cells/csr.h5ad" X obs/cell_type
config cells_csc "$cells/csc.h5ad" X obs/cell_type
earlier=$reference reference=
same "the cells as a dense matrix" 1 cells
same "anndata's CSR" 2 cells_csr
same "anndata's CSC, in a stream" 3 cells_csc --set data.cache=stream
run predict run-cells_csr --data "$cells/csc.h5ad" -o cells.csv
head -n 1 cells.csv | grep -q 'probability_B cell' || fail "names of anndata's categories are lost: $(head -n 1 cells.csv)"
reference=$earlier
if [ -n "$anndata" ]; then
    "$anndata" - <<'PY' || exit 1
import anndata, h5py, numpy as n, pandas, scipy.sparse as sp
f = h5py.File('s.h5'); x = f['x'][:]; names = n.array(['T cell', 'B cell', 'other'])
for name, form in ('csr', sp.csr_matrix), ('csc', sp.csc_matrix):
    obs = pandas.DataFrame({'cell_type': pandas.Categorical(names[f['y'][:]], names)}, [f'c{i}' for i in range(len(x))])
    anndata.AnnData(form(x), obs).write_h5ad(f'{name}.h5ad', compression='gzip')
PY
    config ad csr.h5ad X obs/cell_type
    config adc csc.h5ad X obs/cell_type
    same "anndata, CSR" 2 ad
    same "anndata, CSC, in a stream" 3 adc --set data.cache=stream
else
    echo "without anndata (scripts/setup.sh interop)"
fi
finish
