#!/usr/bin/env bash
# init_from keeps what the weights were trained with: normalisation and the numbering of classes, categories and
# columns. Fails when the same weights give other results on the same numbers because the new data has another mean.
source "$(dirname "$0")/common.sh"

# table FILE ROWS SHIFT: b = 2 a + noise, with a moved by SHIFT; its columns in the order ba on request
table() {
    awk -v rows="$2" -v shift="$3" -v order="${4:-}" 'BEGIN {
        print order == "ba" ? "b,a,y" : "a,b,y"
        for (i = 0; i < rows; i++) {
            a = (i * 37 % 100) / 50 + shift; b = (i * 61 % 100) / 10
            print (order == "ba" ? b "," a : a "," b) "," 2 * a + b / 7
        }
    }' >"$1.csv"
    "$program" import csv "$1.csv" -o "$1.h5" --target value --overwrite >log 2>&1 || { fail "import $1"; cat log; }
}

# config NAME FILE LAST: three epochs, or a learning rate that changes nothing
config() {
    cat >"$1.yaml" <<YAML
data: {file: $2.h5, train: {x: x, y: y}, split: {validation: 0.25, seed: 1}}
network: [dense: {units: 16, activation: tanh, name: body}, dense: {units: ${4:-1}, name: out}]
loss: ${5:-mse}
metrics: [${6:-rmse}]
optimizer: {adam: {learning_rate: $3}}
lr_schedule: constant
training: {epochs: ${7:-1}, batch_size: 20, microbatch_size: 5}
YAML
}
unsaid() { ! grep -qF -- "$1" log || { fail "said: $1"; cat log; }; }
# error DIRECTORY FILE: RMSE of a run's newest weights
error() {
    "$program" eval "$1" --data "$2" >eval.log 2>&1 || { fail "eval $1: $?"; cat eval.log; }
    sed -n 's/.*rmse \([0-9.e-]*\).*/\1/p' eval.log
}

table old 200 0
table new 120 0.8
table turned 120 0.8 ba
config old old 0.02 1 mse rmse 40
run train old.yaml --run-dir old
before=$(error old new.h5)
config next new 1e-12
run train next.yaml --run-dir kept --set init_from.run=old
said "init_from: x, y normalised as in"
after=$(error kept new.h5)
awk "BEGIN { exit !($after < $before * 1.001 && $after > $before * 0.999) }" || fail "error $after, not $before as before"
run train next.yaml --run-dir measured --set init_from.run=old --set init_from.normalization=new
unsaid "normalised as in"
measured=$(error measured new.h5)
awk "BEGIN { r = $measured / $before; exit !(r > 1.2 || r < 0.8) }" || fail "normalization: new gives the same error $measured"
run train next.yaml --run-dir turned --set init_from.run=old --set data.file=turned.h5
after=$(error turned turned.h5)
awk "BEGIN { exit !($after < $before * 1.001 && $after > $before * 0.999) }" || fail "columns: error $after, not $before"

# A run continues as it began, whatever happens to the other run; on any number of ranks.
config more new 0.01 1 mse rmse 4
run train more.yaml --run-dir whole --set init_from.run=old
fingerprint=$(sed -n 's/^fingerprint: //p' log)
train 2 1 more.yaml --run-dir part --set init_from.run=old --set training.epochs=2 || { fail "exit $?"; cat train.log; }
mv old away
run train more.yaml --run-dir part --set init_from.run=old
said "resuming from"
unsaid "normalised as in"
[ "$(sed -n 's/^fingerprint: //p' log)" = "$fingerprint" ] || fail "resumed without the other run: different bits"
mv away old

# Partly: an output with new weights is normalised on the new data, and so is another shape; normalize: none stays none.
run train next.yaml --run-dir head --set init_from.run=old --set init_from.exclude=out
said "init_from: x normalised as in"
said "on this data: y"
run train next.yaml --run-dir none --set init_from.run=old --set data.fields.x.normalize=none
said "init_from: y normalised as in"
run check next.yaml --run-dir none2 --set init_from.run=old

# ---- classes ----
classes() {
    awk -v names="${*:2}" 'BEGIN { n = split(names, name, " "); print "a,b,kind"
        for (i = 0; i < 100; i++) print i * 37 % 100 / 50 + i % n "," i * 61 % 100 / 10 "," name[i % n + 1] }' >"$1.csv"
    "$program" import csv "$1.csv" -o "$1.h5" --overwrite >log 2>&1 || { fail "import $1"; cat log; }
}
classes animals dog cat owl
classes less owl dog
classes other bee ant fox
config animals animals 0.02 classes cross_entropy accuracy 20
run train animals.yaml --run-dir animals
config less less 1e-12 classes cross_entropy accuracy
run train less.yaml --run-dir less --set init_from.run=animals
said "3 classes: cat,dog,owl"
"$program" eval animals --data less.h5 >one.log 2>&1
"$program" eval less --data less.h5 >two.log 2>&1
[ "$(sed 's/.*accuracy//' one.log)" = "$(sed 's/.*accuracy//' two.log)" ] || { fail "classes are exchanged"; cat one.log two.log; }
config other other 0.01 classes cross_entropy accuracy
program_refuses 2 "are for different classes of 'y': the names there: cat, dog, owl; the names here: ant, bee, fox" \
    train other.yaml --run-dir other --set init_from.run=animals
program_refuses 2 "are for different classes of 'y'" check other.yaml --run-dir other2 --set init_from.run=animals
run train other.yaml --run-dir other3 --set init_from.run=animals --set init_from.exclude=out
sed 's/a,b,kind/a,c,kind/' animals.csv >renamed.csv
"$program" import csv renamed.csv -o renamed.h5 >log 2>&1
program_refuses 2 "init_from: the weights of layer body in" train animals.yaml --run-dir renamed --set init_from.run=animals --set data.file=renamed.h5
said "are for different columns of 'x': the names there: a, b; the names here: a, c"
run train animals.yaml --run-dir renamed2 --set init_from.run=animals --set data.file=renamed.h5 --set init_from.exclude=body
finish
