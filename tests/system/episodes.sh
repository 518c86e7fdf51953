#!/usr/bin/env bash
# Windows over a table of several series, one after another: those by a number per row, by starts and by gaps in time are
# the windows of one file per series, to the bit; splits keep series together; the same on any ranks, streamed and resumed;
# prediction, evaluation and carried state end with a series.
source "$(dirname "$0")/common.sh"
find_python
[ -n "$python" ] || { echo "skipped: no Python with h5py"; exit 77; }

"$python" - <<'PY' || exit 1
import h5py, numpy
random = numpy.random.default_rng(5)
lengths = [40, 3, 55, 30, 47, 6, 38, 41]
starts = numpy.cumsum([0] + lengths)
rows = numpy.concatenate([numpy.cumsum(random.normal(0, 1, (n, 2)), 0) + 20 * k for k, n in enumerate(lengths)]).astype('f4')
episode = numpy.repeat([7, 3, 9, 7, 1, 2, 8, 4], lengths)  # 7 comes twice
time = numpy.arange(len(rows)) * 600.0 + numpy.repeat(numpy.arange(8), lengths) * 7200
time[starts[4]:] -= 5e6  # back in time
with h5py.File('long.h5', 'w') as file:
    file['s'], file['episode'], file['starts'], file['time'] = rows, episode, starts[:-1], time
    file['offsets'], file['few'] = starts.astype('u4'), episode[:-1]
    file['down'], file['words'] = starts[::-1].copy(), numpy.array([b'a'] * len(rows))
for k, n in enumerate(lengths):
    with h5py.File(f'part-{k}.h5', 'w') as file:
        file['s'] = rows[starts[k]:starts[k + 1]]
with h5py.File('parts.h5', 'w') as file:
    half = starts[4]
    file['s_train'], file['episode_train'] = rows[:half], episode[:half]
    file['s_test'], file['episode_test'] = rows[half:], episode[half:]
PY

config() { # NAME FILE WINDOW [REST]
    cat >"$1.yaml" <<C
data: {file: $2, train: {x: s}, window: {length: 5, $3}${4:-}}
network: [dense: {units: 6, activation: tanh}, dense: {units: 2}]
loss: mse
metrics: [rmse]
lr_schedule: constant
training: {epochs: 2, batch_size: 16, microbatch_size: 4}
C
}
bits() { # RANKS NAME RUN ARGUMENT...: the fingerprint, in `found`
    local ranks=$1 name=$2 run=$3
    shift 3
    train "$ranks" 1 "$name.yaml" --run-dir "$run" --fresh "$@" || { fail "training $name $*"; cat train.log; }
    found=$(sed -n 's/^fingerprint: //p' train.log)
}

# ---- as one file per series ----
config files 'part-*.h5' 'horizon: 2'
bits 1 files files
reference=$found
config by long.h5 'horizon: 2, by: episode'
config starts long.h5 'horizon: 2, starts: starts'
config offsets long.h5 'horizon: 2, starts: offsets'
config time long.h5 'horizon: 2, by_time: time, gap: 600'
for name in by starts offsets time; do
    bits 1 $name $name
    [ -n "$found" ] && [ "$found" = "$reference" ] || fail "$name: not the windows of one file per series"
    grep -q 'data.train: 8 series, which windows of 5 rows and their targets do not cross: 215 windows, 39 fewer' train.log ||
        { fail "$name: the windows that are lost are not counted"; cat train.log; }
done
bits 2 by other --set data.cache=stream
[ "$found" = "$reference" ] || fail "streamed on two ranks: other bits"
bits 3 time other --set data.shuffle=block --set data.cache=stream
blocks=$found
bits 1 time other --set data.shuffle=block
[ "$found" = "$blocks" ] || fail "shuffled by blocks: other bits"
train 2 1 by.yaml --run-dir resumed --fresh --set training.epochs=1
bits=$reference
train 3 1 by.yaml --run-dir resumed
[ "$(fingerprint)" = "$bits" ] || { fail "resumed: other bits"; cat train.log; }
config across long.h5 'horizon: 2'
bits 1 across other
[ "$found" != "$reference" ] || fail "windows that cross series make no difference"

# ---- splits ----
config group long.h5 'by: episode' ', split: {validation: 0.3, by: group}'
bits 1 group group
reference=$found
bits 3 group other --set data.cache=stream
[ "$found" = "$reference" ] || fail "split by group: other bits on three ranks"
run eval group
run predict group -o group.csv --part validation
run predict group -o rest.csv --part train
config implied long.h5 'horizon: 1' ', split: {validation: 0.3, by: group, group: episode}'
bits 1 implied implied
[ "$found" = "$reference" ] || fail "windows cross the groups of a split"
config numbered long.h5 'starts: starts' ', split: {validation: 0.3, by: group}'
bits 1 numbered other
config last long.h5 'by: episode' ', split: {validation: 0.3, test: 0.1}'
bits 2 last last
run eval last
"$python" - <<'PY' || fail "a series is in both parts, or a window crosses two"
import csv, h5py
episode = h5py.File('long.h5')['episode'][:]
found = []
for name in 'group.csv', 'rest.csv':
    rows = [(int(line['row']), int(line['target_row'])) for line in csv.DictReader(open(name))]
    assert rows and all((episode[row - 4:target + 1] == episode[row]).all() for row, target in rows)
    found.append({episode[row] for row, _ in rows})
assert not found[0] & found[1], found
PY

# ---- groups by name, in several files ----
"$python" - <<'PY' || exit 1
import h5py, numpy
random = numpy.random.default_rng(6)
x, k = random.normal(0, 1, (90, 3)).astype('f4'), random.permutation(numpy.arange(90) % 9)
names = numpy.array([f'patient {"zyxwvutsr"[i]}' for i in k])
for i, rows in enumerate((slice(0, 50), slice(50, 90))):
    with h5py.File(f'named-{i}.h5', 'w') as file:
        file['x'], file['y'], file['who'] = x[rows], k[rows] % 2, names[rows].astype(object)
        file['fixed'], file['empty'] = names[rows].astype('S'), numpy.where(k[rows] == 3, '', names[rows]).astype(object)
PY
cat >named.yaml <<'C'
data: {file: 'named-*.h5', train: {x: x, y: y}, split: {validation: 0.3, by: group, group: who}}
network: [dense: {units: classes}]
loss: cross_entropy
training: {epochs: 1, batch_size: 16, microbatch_size: 4}
C
bits 1 named named
reference=$found
bits 3 named other --set data.cache=stream
[ "$found" = "$reference" ] || fail "groups by name: other bits on three ranks"
bits 1 named other --set data.split.group=fixed
[ "$found" = "$reference" ] || fail "groups by name, of fixed length: other bits"
run predict named -o validation.csv --part validation --id who
run predict named -o train.csv --part train --id who
"$python" - <<'PY' || fail "a group is in both parts"
import csv
found = [{line['who'] for line in csv.DictReader(open(name))} for name in ('validation.csv', 'train.csv')]
assert len(found[0]) + len(found[1]) == 9 and found[0] and not found[0] & found[1], found
PY
program_refuses 5 'or a text that is not empty' train named.yaml --run-dir no --set data.split.group=empty

# ---- parts of one file, another file, state that is carried ----
cat >parts.yaml <<'C'
data: {file: parts.h5, train: {x: s_train}, test: {x: s_test}, window: {length: 5, by: episode_train}}
network: [dense: {units: 6, activation: tanh}, dense: {units: 2}]
loss: mse
metrics: [rmse]
training: {epochs: 1, batch_size: 16, microbatch_size: 4}
C
bits 1 parts parts
grep -q 'data.test: 4 series' train.log || { fail "the test part has no series of its own"; cat train.log; }
run predict group --data long.h5 -o all.csv
[ "$("$python" -c "import csv; print(len(list(csv.DictReader(open('all.csv')))))")" = 229 ] ||
    fail "another file: not the windows that end within a series"
cat >carried.yaml <<'C'
data: {file: long.h5, train: {x: s}, window: {length: 5, stride: 5, by: episode}, shuffle: stateful}
network: [gru: {units: 4, carry: true}, dense: {units: 2}]
loss: mse
metrics: [rmse]
training: {epochs: 2, batch_size: 4, microbatch_size: 1, last_batch: drop}
C
sed 's/long.h5/"part-*.h5"/; s/, by: episode//' carried.yaml >carried-files.yaml
bits 1 carried-files other
reference=$found
bits 2 carried other
[ "$found" = "$reference" ] || fail "state is carried from one series to the next"

# ---- what cannot be right ----
program_refuses 5 'has 259 entries, but there are 260 rows' train by.yaml --run-dir no --set data.window.by=few
program_refuses 5 'must be a list of numbers: one per row' train by.yaml --run-dir no --set data.window.by=words
program_refuses 5 'series must begin in ascending order' train starts.yaml --run-dir no --set data.window.starts=down
program_refuses 5 'it is not the number of a row' train starts.yaml --run-dir no --set data.window.starts=time
program_refuses 5 'by_time: needs data.window.gap' train time.yaml --run-dir no --set data.window.gap=0
program_refuses 5 'dataset "episodes" of' train by.yaml --run-dir no --set data.window.by=episodes
program_refuses 5 'no series has enough rows' train by.yaml --run-dir no --set data.window.length=60
run check by.yaml
finish
