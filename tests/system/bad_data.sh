#!/usr/bin/env bash
# Unusable data: each fault is reported once for all ranks, with its place and a remedy; what may be skipped is skipped
# and counted.
build_folder=$(realpath "$2")
source "$(dirname "$0")/common.sh"
"$build_folder/tests/make_bad_data" . || exit 1

# config NAME LOSS DATA: a network for three columns; DATA are the lines after `data:`
config() {
    local units=classes
    [ "$2" = mse ] && units=1
    { echo "data:"; echo "$3" | sed 's/^/  /'
      echo "network: [dense: {units: 6, activation: tanh}, dense: {units: ${4:-$units}}]"
      echo "loss: $2"
      echo "training: {epochs: 2, batch_size: 16, microbatch_size: 4}"; } >"$1.yaml"
}

no_rank_left() {
    pgrep -f "$work/" >/dev/null && { fail "$1: a rank is still running"; pgrep -fa "$work/"; }
}

# refused NAME CODE WORDS...: NAME.yaml ends with CODE, and each of WORDS is on exactly one line
refused() {
    local name=$1 code=$2 found words
    shift 2
    timeout 60 env OMP_NUM_THREADS=1 mpirun -n 2 --bind-to none "$program" train "$work/$name.yaml" \
        --run-dir "$work/run-$name" ${arguments[@]+"${arguments[@]}"} >train.log 2>&1
    found=$?
    [ $found = "$code" ] || { fail "$name: exit $found, not $code"; cat train.log; }
    for words in "$@"; do
        [ "$(grep -c -E -- "$words" train.log)" = 1 ] || { fail "$name: not once: '$words'"; cat train.log; }
    done
    no_rank_left "$name"
}
arguments=()

good='file: good.h5
train: {x: x_train, y: y_train}'
wrong() { echo "file: wrong.h5"; echo "train: {x: $1, y: $2}"; }

# ---- shapes, types, paths ----
config lengths cross_entropy "$(wrong x short)"
refused lengths 5 'data.train: dataset "x" has 64 samples, but dataset "short" has 63, of .*wrong.h5'
config empty cross_entropy "$(wrong empty y)"
refused empty 5 'data.train.x: dataset "empty" of .*wrong.h5: is empty'
config compound cross_entropy "$(wrong compound y)"
refused compound 5 'data.train.x: dataset "compound" of .* elements of type compound of a, b cannot be used as numbers: name a field of its records: data.train.x: compound.a'
config lists cross_entropy "$(wrong lists y)"
refused lists 5 'data.train.x: all sequences of "lists" of .* are empty: was it ever written?'
config unwritten cross_entropy "$(wrong unwritten y)"
refused unwritten 5 'data.train.x: dataset "unwritten" of .*was never written'
config missing cross_entropy "${good/y: y_train/y: y_trian}"
refused missing 5 'data.train.y: dataset "y_trian" of .*good.h5 does not exist.*y_train'
config path cross_entropy "${good/good.h5/no/such/file.h5}"
refused path 5 'no/such/file.h5'
config pattern cross_entropy "${good/good.h5/part-*.h5}"
refused pattern 5 'no file matches .*part-\*.h5'
head -c 3000 good.h5 >cut.h5
config cut cross_entropy "${good/good/cut}"
refused cut 5 'cut.h5.*(cut short|incomplete|truncated)'
echo "x,y" >text.h5
config text cross_entropy "${good/good/text}"
refused text 5 'text.h5.*HDF5'
if [ "$(id -u)" != 0 ]; then
    cp good.h5 secret.h5
    chmod 0 secret.h5
    config secret cross_entropy "${good/good/secret}"
    refused secret 5 'secret.h5.*permi'
fi

# ---- values ----
config large cross_entropy "$(wrong x large)"
refused large 5 'data.train.y: .*the label of sample 9 is 1000000000000 \(the first'
config negative cross_entropy "$(wrong x negative)"
refused negative 5 'data.train.y: .*the label of sample 9 is -2 \(the first'
config fraction cross_entropy "$(wrong x fraction)"
refused fraction 5 'data.train.y: .*the label of sample 9 is 1.5 \(the first'
config nan cross_entropy "$(wrong nan y)"
refused nan 5 'data.train.x: .*sample 7, column 2 is NaN \(the only.*on_bad_sample: skip'
config inf cross_entropy "$(wrong inf y)"
refused inf 5 'data.train.x: .*sample 12, column 0 is Inf \(the first'
config damaged cross_entropy "$(wrong x y | sed s/wrong/damaged/)"
refused damaged 6 'data.train.x: .*rows 16 to 23 of dataset "x" of .*damaged.h5.*copy or recreate it'
arguments=(--set data.cache=stream)
refused nan 5 'data.train.x: .*sample 7, column 2 is NaN \(the only'
refused damaged 6 'data.train.x: .*rows 16 to 23 of dataset "x" of .*damaged.h5.*copy or recreate it'

# ---- all at once ----
arguments=()
config several cross_entropy "$(wrong nan fraction)
validation: {x: empty, y: short}
test: {file: missing.h5, x: x, y: y}"
refused several 5 'sample 7, column 2 is NaN' 'the label of sample 9 is 1.5' 'data.validation.x: .*is empty' \
    'missing.h5'

# ---- what may be skipped is skipped, and counted; the same bits in memory and in a stream ----
for name in nan damaged; do
    skipped=2
    [ $name = damaged ] && skipped=8
    reference=
    for cache in memory stream; do
        train 2 1 "$work/$name.yaml" --run-dir skip-$name-$cache --set data.on_bad_sample=skip --set data.cache=$cache ||
            { fail "$name with skip in $cache ended with $?"; cat train.log; }
        [ "$(grep -c "data.train: $skipped of 64 samples are skipped" train.log)" = 1 ] ||
            { fail "$name: the samples that are skipped are not counted"; cat train.log; }
        : "${reference:=$(fingerprint)}"
        [ -n "$reference" ] && [ "$(fingerprint)" = "$reference" ] || fail "$name with skip: $cache gives different bits"
    done
done

# Labels from 1 train, with a warning.
config from_one cross_entropy "$(wrong x from_one)"
train 1 1 from_one.yaml --run-dir from-one || { fail "labels from 1 ended with $?"; cat train.log; }
grep -q 'class 0).*first_label' train.log || { fail "labels from 1: no warning"; cat train.log; }

# ---- options that do not fit the data ----
config window mse 'file: good.h5
train: {x: x_train}
window: {length: 64, targets: [close]}'
refused window 5 'data.train: no file has enough rows for one sample, a window with its target'
config column mse 'file: good.h5
train: {x: x_train}
window: {length: 5, targets: [closed]}'
refused column 5 "data.train.*: there is no column 'closed'; did you mean 'close'"
config balanced mse "$good
balanced: true"
refused balanced 5 'data.balanced: '
config stratified mse "$good
split: {validation: 0.2, stratified: true}"
refused stratified 5 'data.split.stratified: the targets are values'
config layout cross_entropy "$good
fields: {x: {layout: NHWC}}"
refused layout 5 'data.train.x: .*layout: NHWC has 4 dimensions, but the dataset has 2'
config flip cross_entropy "$good
fields: {x: {augment: [flip]}}"
refused flip 2 'data.fields.x.augment: .*flip works on images'
config mixup mse "$good
fields: {y: {augment: [mixup]}}"
refused mixup 5 'data.fields.y.augment: only inputs are augmented'

# ---- odd data without a fault ----
{ echo "a,b,class"; for i in $(seq 64); do echo "$i,7,$((i % 2))"; done; } >constant.csv
"$program" import csv constant.csv -o constant.h5 >import.log 2>&1 || { fail "the import"; cat import.log; }
config constant cross_entropy 'file: constant.h5
train: {x: x, y: y}'
train 2 1 constant.yaml --run-dir run-constant || fail "a constant column is an error"
[ "$(grep -c 'data.train.x: 1 of 2 columns are constant in training (the first: column 1)' train.log)" = 1 ] ||
    { fail "a constant column is not reported once"; cat train.log; }

# ---- data that changed between two jobs of a run ----
config resumed cross_entropy "$good"
train 2 1 resumed.yaml --run-dir resumed --set training.epochs=1 --set lr_schedule=constant || fail "the first epoch"
cp good.h5 before.h5
cp other.h5 good.h5
timeout 60 mpirun -n 2 "$program" train resumed.yaml --run-dir resumed --set lr_schedule=constant >train.log 2>&1
found=$?
[ $found = 2 ] || { fail "a resume on other data ended with $found"; cat train.log; }
grep -q 'data.train.x, dataset "x_train" of .*good.h5: its values have changed' train.log || { fail "a resume on different data: not reported"; cat train.log; }
mv before.h5 moved.h5
train 2 1 resumed.yaml --run-dir resumed --set lr_schedule=constant --set data.file=moved.h5 ||
    { fail "the same data elsewhere ended with $?"; cat train.log; }
no_rank_left resumed
finish
