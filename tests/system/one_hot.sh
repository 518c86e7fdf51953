#!/usr/bin/env bash
# One-hot labels at every pixel or step, and class probabilities. Fails when they do not give the bits of the same
# labels as integers, on any number of ranks, in memory or streamed; when the loss of probabilities is not the one
# that NumPy computes from the predictions; or when a remedy in a message does not work.
source "$(dirname "$0")/common.sh"
find_python
[ -n "$python" ] || { echo "skipped: python3 has no h5py"; exit 77; }

"$python" - <<'PY' || fail "Python failed"
import h5py, numpy
r = numpy.random.default_rng(7)
m = r.integers(0, 3, (40, 6, 5)); t = r.integers(0, 4, (40, 6))
m[0, 0] = [0, 1, 2, 0, 1]; t[0, :4] = range(4)
with h5py.File('m.h5', 'w') as f:
    f['x'] = (m[..., None] + r.normal(0, .1, m.shape + (1,))).astype('f4')
    f['index'] = m
    hot = numpy.eye(3, dtype='u1')[m]
    f['hot'] = hot; f['real'] = hot.astype('f4'); f['truth'] = hot.astype(bool)
    f['chw'] = numpy.moveaxis(hot, -1, 1); f['last'] = numpy.moveaxis(hot, 0, -1)
    # Later than the rows that are looked at: not one-hot at one pixel.
    f['broken'] = hot; f['broken'][5, 2, 3] = [1, 1, 0]; f['none'] = 2 * hot
    f['soft'] = r.dirichlet([.4] * 3, m.shape).astype('f4')
    f['s'] = (t[..., None] + r.normal(0, .1, (40, 6, 1))).astype('f4')
    f['t'] = t; f['steps'] = numpy.eye(4, dtype='u1')[t]
    f['p'] = r.dirichlet([.4] * 3, 40)
    f['q'] = r.normal(0, 1, (40, 4)).astype('f4')
PY

# config NAME X Y FIELDS NETWORK
config() {
    cat >"$1.yaml" <<YAML
data: {file: m.h5, train: {x: $2, y: $3}, fields: {$4}, split: {test: 0.25}}
network: [$5]
loss: cross_entropy
metrics: [accuracy]
training: {epochs: 2}
YAML
}

# same NAME [REFERENCE]: one fingerprint on 1, 2 and 3 ranks, the last in a stream, and that of REFERENCE
declare -A prints
same() {
    local name=$1 ranks
    for ranks in 1 2 3; do
        train $ranks 1 "$name.yaml" --run-dir "$name-$ranks" --set data.cache=$([ $ranks = 3 ] && echo stream || echo memory) ||
            { fail "$name on $ranks: exit $?"; cat train.log; }
        : "${prints[$name]:=$(fingerprint)}"
        [ "$(fingerprint)" = "${prints[$name]}" ] || fail "$name on $ranks ranks: $(fingerprint), not ${prints[$name]}"
    done
    [ -z "${2:-}" ] || [ "${prints[$name]}" = "${prints[$2]}" ] || fail "$name: ${prints[$name]}, but $2: ${prints[$2]}"
}

maps='conv2d: {filters: 4, kernel: 3, padding: same, activation: relu}, conv2d: {filters: 3, kernel: 1}'
config index x index "" "$maps"
same index
config hot x hot "" "$maps"
same hot index
grep -q '"hot" is one-hot along its last dimension: class labels' train.log || fail "one-hot maps are taken without a word"
for variant in real truth; do
    config $variant x $variant "" "$maps"
    train 1 1 $variant.yaml && [ "$(fingerprint)" = "${prints[index]}" ] || { fail "$variant: $(fingerprint)"; cat train.log; }
done
for variant in chw:NCHW last:HWCN; do
    config ${variant%:*} x ${variant%:*} "y: {layout: ${variant#*:}}" "$maps"
    train 2 1 ${variant%:*}.yaml && [ "$(fingerprint)" = "${prints[index]}" ] || { fail "$variant: $(fingerprint)"; cat train.log; }
done
"$program" eval hot-2 >eval.log 2>&1 || { fail "eval of one-hot maps"; cat eval.log; }
"$program" predict hot-2 -o hot.h5 >predict.log 2>&1 || { fail "predict with one-hot maps"; cat predict.log; }
config t s t "x: {layout: NTF}, y: {layout: NT}" 'lstm: {units: 8, output: sequence}, dense: {units: classes, per_step: true}'
train 2 1 t.yaml || { fail "steps: exit $?"; cat train.log; }
steps=$(fingerprint)
config steps s steps "x: {layout: NTF}, y: {layout: NTF}" 'lstm: {units: 8, output: sequence}, dense: {units: classes, per_step: true}'
train 3 1 steps.yaml && [ "$(fingerprint)" = "$steps" ] || { fail "one-hot steps: $(fingerprint), not $steps"; cat train.log; }

# refused NAME PATTERN ARGUMENT...
refused() {
    local name=$1 pattern=$2
    shift 2
    "$program" check "$name.yaml" "$@" >check.log 2>&1 && fail "$name $* is not refused"
    grep -q -E -e "$pattern" check.log || { fail "$name: not '$pattern'"; cat check.log; }
}
config broken x broken "" "$maps"
refused broken "kind: one_hot"
refused broken "label 13 of sample 5 is not one-hot" --set data.fields.y.kind=one_hot
config none x none "" "$maps"
refused none "label 0 of sample 0 is not one-hot" --set data.fields.y.kind=one_hot
config forced x index "" "$maps"
refused forced "data.fields.x.kind: only targets" --set data.fields.x.kind=one_hot
train 2 1 hot.yaml --run-dir forced --set data.fields.y.kind=one_hot && [ "$(fingerprint)" = "${prints[index]}" ] ||
    { fail "kind: one_hot"; cat train.log; }
refused hot "'y' \(6 x 5 x 3\) holds 0 and 1.*set data.fields.y.kind: one_hot" --set data.fields.y.kind=class

# ---- probabilities ----
config p q p "" 'dense: {units: classes}'
refused p 'target .y. has class probabilities, 3' --set 'network=[dense: {units: 4}]'
config p q p "" 'dense: {units: 3}'
same p
grep -q '"p" has rows that sum to 1: class probabilities' train.log || fail "probabilities are taken without a word"
config soft x soft "" "$maps"
same soft
"$program" eval p-2 >eval.log 2>&1 || { fail "eval of probabilities"; cat eval.log; }
"$program" predict p-2 --part test -o p.h5 >predict.log 2>&1 || { fail "predict with probabilities"; cat predict.log; }
"$python" - <<'PY' || fail "loss or accuracy of probabilities is not that of NumPy: $(cat eval.log)"
import re, h5py, numpy
with h5py.File('p.h5') as f: p, q = f['y'][:], f['y_probability'][:]
line = open('eval.log').read()
loss = float(re.search('loss ([0-9.]+)', line).group(1))
accuracy = float(re.search('accuracy ([0-9.]+)', line).group(1))
assert p.shape == (10, 3) and abs(p.sum(1) - 1).max() < 1e-6
assert abs(loss - -(p * numpy.log(q)).sum(1).mean()) < 1e-3 * loss
assert abs(accuracy - 100 * (p.argmax(1) == q.argmax(1)).mean()) < 0.01
PY
finish
