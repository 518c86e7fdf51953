#!/usr/bin/env bash
# check and train report the same about a job: the warnings of train before its first step, and its refusals, are in
# check's list, word for word; and check warns of nothing else.
tools=$(realpath "$2")/tests
source "$(dirname "$0")/common.sh"
"$tools/make_bad_data" . || exit 1
{ echo "a,b,class"; for i in $(seq 64); do echo "$i,7,$((i % 2))"; done; } >constant.csv
"$program" import csv constant.csv -o constant.h5 >import.log 2>&1 || { fail "the import"; cat import.log; }
run_count=0

# config NAME LOSS DATA [LAYERS]: DATA are the lines after `data:`
config() {
    { echo "data:"; echo "$3" | sed 's/^/  /'
      echo "network: [dense: {units: 6, activation: tanh}, ${4:-dense: {units: classes\}}]"
      echo "loss: $2"
      echo "training: {epochs: 2, batch_size: 16, microbatch_size: 4, peak_seconds: 0}"; } >"$1.yaml"
}
good='file: good.h5
train: {x: x_train, y: y_train}'
wrong() { echo "file: wrong.h5"; echo "train: {x: $1, y: $2}"; }

# For train: the warnings before the line of the first epoch, without prefixes. For check: the list.
told_by_train() { sed '/^epoch /,$d' train.log | sed -n 's/^warning: //p' | sort; }
told_by_check() { sed -n 's/^  - warning: //p' check.log | grep -v -E '^(a checkpoint takes|the run will not end)' | sort; }

# same NAME LEAST ARGUMENT...: both give the same warnings, at least LEAST of them
same() {
    local name=$1 least=$2 directory
    shift 2
    directory=${directory_of:-run-$((run_count += 1))}
    "$program" check "$name.yaml" --run-dir "$directory" "$@" >check.log 2>&1
    "$program" train "$name.yaml" --run-dir "$directory" "$@" >train.log 2>&1 || { fail "$name $*"; cat train.log; }
    diff <(told_by_train) <(told_by_check) >differences || { fail "$name $*: <train >check"; cat differences; }
    [ "$(told_by_train | grep -c .)" -ge "$least" ] || { fail "$name $*: fewer than $least warnings"; cat train.log; }
    grep -q "no problems, $(told_by_check | grep -c .) warning" check.log || { fail "$name: the number of warnings"; cat check.log; }
}

export OMP_NUM_THREADS=1
few='the run has only'
config from_one cross_entropy "$(wrong x from_one)"
same from_one 2
grep -q "warning: $few" check.log || fail "no message about few steps"
same from_one 2 --set data.cache=stream
same from_one 3 --set 'lr_schedule={constant: {warmup: 1 epoch}}'
same from_one 3 --set 'lr_schedule={cosine: {warmup: 10 epochs}}'
same from_one 3 --set 'lr_schedule={step: {every: 3 epochs}}'
same from_one 3 --set 'lr_schedule={one_cycle: {rise: 2 epochs}}'
same from_one 2 --set 'lr_schedule={exponential: {every: 10 epochs}}'
config constant cross_entropy 'file: constant.h5
train: {x: x, y: y}'
same constant 2
config stratified cross_entropy 'file: wrong.h5
train: {x: x, y: from_one}
split: {validation: 0.25, stratified: true}'
same stratified 2
config skip cross_entropy "$(wrong nan y)
on_bad_sample: skip"
same skip 2
config damaged cross_entropy 'file: damaged.h5
train: {x: x, y: y}
on_bad_sample: skip'
same damaged 2
config window mse 'file: good.h5
train: {x: x_train}
window: {length: 5, targets: [close]}
split: {validation: 0.2, order: random}' 'dense: 1'
same window 2
config twice cross_entropy "$good" 'dense: {units: classes, activation: softmax}'
same twice 2
OMP_NUM_THREADS=9 same from_one 3
OMP_NUM_THREADS=many same from_one 3
OMP_THREAD_LIMIT=1 same from_one 3 --set training.threads=2

# On several ranks: batch normalisation with small batches, and a last batch of one sample.
for ranks in 2 3; do
    train $ranks 2 from_one.yaml --run-dir ranks-$ranks --set training.threads=2 || fail "$ranks ranks"
    "$program" check from_one.yaml -n $ranks --run-dir other --set training.threads=2 >check.log 2>&1
    diff <(sed -n 's/^warning: //p' train.log | sort) <(told_by_check) >differences || { fail "$ranks ranks: <train >check"; cat differences; }
done
config norm cross_entropy "$good" 'batch_norm: {over: microbatch}, dense: {units: classes}'
same norm 2
same norm 2 --set training.batch_size=21

# A continued run: with more epochs, and with the newest checkpoint damaged.
config more cross_entropy "$good"
directory_of=more same more 1 --set checkpoint.every='2 steps'
directory_of=more same more 2 --set training.epochs=4
grep -q 'warning: training.epochs was 2 and is now 4: the learning-rate schedule is stretched' check.log || { fail "check does not say what more epochs do"; cat check.log; }
# damaged DIRECTORY NAME...: a copy of the run with damaged files
damaged() {
    local directory=$1 file
    shift
    rm -rf "$directory" && cp -r more "$directory"
    for file in "$@"; do printf 'damage' | dd of="$directory/$file" bs=1 seek=4000 conv=notrunc status=none; done
}
newest=$(cd more && ls checkpoints/*.h5 | tail -1)
damaged one "$newest"
directory_of=one same more 2 --set training.epochs=6
grep -q "warning: .*$newest.*; falling back to one/checkpoints" check.log || { fail "a damaged checkpoint is not named"; cat check.log; }
damaged exchanged
cp "$(ls exchanged/checkpoints/*.h5 | head -1)" "exchanged/$newest"
directory_of=exchanged same more 2 --set training.epochs=6
damaged gone
rm "gone/$newest"
directory_of=gone same more 2 --set training.epochs=6
"$program" check more.yaml --run-dir more --set training.epochs=1 >check.log
grep -q '^ *16 steps are done: the job has nothing to do' check.log || { fail "fewer epochs than are done"; cat check.log; }

# refused NAME ARGUMENT...: each line of train's refusal is one of check's problems
refused() {
    local name=$1 line
    shift
    "$program" check "$name.yaml" --run-dir refused "$@" >check.log 2>&1 && fail "$name: check finds nothing"
    "$program" train "$name.yaml" --run-dir refused "$@" >train.log 2>&1 && fail "$name: train runs"
    sed -n '/^nntrain: /,$p' train.log | sed 's/^nntrain: //; s/^rank 0 on [^ ]*: //' >refusal.log
    [ -s refusal.log ] || fail "$name: train reports nothing"
    while IFS= read -r line; do
        grep -q -F -- "$line" check.log || { fail "$name: check does not say '$line'"; cat check.log; }
    done <refusal.log
}
for what in large negative fraction; do
    config $what cross_entropy "$(wrong x $what)"
    refused $what
done
for what in nan inf; do
    config $what cross_entropy "$(wrong $what y)"
    refused $what
    refused $what --set data.cache=stream
done
# If labels and inputs are both wrong, both are in the list, once each, without consequential errors.
for labels in negative fraction large; do
    config both cross_entropy "$(wrong nan $labels)
split: {validation: 0.3}"
    refused both
    grep -q ': 2 problems' check.log || { fail "both $labels: not 2 problems"; cat check.log; }
done
config half cross_entropy "$(wrong x half)"
refused half
grep -q ': 1 problem' check.log || { fail "labels of which none is one: not 1 problem"; cat check.log; }
config one cross_entropy "$(wrong x all_one)"
same one 2
grep -q 'warning: all labels of data.train.y are of class 1' check.log || { fail "labels of one class"; cat check.log; }
config damaged cross_entropy 'file: damaged.h5
train: {x: x, y: y}'
refused damaged
# All checkpoints of a run damaged or missing: it does not start over.
damaged refused best.h5 $(cd more && ls checkpoints/*.h5)
refused more
rm refused/best.h5 refused/checkpoints/*
refused more
finish
