#!/usr/bin/env bash
# What `nntrain info` proposes for files without dense datasets trains as it is pasted: sparse matrices, sequences, members
# of groups, tables of series, columns of categories.
source "$(dirname "$0")/common.sh"
find_python
[ -n "$python" ] || { echo "skipped: no Python with h5py"; exit 77; }

"$python" - <<'PY' || exit 1
import h5py, numpy as n
r = n.random.default_rng(3)
N, M = 60, 12
c = n.arange(N) % 3
x = (r.poisson(1, (N, M)) * (1 + c[:, None])).astype('f4')
def compress(x):
    rows = [n.flatnonzero(v) for v in x]
    return n.concatenate([v[i] for v, i in zip(x, rows)]), n.concatenate(rows).astype('i4'), n.concatenate([[0], n.cumsum([len(i) for i in rows])]).astype('i8')
def put(f, name, x, **more):
    g = f.create_group(name); g['data'], g['indices'], g['indptr'] = compress(x); g.attrs.update(more); return g
def categories(f, name, codes, names):
    f[name + '/codes'] = codes.astype('i1'); f[name + '/categories'] = names; f[name].attrs['encoding-type'] = 'categorical'
with h5py.File('cells.h5ad', 'w') as f:
    f.attrs['encoding-type'] = 'anndata'
    put(f, 'X', x, shape=x.shape).attrs['encoding-type'] = 'csr_matrix'
    put(f, 'layers/counts', x, shape=x.shape).attrs['encoding-type'] = 'csr_matrix'
    categories(f, 'obs/batch', n.arange(N) // 30, ['a', 'b']); categories(f, 'obs/cell_type', c, ['T cell', 'B cell', 'other'])
    f['obs/_index'] = [f'cell{i}' for i in range(N)]; f['obs/n_counts'] = x.sum(1)
    f['var/_index'] = [f'gene{i}' for i in range(M)]; f['obsm/X_pca'] = x[:, :4]
with h5py.File('tenx.h5', 'w') as f:
    put(f, 'matrix', x)['shape'] = n.array([M, N]); f['matrix/barcodes'] = [f'b{i}' for i in range(N)]; f['matrix/features/id'] = [f'g{i}' for i in range(M)]
with h5py.File('tenx_labels.h5', 'w') as f: f['labels'] = c
lengths = r.integers(2, 9, N); starts = n.concatenate([[0], n.cumsum(lengths)])
steps = [r.normal(c[i], 1, (lengths[i], 2)).astype('f4') for i in range(N)]
flat = n.concatenate(steps)
with h5py.File('offsets.h5', 'w') as f: f['values'], f['offsets'], f['label'] = flat, starts, c
with h5py.File('begins.h5', 'w') as f: f['values'], f['starts'], f['label'] = flat, starts[:-1], c
with h5py.File('counts.h5', 'w') as f: f['values'], f['lengths'], f['label'] = flat, lengths, c
with h5py.File('tags.h5', 'w') as f: f['x'], f['tags'], f['indptr'] = flat, n.repeat(c, lengths), starts
with h5py.File('vlen.h5', 'w') as f:
    f['signal'] = n.empty(0); del f['signal']
    d = f.create_dataset('signal', (N,), h5py.vlen_dtype('f4'))
    for i in range(N): d[i] = steps[i][:, 0]
    f['label'] = c
image = r.integers(0, 255, (N, 8, 8)).astype('u1')
with h5py.File('groups.h5', 'w') as f:
    for i in range(N): f[f'sample_{i}/image'] = image[i]; f[f'sample_{i}/label'] = c[i]
with h5py.File('attributes.h5', 'w') as f:
    for i in range(N): f[f'train/s{i:03}/image'] = image[i]; f[f'train/s{i:03}'].attrs['label'] = c[i]
with h5py.File('masks.h5', 'w') as f:
    for i in range(N): f[f's_{i}/image'] = n.stack([image[i]] * 3, 2); f[f's_{i}/mask'] = (image[i] > 100).astype('u1')
with h5py.File('one_label.h5', 'w') as f:
    for i in range(N): f[f'images/{i}'] = image[i]
    f['labels'] = c
with h5py.File('names.h5', 'w') as f:
    for i in range(12):
        name = ''.join('abcdefghij'[int(d)] for d in str(i + 1000)); f[f'{name}/eeg'] = steps[i][:2]; f[f'{name}/stage'] = c[i]
with h5py.File('demos.h5', 'w') as f:
    for k in range(8): f[f'data/demo_{k}/obs'] = r.normal(0, 1, (10 + k, 3)); f[f'data/demo_{k}/actions'] = r.normal(0, 1, (10 + k, 2))
with h5py.File('batches.h5', 'w') as f:
    for k in range(5): f[f'data_batch_{k}'] = x; f[f'labels_{k}'] = c
with h5py.File('episodes.h5', 'w') as f:
    f['states'] = r.normal(0, 1, (200, 3)); f['episode'] = n.repeat(n.arange(10), 20)
with h5py.File('begun.h5', 'w') as f:
    f['states'] = r.normal(0, 1, (200, 3)); f['starts'] = n.arange(0, 200, 20)
with h5py.File('patients.h5', 'w') as f:
    f['x'], f['y'], f['patient_id'] = x, c, n.repeat(n.arange(6), 10)
with h5py.File('words.h5', 'w') as f: f['review'], f['label'] = ['abc'[k] * (2 + i % 3) for i, k in enumerate(c)], c
with h5py.File('columns.h5', 'w') as f:
    for k in range(6): f[f'v{k}'] = x[:, k]
    f['label'] = c
with h5py.File('categories.h5', 'w') as f:
    f['x'] = n.stack([x[:, 0], c], 1); f['x_columns'] = ['size', 'kind']; f['x_categories/kind'] = ['a', 'b', 'c']; f['y'] = c
PY

# proposed TEXT NETWORK LOSS FILE...: the section has the text, and trains
proposed() {
    local text=$1 network=$2 loss=$3
    shift 3
    "$program" info "$@" >info.log 2>&1 || { fail "info $*"; cat info.log; }
    { sed -n '/^data:/,$p' info.log; printf 'network: [%s]\nloss: %s\n' "$network" "$loss"
      echo 'training: {epochs: 1, batch_size: 16, microbatch_size: 4}'; } >pasted.yaml
    grep -qF -- "$text" pasted.yaml || { fail "info $*: not '$text'"; cat info.log; }
    "$program" train pasted.yaml --run-dir run --fresh >train.log 2>&1 || { fail "training as proposed for $*"; cat pasted.yaml train.log; }
}
classes='flatten, dense: {units: classes}'
sequence='gru: {units: 4}, dense: {units: classes}'

proposed '{x: X, y: obs/cell_type}' "$classes" cross_entropy cells.h5ad
grep -q '^X: 60 x 12 sparse float32, read as one array (sparse)' info.log || { fail "X is not shown"; cat info.log; }
grep -q 'stored by rows (CSR)' info.log || fail "info does not say how X is stored"
proposed 'layout: FN' "$classes" cross_entropy tenx.h5 tenx_labels.h5
proposed '"values by offsets offsets", y: label' "$sequence" cross_entropy offsets.h5
proposed '"values by offsets starts", y: label' "$sequence" cross_entropy begins.h5
proposed '"values by lengths lengths", y: label' "$sequence" cross_entropy counts.h5
proposed 'x: "x by offsets indptr", y: "tags by offsets indptr"' 'gru: {units: 4, output: sequence}, dense: {units: classes, per_step: true}' cross_entropy tags.h5
proposed 'x: signal, y: label' "$sequence" cross_entropy vlen.h5
proposed 'x: "sample_*/image", y: "sample_*/label"' "$classes" cross_entropy groups.h5
[ "$(grep -c '^sample_.*image: ' info.log)" = 2 ] || { fail "info lists every member"; cat info.log; }
proposed 'x: "train/s*/image", y: "train/s*@label"' "$classes" cross_entropy attributes.h5
proposed 'x: {members: samples}, y: {members: samples}' 'conv2d: {filters: 2, kernel: 1}' cross_entropy masks.h5
proposed 'x: "images/*", y: labels' "$classes" cross_entropy one_label.h5
proposed 'x: "*/eeg", y: "*/stage"' "$classes" cross_entropy names.h5
proposed 'x: "data/demo_*/obs", y: "data/demo_*/actions"' 'dense: {units: 2}' mse demos.h5
proposed 'members: rows' "$classes" cross_entropy batches.h5
proposed 'window: {length: 10, by: episode}' 'flatten, dense: {units: 3}' mse episodes.h5
proposed 'by: group}' 'flatten, dense: {units: 3}' mse episodes.h5
proposed 'window: {length: 10, starts: starts}' 'flatten, dense: {units: 3}' mse begun.h5
proposed 'split: {validation: 0.1, by: group, group: patient_id}' "$classes" cross_entropy patients.h5
proposed 'x: {kind: text}' "embedding: {symbols: 4, units: 3}, $sequence" cross_entropy words.h5
proposed 'y: label' "$classes" cross_entropy columns.h5
grep -q 'v\*' info.log && fail "columns are taken for members"
proposed '{x: x, y: y}' "$classes" cross_entropy categories.h5
"$program" info groups.h5 --json | "$python" -c '
import json, sys
v = json.load(sys.stdin)
assert len(v["datasets"]) == 120 and [l["name"] for l in v["layouts"]] == ["sample_*/image", "sample_*/label"], v["layouts"]
assert v["layouts"][0]["shape"] == [60, 8, 8] and v["section"].startswith("data:")' || fail "info --json"
finish
