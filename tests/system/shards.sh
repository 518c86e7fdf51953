#!/usr/bin/env bash
# Checkpoints of which each node writes a part: the bits of a run with single files, killed at every stage of a save and
# resumed on other numbers of ranks and nodes; lost and damaged parts; a full disk; a folder that nodes do not share.
source "$(dirname "$0")/common_shards.sh"
find_python
classifier

on 1 2 "" whole || { cat train.log; fail "with single files"; }
[ "$(shards whole)" = 0 ] || fail "one node has written shards"
reference=$(fingerprint)

# Wrong: shards change the bits, or more stay than the checkpoints that are kept have.
on 3 1 "" on3 || { cat train.log; fail "on three nodes"; }
same on3
[ "$(shards on3)" = 6 ] || { fail "$(shards on3) shards, not 6"; ls on3/checkpoints; }
expect "one rank per node needs"
"$plain" verify on3 >log 2>&1 || { fail "verify"; cat log; }
"$plain" info on3/best.h5 >log 2>&1
said "shards: 3"
said "parameters: 13098"
said "dense2/weight: 96 x 64"

# Wrong: the check does not say that each node writes.
"$plain" check classifier.yaml -n 3 --nodes 3 --run-dir fresh "${sharded[@]}" >log 2>&1 || { fail "check"; cat log; }
said "each in 3 files, one per node, and one that lists them"
said "one rank per node needs"
"$plain" check classifier.yaml -n 3 --nodes 1 --run-dir fresh "${sharded[@]}" >log 2>&1
grep -q "one per node" log && fail "check: one node has several files"

# Wrong: results or predictions of a run with shards differ.
for directory in whole on3; do
    mpirun -n 2 --bind-to none "$plain" eval "$directory" 2>&1 | grep -v '^reading\|ms' >eval-$directory.log
    "$plain" predict "$directory" -o predictions-$directory.csv >log 2>&1 || { fail "predict $directory"; cat log; }
done
cmp predictions-whole.csv predictions-on3.csv || fail "other predictions"
diff <(sed 's/whole/RUN/' eval-whole.log) <(sed 's/on3/RUN/' eval-on3.log) || fail "other results"
train 1 1 classifier.yaml --run-dir begun --set init_from.run=on3 --set training.epochs=1 || { fail "init_from"; cat train.log; }
expect "6 of 6 tensors are taken"

# Wrong: h5py does not find a tensor by its name, or reads one of a missing file as zeros.
if [ -n "$python" ]; then
    cat >read.py <<'PY'
import glob, os, sys
import h5py, numpy
whole, parts = h5py.File('whole/best.h5'), h5py.File('on3/best.h5')
def tensor(node):
    if isinstance(node, h5py.Dataset): return node[()].ravel()
    return numpy.concatenate([node['part-%d' % (i + 1)][()] for i in range(len(node))])
count = 0
for group in 'weights', 'optimizer/first_moment':
    for layer in whole[group]:
        for name in whole[group][layer]:
            expected = whole[group][layer][name][()].ravel()
            assert (tensor(parts[group][layer][name]) == expected).all(), (group, layer, name)
            count += 1
assert count == 12, count
newest = sorted(glob.glob('on3/checkpoints/step-??????????.h5'))[-1]
with h5py.File(newest) as file: assert (tensor(file['weights/dense3/bias']) == whole['weights/dense3/bias'][()]).all()
parts.close()
shard = glob.glob('on3/checkpoints/*54.shard-3-of-3.h5')[0]
os.rename(shard, shard + '.away')
try:
    h5py.File('on3/best.h5')['weights/dense3/bias'][()]
    sys.exit('a tensor of a missing shard can be read')
except KeyError: pass
os.rename(shard + '.away', shard)
PY
    "$python" read.py || fail "h5py"
fi

# Wrong: a kill during a save loses the checkpoint before, or leaves one that cannot be resumed. Resumed on other nodes.
layouts=("2 1" "1 3" "4 1" "2 2" "1 1")
kill=0
for place in shard.begun@4/1 commit.written@5/2 shard.written@3/0 shards.complete@4/0 commit.renamed@7/0 manifest.due@3/0 \
    commit.writing@3/1; do
    on 3 1 "$place=kill" killed && fail "$place: nothing was killed"
    set -- ${layouts[$((kill % 5))]}
    on "$1" "$2" "" killed || { fail "$place: resuming on $1 x $2"; cat train.log; }
    same killed
    if [ "$1" -gt 1 ]; then
        [ "$(shards killed)" = $((2 * $1)) ] || { fail "$place: $(shards killed) shards on $1 nodes"; ls killed/checkpoints; }
    else
        [ "$(shards killed)" = 0 ] || { fail "$place: shards of checkpoints that are gone"; ls killed/checkpoints; }
    fi
    "$plain" verify killed >log 2>&1 || { fail "$place: verify"; cat log; }
    rm -rf killed
    kill=$((kill + 1))
done

# Wrong: orphans of a killed save stay for ever.
on 3 1 "shards.complete@4/0=kill" orphans && fail "nothing was killed"
[ "$(shards orphans)" -gt 6 ] || { fail "no orphans were left: $(shards orphans)"; ls orphans/checkpoints; }
on 3 1 "" orphans
same orphans
[ "$(shards orphans)" = 6 ] || { fail "orphans stay"; ls orphans/checkpoints; }

# Wrong: a lost or damaged part is not noticed, or makes older checkpoints useless.
for harm in missing damaged short; do
    rm -rf harmed
    on 3 1 "" harmed || { cat train.log; fail "before $harm"; }
    shard=$(ls harmed/checkpoints/step-0000000054.shard-2-of-3.h5)
    case $harm in
    missing) rm "$shard" ;;
    damaged) printf 'X' | dd of="$shard" bs=1 seek=9000 conv=notrunc 2>/dev/null ;;
    short) truncate -s 20000 "$shard" ;;
    esac
    "$plain" verify harmed >log 2>&1 && fail "$harm: verify finds nothing"
    said "step-0000000054.shard-2-of-3.h5"
    on 2 1 "" harmed || { fail "$harm: no fall-back"; cat train.log; }
    expect "step-0000000054.shard-2-of-3.h5"
    expect "falling back to harmed/checkpoints/step-0000000051.h5"
    same harmed
done

# Wrong: best weights that are lost are not made again when the run resumes.
rm -rf again
on 3 1 "" again || fail "before best.h5 is removed"
rm again/best.h5
on 2 1 "" again || { fail "without best.h5"; cat train.log; }
"$plain" verify again/best.h5 >log 2>&1 || { fail "best.h5 is not made again"; cat log; }

# Wrong: a full disk on one node ends the run, or leaves a checkpoint that is not whole.
shim=$build/tests/nn_fault_shim.so
if [ -e "$shim" ]; then
    arguments=(train classifier.yaml --run-dir "$work/full" "${sharded[@]}")
    NN_FAULT="comm.node_size=value:1" OMP_NUM_THREADS=1 mpirun -n 1 --bind-to none "$program" "${arguments[@]}" : \
        -n 1 --bind-to none env LD_PRELOAD="$shim" NN_SHIM_FOLDER="$work/full/checkpoints" NN_SHIM_CALL=posix_fallocate \
        NN_SHIM_FIRST=3 NN_SHIM_LAST=3 NN_SHIM_ERROR=28 "$program" "${arguments[@]}" : \
        -n 1 --bind-to none "$program" "${arguments[@]}" >train.log 2>&1 || { fail "a full disk"; cat train.log; }
    expect "step 9: the checkpoint could not be saved: rank 1 on"
    expect "No space left on device"
    expect "1 save before it failed"
    same full
    "$plain" verify full >log 2>&1 || { fail "verify after a full disk"; cat log; }
fi

# Wrong: nodes that do not share the folder train for hours and lose what they have done.
mkdir a b
cp classifier.yaml a
cp classifier.yaml b
NN_FAULT="comm.node_size=value:1,together.seconds=value:1" mpirun -n 1 --bind-to none -wdir "$work/a" "$program" train \
    classifier.yaml --run-dir run "${sharded[@]}" : -n 1 --bind-to none -wdir "$work/b" "$program" train classifier.yaml \
    --run-dir run "${sharded[@]}" >train.log 2>&1 && fail "different folders are accepted"
expect "does not see run/nodes"
expect "rank 1 on"
[ ! -e a/run/nodes ] || fail "the token stays"
finish
