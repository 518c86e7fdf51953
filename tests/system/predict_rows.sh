#!/usr/bin/env bash
# predict --data and eval --data use every row of the given files. Fails when the split of the training run is applied
# to them, prediction asks for labels, or a row that cannot be predicted shifts the rows after it.
build_folder=$(realpath "$2")
source "$(dirname "$0")/common.sh"
"$build_folder/tests/make_bad_data" . || exit 1
find_python

rows() { [ "$(wc -l <"$1")" = $(($2 + 1)) ] || fail "$1 has $(wc -l <"$1") lines for $2 rows"; }

# ---- a run with a split, whose test part has bad rows ----
cat >run.yaml <<'YAML'
data:
  file: good.h5
  train: {x: x_train, y: y_train}
  test: {x: nan, y: y, file: wrong.h5}
  split: {validation: 0.25}
  on_bad_sample: skip
network: [dense: {units: 6, activation: relu}, dense: {units: classes}]
loss: cross_entropy
metrics: [accuracy]
training: {epochs: 3, batch_size: 16, microbatch_size: 4}
YAML
run train run.yaml --run-dir run
run predict run --part train -o train.csv
rows train.csv 48
run predict run -o parts.csv
said 'parts.csv has no line for 2 rows that the run left out'
run predict run --part test -o test.csv
rows test.csv 62

# All rows: those that cannot be predicted are marked, and the others equal those of the good file.
run predict run --data good.h5 -o good.csv
rows good.csv 64
said "predictions for 64 samples of good.h5 by run/"
run predict run --data wrong.h5 -o nan.csv
rows nan.csv 64
said "2 of 64 rows have no prediction"
said "the first is row 7 of wrong.h5"
run predict run --data damaged.h5 --part train -o damaged.csv
rows damaged.csv 64
said "8 of 64 rows have no prediction"
said "the first is row 16 of damaged.h5"
# others FILE FIRST LAST: predictions outside these rows equal those for good.h5, which has the same numbers there
others() {
    awk -F, -v first="$2" -v last="$3" 'FNR == 1 { file++; next }
        $1 >= first && $1 <= last { if (file == 2 && ($3 != "" || $4 != "nan")) bad = 1; next }
        file == 1 { line[$1] = $0 } file == 2 && line[$1] != $0 { bad = 1 } END { exit bad }' good.csv "$1" ||
        fail "$1: rows have moved, or a bad one has a prediction"
}
sed -i 's/^12,.*/12,,,nan/' nan.csv
awk -F, '$1 != 12 || NR == 1' nan.csv >rest.csv
awk -F, '$1 != 12 || NR == 1' good.csv >all.csv && cp all.csv good.csv
others rest.csv 7 7
run predict run --data good.h5 -o good.csv
others damaged.csv 16 23

# Numbers are written with just enough digits to read back the same bits.
awk -F, 'NR > 1 { for (i = 4; i <= NF; i++) if (length($i) < 12) short++; n += NF - 3 } END { exit !(short > n / 10) }' \
    good.csv || fail "all numbers have 9 digits"

# The same lines on any number of ranks, and from several files.
OMP_NUM_THREADS=1 mpirun -n 3 --bind-to none "$program" predict run --data good.h5 -o ranks.csv >log 2>&1 ||
    { fail "exit $?"; cat log; }
cmp -s good.csv ranks.csv || fail "three ranks write other predictions"
cp good.h5 again.h5
run predict run --data 'agai[n].h5' --data good.h5 -o two.csv
rows two.csv 128
head -1 two.csv | grep -q '^file,row,y,y_predicted,' || fail "columns: $(head -1 two.csv)"
sed -n 66p two.csv | grep -q '^good.h5,0,' || fail "line 66 is not row 0 of good.h5"
cut -d, -f3- two.csv | tail -n 64 | cmp -s - <(cut -d, -f2- good.csv | tail -n 64) || fail "rows of the second file"
run eval run --data good.h5 --data again.h5
said ": 128 samples of good.h5, again.h5: loss"

# eval scores what predict writes.
run eval run --data good.h5
said ": 64 samples of good.h5: loss"
found=$(awk -F, 'NR > 1 { n++; right += $2 == $3 } END { printf "%.2f", 100 * right / n }' good.csv)
said "accuracy $found %"

# ---- no labels ----
printf 'open,high,close\n1,2,3\n4,5,6\n7,8,9\n' >new.csv
run import csv new.csv --y none -o new.h5
run predict run --data new.h5 -o new.out.csv
rows new.out.csv 3
head -1 new.out.csv | grep -q '^row,y_predicted,y_probability_0' || fail "columns: $(head -1 new.out.csv)"
program_refuses 5 'new.h5: has no dataset "y"' eval run --data new.h5
printf 'open,high\n1,2\n' >narrow.csv
run import csv narrow.csv --y none -o narrow.h5
program_refuses 5 "lacks the column 'close' of run/" predict run --data narrow.h5 -o no.out.csv
program_refuses 6 'no-such.h5' predict run --data no-such.h5 -o no.out.csv
program_refuses 5 'no file matches' predict run --data 'no-such-*.h5' -o no.out.csv
[ ! -e no.out.csv ] || fail "a refused request left a file"

# ---- no room, interruption: nothing is left ----
awk 'BEGIN { print "open,high,close"; for (i = 0; i < 1200000; i++) print i ",2," i % 7 }' >large.csv
awk 'BEGIN { print "open,high,close,y"; for (i = 0; i < 200; i++) print i ",2," i % 7 "," i % 3 / 2 }' >small.csv
run import csv large.csv --y none -o large.h5
run import csv small.csv --target value -o small.h5
cat >small.yaml <<'YAML'
data: {file: small.h5, train: {x: x, y: y}}
network: [dense: {units: 64, activation: tanh}, dense: {units: 64, activation: tanh}, dense: {units: 1}]
loss: mse
training: {epochs: 1}
YAML
run train small.yaml --run-dir small
for ending in csv npy h5; do
    (ulimit -f 8000 && exec "$program" predict small large.h5 -o full.$ending >full.log 2>&1)
    [ $? = 6 ] && grep -q "^nntrain: cannot write .*full.$ending.*: File too large" full.log || { fail "no room: .$ending"; cat full.log; }
    [ -z "$(ls full.$ending* 2>/dev/null)" ] || fail "no room: $(ls full.$ending*) stays"
done
# interrupted SIGNAL COMMAND...: the signal reaches every rank when the temporary file is there
interrupted() {
    local signal=$1 process found ranks
    shift
    "$@" predict small large.h5 -o stopped.csv >stopped.log 2>&1 </dev/null &
    process=$!
    for _ in $(seq 2000); do [ -e stopped.csv.nntrain.tmp ] && break; sleep 0.005; done
    ranks=$process
    [ "$1" = "$program" ] || ranks=$(pgrep -P $process -f "$program")
    kill -"$signal" $ranks
    wait $process
    found=$?
    [ $found = 75 ] || { fail "SIG$signal: exit $found"; cat stopped.log; }
    [ "$(grep -c 'interrupted: stopped.csv was not written' stopped.log)" = 1 ] || { fail "SIG$signal: $*: no message"; cat stopped.log; }
    [ -z "$(ls stopped.csv* 2>/dev/null)" ] || { fail "SIG$signal: $(ls stopped.csv*) stays"; rm -f stopped.csv*; }
}
interrupted INT "$program"
interrupted TERM "$program"
interrupted TERM mpirun -n 3 --bind-to none "$program"

# A name with a comma stays in its column.
printf 'a,kind\n1,"big, red"\n2,blue\n3,"big, red"\n4,blue\n' >comma.csv
run import csv comma.csv -o comma.h5
cat >comma.yaml <<'YAML'
data: {file: comma.h5, train: {x: x, y: y}}
network: [dense: {units: classes}]
loss: cross_entropy
training: {epochs: 2}
YAML
run train comma.yaml --run-dir comma
run predict comma -o comma.out.csv
[ "$(head -1 comma.out.csv)" = 'part,row,y,y_predicted,"y_probability_big, red",y_probability_blue' ] || fail "header $(head -1 comma.out.csv)"

# ---- windows: every one that fits into the series; those at its end have no target yet ----
awk 'BEGIN { print "s,q"; for (i = 0; i < 90; i++) print sin(i / 4) "," i % 7 }' >long.csv
awk 'BEGIN { print "q,s"; for (i = 0; i < 20; i++) print i % 7 "," sin(i / 4) }' >short.csv
run import series long.csv -o long.h5
run import series short.csv -o short.h5
cat >window.yaml <<'YAML'
data:
  file: long.h5
  train: {x: series}
  window: {length: 5, horizon: 2, targets: [s]}
  split: {validation: 0.2}
network: [flatten, dense: {units: 4, activation: tanh}, dense: {units: 1}]
loss: mse
training: {epochs: 3}
YAML
for transform in none difference; do
    run train window.yaml --run-dir window --fresh --set data.fields.y.transform=$transform
    run predict window --data long.h5 -o long.out.csv
    rows long.out.csv 86
    run predict window --data short.h5 -o short.out.csv
    rows short.out.csv 16
    [ "$(awk -F, 'NR > 1 && $3 == ""' short.out.csv | wc -l)" = 2 ] || { fail "targets beyond the end"; tail -3 short.out.csv; }
    cmp -s <(head -15 short.out.csv) <(head -15 long.out.csv) || fail "columns in another order give different predictions"
    cmp -s <(cut -d, -f4 short.out.csv) <(head -17 long.out.csv | cut -d, -f4) || fail "$transform: other predictions at the end"
done
run eval window --data short.h5
said ": 14 samples of short.h5"

# ---- several inputs, targets and lengths ----
if [ -z "$python" ]; then
    echo "skipped: sequences: python3 has no h5py"
    finish
fi
"$python" - <<'PY' || fail "no data"
import h5py, numpy as n
r = n.random.default_rng(3)
def put(name, count, *targets, weights=False, lengths=True):
    a = r.normal(size=(count, 6, 2)).astype('f4'); b = r.normal(size=(count, 3)).astype('f4')
    with h5py.File(name, 'w') as f:
        f['a'], f['b'] = a, b
        if lengths: f['len'] = r.integers(2, 7, count)
        if 'c' in targets: f['c'] = (b.sum(1) > 0).astype('i4')
        if 'v' in targets: f['v'] = b.sum(1) * 3 + 7
        if weights: f['w'] = n.ones(count, 'f4')
put('train.h5', 80, 'c', 'v', weights=True)
put('both.h5', 9, 'c', 'v')
put('none.h5', 7)
put('value.h5', 5, 'v')
put('endless.h5', 5, 'v', lengths=False)
PY
cat >several.yaml <<'YAML'
data:
  file: train.h5
  train: {x: {a: a, b: b}, y: {c: c, v: v}, lengths: len, weights: w}
  split: {validation: 0.2}
  bucket_by_length: true
network:
  - lstm: {units: 4, inputs: a, name: l}
  - concat: {inputs: [l, b], name: k}
  - dense: {units: classes, name: c, inputs: k}
  - dense: {units: 1, name: v, inputs: k}
losses: {c: cross_entropy, v: mse}
metrics: [c.accuracy]
training: {epochs: 2}
YAML
run train several.yaml --run-dir several
run predict several --data both.h5 -o both.out.csv
rows both.out.csv 9
run eval several --data both.h5
said "9 samples of both.h5"
run predict several --data none.h5 -o none.out.csv
[ "$(head -1 none.out.csv)" = row,c_predicted,c_probability_0,c_probability_1,v_predicted ] || fail "$(head -1 none.out.csv)"
rows none.out.csv 7
run predict several --data value.h5 -o value.out.csv
[ "$(head -1 value.out.csv)" = row,c_predicted,c_probability_0,c_probability_1,v,v_predicted ] || fail "$(head -1 value.out.csv)"
program_refuses 5 'has no dataset "c"' eval several --data value.h5
program_refuses 5 'dataset "len" of endless.h5 does not exist' predict several --data endless.h5 -o no.out.csv
# Settings that the weights were trained with cannot be changed for prediction.
for key in data.fields.x.normalize=none training.epochs=3; do
    "$program" eval "$(ls -d run* | head -n 1)" --set $key >set.log 2>&1
    [ $? = 2 ] || { fail "eval --set $key is not refused"; cat set.log; }
done
finish
