#!/usr/bin/env bash
# A sample, or an episode, per group, and a sample per file: the bits are those of the same values in one dataset, in
# natural order, on any ranks, in memory and in a stream.
source "$(dirname "$0")/common.sh"
find_python
[ -n "$python" ] || { echo "skipped: python3 has no h5py"; exit 77; }

"$python" - <<'PY' || exit 1
import h5py, numpy as n, os
r = n.random.default_rng(7)
N = 40
c = n.arange(N) % 2; x = (r.normal(0, 1, (N, 4, 3)) + c[:, None, None]).astype('f4')
os.mkdir('files')
with h5py.File('m.h5', 'w') as f:
    f['x'] = x; f['y'] = c; order = r.permutation(N)
    for i in order:
        g = f.create_group(f's/sample_{i}'); g.create_dataset('image', data=x[i], chunks=(2, 3), compression=1)
        g['label'] = c[i]; g.attrs['label'] = c[i]; f[f'flat/{i}'] = x[i]; f[f'numbers/{i}'] = c[i]
        if i not in (3, 17): f[f'lacks/a{i}/image'] = x[i]
        f[f'lacks/a{i}/label'] = c[i]
        f[f'shapes/a{i}/image'] = x[i][:, :2 + (i == 5)]
    f['s/about'] = 3; f['data/demo_notes'] = 3  # next to the groups
    for i in range(N):
        f[f'packed/a{i}/image'] = x[i]; f[f'gaps/a{i}/image'] = x[i]
    f['packed/a7/image'].attrs['scale_factor'] = 0.5
    del f['gaps/a9/image']; f.create_dataset('gaps/a9/image', (4, 3), 'f4', chunks=(2, 3))[:2] = 1
    o = [r.normal(0, 1, (5 + k, 3)).astype('f4') for k in range(12)]
    for k in range(12): f[f'data/demo_{k}/obs'] = o[k]; f[f'data/demo_{k}/act'] = o[k][:, :2] * 2
    f['obs'] = n.concatenate(o); f['act'] = n.concatenate(o)[:, :2] * 2
for i in range(N):
    with h5py.File(f'files/{i:03}.h5', 'w') as f: f['image'] = x[i]; f['label'] = c[i]
PY

config() { # NAME FILE X Y LOSS UNITS MORE
    cat >"$1.yaml" <<C
data: {file: "$2", train: {x: "$3", y: "$4"}, split: {validation: 0.2}${7:+, $7}}
network: [${5:+flatten, }dense: {units: ${6:-classes}}]
loss: ${5:-mse}
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
    local name=$1 text=$2
    shift 2
    program_refuses 2 '' check "$name.yaml" "$@"
    [ "$(grep -c -E -e "$text" log)" = 1 ] || { fail "check $*: not '$text' once"; cat log; }
}

config one m.h5 x y cross_entropy
config groups m.h5 's/sample_*/image' 's/sample_*/label' cross_entropy
config attributes m.h5 's/sample_*/image' 's/sample_*@label' cross_entropy
config flat m.h5 'flat/*' 'numbers/*' cross_entropy
config files 'files/*.h5' image label cross_entropy
reference=
same "one dataset" 1 one
same "a group per sample" 2 groups
grep -q 'data.train.x: .*: 40 members, from s/sample_0/image to s/sample_39/image, each of which is a sample' train.log ||
    { fail "members not printed"; cat train.log; }
same "labels as attributes, in a stream" 3 attributes --set data.cache=stream
same "datasets of one group" 1 flat
same "a file per sample" 2 files
same "a file per sample, in a stream" 3 files --set data.cache=stream
config rows_one m.h5 obs act '' 2
config rows m.h5 'data/demo_*/obs' 'data/demo_*/act' '' 2
reference=
same "rows of one dataset" 1 rows_one
same "rows of all groups" 3 rows
same "rows of all groups, in a stream" 2 rows --set data.cache=stream

# ---- resumed, evaluated, predicted ----
train 1 1 groups.yaml --run-dir part --set training.epochs=1 || { fail "first half"; cat train.log; }
train 2 1 groups.yaml --run-dir part --set training.epochs=3 || { fail "second half"; cat train.log; }
resumed=$(fingerprint)
train 1 1 one.yaml --run-dir whole --set training.epochs=1
train 1 1 one.yaml --run-dir whole --set training.epochs=3
[ "$(fingerprint)" = "$resumed" ] || fail "a resumed run has other bits"
run predict run-groups --data m.h5 -o groups.csv
run predict run-one --data m.h5 -o one.csv
cmp -s groups.csv one.csv || fail "predictions differ"
run eval run-groups --data m.h5

# ---- what is wrong is said, and the remedy works ----
config lacks m.h5 'lacks/a*/image' 'lacks/a*/label' cross_entropy
refused lacks '2 of the 40 members of "lacks/a\*/image" are missing in .*: lacks/a3/image, lacks/a17/image: add them'
config shapes m.h5 'shapes/a*/image' y cross_entropy
refused shapes '"shapes/a5/image" of .* has another shape than the first member'
for name in packed gaps; do
    config $name m.h5 "$name/a*/image" 's/sample_*/label' cross_entropy
    "$program" train $name.yaml --run-dir refused --fresh --set data.fields.x.members=samples >log 2>&1 && fail "$name: not refused"
done
said 'dataset "gaps/a9/image"'
config nothing m.h5 's/demo_*/image' y cross_entropy
refused nothing '"s/demo_\*/image" of .*does not exist'
config unclear m.h5 's/sample_*/image' y cross_entropy
refused unclear 'data.fields.x.members: samples if each is one sample, or rows'
reference=
same "one dataset again" 1 one
same "the remedy" 1 unclear --set data.fields.x.members=samples
refused rows 'data.window: windows would cross from one member' --set data.window.length=3
refused rows 'cannot be a sample: set members: rows' --set data.fields.x.members=samples
finish
