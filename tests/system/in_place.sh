#!/usr/bin/env bash
# Training in place: the same batches give the same bits on any number of ranks, however they are divided among ranks,
# and those of training from a file; saved, loaded, rolled back, copied; mistakes are reported on all ranks.
host=$(realpath "$2")/tests/train_in_place
source "$(dirname "$0")/common.sh"
export OMP_NUM_THREADS=1

rest='network: [dense: {units: 16, activation: tanh}, dropout: 0.1, dense: {units: 2}]
loss: mse
metrics: [rmse]
optimizer: {adam: {learning_rate: 0.01}}
lr_schedule: constant'
scaled='fields: {u: {normalize: none}, v: {normalize: none, scale: 0.1, offset: -0.3}}'
sizes='batch_size: 32, microbatch_size: 4, seed: 3'
printf 'data: {in_place: {x: {u: [4]}, y: {v: [2]}}, %s}\n%s\ntraining: {%s}\n' "$scaled" "$rest" "$sizes" >given.yaml
printf 'data: {in_place: {x: {u: [4]}, y: {v: [2]}, from_first: 100}}\n%s\ntraining: {%s}\n' "$rest" "$sizes" >measured.yaml
file='file: samples.h5, train: {x: {u: x}, y: {v: y}}, shuffle: none'
printf 'data: {%s, %s}\n%s\ntraining: {%s, epochs: 1}\n' "$file" "$scaled" "$rest" "$sizes" >file.yaml

# in_place RANKS CONFIG RUN_DIR|- COMMAND...: output to log
in_place() {
    local ranks=$1
    shift
    timeout 100 mpirun -n "$ranks" --bind-to none "$host" "$@" >log 2>&1 || { fail "in place on $ranks ranks: $*"; cat log; }
}
# value NAME: what a line of the log says
value() { sed -n "s/^$1: //p" log | tail -n 1; }

# The bits of a file's.
"$host" write:320:samples.csv && run import csv samples.csv --x x0,x1,x2,x3 --y y0,y1 -o samples.h5
train 1 1 file.yaml --run-dir file || { fail "training from the file"; cat train.log; }
in_place 1 given.yaml - steps:10:32 evaluate:100
expected=$(value fingerprint) evaluated=$(value evaluate)
[ -n "$expected" ] && [ "$expected" = "$(fingerprint)" ] || fail "in place and from a file: other bits"
for case in '2 even' '3 ragged' '4 first' '7 last' '7 even'; do
    read -r ranks spread <<<"$case"
    SPREAD=$spread in_place "$ranks" given.yaml - steps:10:32 evaluate:100
    [ "$(value fingerprint)" = "$expected" ] || { fail "$case: other bits"; cat log; }
    [ "$(value evaluate)" = "$evaluated" ] || { fail "$case: other results"; cat log; }
done
TYPE=float in_place 2 given.yaml - steps:10:32
[ "$(value fingerprint)" = "$expected" ] || fail "the same numbers in single precision: other bits"

# Samples that stay where they are: the same bits where ranks bring whole microbatches; otherwise the same on the same
# ranks, and the same results but for rounding.
sed 's/in_place: {/in_place: {local: true, /; s/batch_size: 32/batch_size: 128/' given.yaml >local.yaml
sed 's/batch_size: 32/batch_size: 128/' given.yaml >wide.yaml
for ranks in 1 2 4; do
    in_place "$ranks" local.yaml - steps:10:32 evaluate:96
    at=$(value fingerprint) results=$(value evaluate)
    SPREAD=even in_place "$ranks" wide.yaml - steps:10:32 evaluate:96
    [ "$(value fingerprint)" = "$at" ] || fail "local on $ranks ranks: other bits"
    [ "$(value evaluate)" = "$results" ] || fail "local on $ranks ranks: other results: $results"
done
sed -i 's/ dropout: 0.1,//' local.yaml wide.yaml
for case in '3 ragged' '4 last' '4 first'; do
    read -r ranks spread <<<"$case"
    SPREAD=$spread in_place "$ranks" local.yaml - steps:10:27 evaluate:100
    at=$(value fingerprint) results="$(value step) $(value evaluate)"
    grep -q 'step 10 samples 27 trained 1' log || { fail "local, $case: how many samples there were"; cat log; }
    SPREAD=$spread in_place "$ranks" local.yaml - steps:10:27
    [ "$(value fingerprint)" = "$at" ] || fail "local, $case: other bits again"
    SPREAD=$spread in_place "$ranks" wide.yaml - steps:10:27 evaluate:100
    awk -v a="$results" -v b="$(value step) $(value evaluate)" 'BEGIN {
        n = split(a, x, " "); m = split(b, y, " ")
        for (i = 1; i <= n; i++) if (x[i] + 0 == x[i] && (x[i] - y[i])^2 > 1e-10) exit 1
        exit n != m || n == 0 }' || fail "local, $case: $results instead of $(value step) $(value evaluate)"
done
SPREAD=first in_place 4 local.yaml - steps:1:36
[ "$(grep -c 'takes as many microbatches of 4 as the rank with the most samples, 9, which is 144 samples for 4 ranks' log)" = 4 ] ||
    { fail "local, too many samples on one rank"; cat log; }
sed 's/dense: {units: 16, activation: tanh}/&, batch_norm/' local.yaml >norm.yaml
timeout 60 "$host" norm.yaml - steps:1:4 >log 2>&1
grep -q 'layer batch_norm1 (batch_norm) has statistics of the whole batch' log || { fail "local with batch_norm"; cat log; }

# Batches of any size, up to the configured one.
in_place 1 given.yaml - steps:3:29 steps:2:1 steps:1:0 steps:2:7
expected=$(value fingerprint)
SPREAD=ragged in_place 4 given.yaml - steps:3:29 steps:2:1 steps:1:0 steps:2:7
[ "$(value fingerprint)" = "$expected" ] || fail "short batches: other bits"
grep -q 'step: step 5 samples 0 trained 0 loss nan' log || fail "a batch without samples"
in_place 2 given.yaml - steps:1:33
[ "$(grep -c 'bring 33 samples together, and training.batch_size is 32' log)" = 2 ] || { fail "a batch that is too large"; cat log; }

# Normalisation from the first samples, then saved, loaded on other ranks, rolled back, and copied.
in_place 1 measured.yaml - step:0:70 step:70:32 steps:5:32
expected=$(value fingerprint)
in_place 3 measured.yaml run predict:1 save step:0:70 step:70:32 steps:2:32 save steps:1:32 save load:3 steps:1:32 save
[ "$(grep -c 'status 2.*0 of the 100 samples' log)" = 6 ] || { fail "calls before the normalisation is known"; cat log; }
grep -q 'samples 70 trained 0 loss nan' log || fail "a call that only measures"
in_place 2 measured.yaml run steps:2:32 copy:1 copy:0.5 predict:4
[ "$(value fingerprint)" = "$expected" ] && [ "$(value copied)" = "$expected" ] || { fail "loaded or copied: other bits"; cat log; }
[ "$(sed -n 's/.*\(first .*\)/\1/p' log | sort -u | wc -l)" = 1 ] || fail "ranks predict differently"
in_place 2 measured.yaml run load:3 load:77 save
grep -q 'no checkpoint of step 77; there are: 3, 4' log || { fail "a checkpoint that is not there"; cat log; }
[ "$(ls run/checkpoints)" = step-0000000003.h5 ] || fail "later checkpoints stay after a rollback"
run info run
said 'step 3, trained in place, intact'
said 'results: missing: the program that trains in place evaluates, too'
said 'trained in place by another program, which has ended it'
run export run model.nn
in_place 2 measured.yaml run mistake:configuration load:-1
grep -q 'different configurations' log || fail "another configuration"

# Mistakes of one rank: the same text on all, and training continues as if nothing had been.
in_place 1 given.yaml - steps:2:8
expected=$(value fingerprint) expected_after_two=$(value fingerprint)
in_place 3 given.yaml - steps:1:8 mistake:{rank,shape,samples,null,type,inputs,nan,infinite,weights,order,destroy,huge} steps:1:8
for text in 'rank: status 2: .*the array is 4 x 4 x 1, but' 'shape: status 2: .*the array is 4 x 5, but' \
    'samples: status 2: .*target v: the array is 3 x 2' 'null: status 2: .*the values are NULL' \
    'type: status 2: .*9 is not a type' 'inputs: status 2: .*there are no inputs' 'nan: status 5: .*is NaN' \
    'infinite: status 5: .*is infinite' 'weights: status 2: .*data.in_place.weights' \
    'order: status 2: .*rank 0 nn_trainer_step, rank 2 nn_trainer_save' 'destroy: status 2: .*nn_trainer_destroy' \
    'huge: status 5: .*beyond the range of float32'; do
    [ "$(grep -c "$text" log)" = 3 ] || { fail "not on all ranks: $text"; grep "${text%%:*}" log; }
done
[ "$(value fingerprint)" = "$expected" ] || fail "a mistake has changed the weights"

# Classes, weights, statistics over the batch, and other precisions.
printf 'data: {in_place: {x: {u: [4]}, y: {l: []}, weights: true}, fields: {u: {normalize: none}, l: {classes: 3}}}
network: [dense: {units: 16}, batch_norm, activation: relu, dense: {units: classes}]
loss: cross_entropy
metrics: [accuracy]
training: {batch_size: 48, microbatch_size: 4}\n' >classes.yaml
export TARGET=label WEIGHTS=1
for precision in float32 mixed; do
    in_place 1 classes.yaml - steps:4:48 steps:2:13 evaluate:100 training.precision=$precision
    grep -v '^create' log >expected
    SPREAD=ragged in_place 3 classes.yaml - steps:4:48 steps:2:13 evaluate:100 training.precision=$precision
    grep -v '^create' log | cmp -s - expected || { fail "classes in $precision: other bits"; cat log expected; }
done
unset TARGET WEIGHTS

# A program may take its time between calls; a rank that no longer runs ends the job.
in_place 2 given.yaml - steps:1:8 sleep:3 steps:1:8 training.hang_timeout=1
[ "$(value fingerprint)" = "$expected_after_two" ] || fail "a pause has changed the bits"
timeout 100 mpirun -n 3 --bind-to none "$host" given.yaml - steps:1:8 stop steps:1:8 training.hang_timeout=2 >log 2>&1
code=$?
[ $code != 0 ] && [ $code != 124 ] || { fail "a rank that stopped: ended with $code"; cat log; }
grep -q 'rank 2' log || { fail "the rank that stopped is not named"; cat log; }

# What a configuration cannot have, and what the program says about one.
program_refuses 2 'the samples come from a program that calls nn_trainer_create' train given.yaml --run-dir none
run check given.yaml
said 'no problems'
program_refuses 2 'set data.in_place.steps, or choose constant' check given.yaml --set lr_schedule=cosine
program_refuses 2 'data.in_place.from_first, the number of samples' check given.yaml --set data.fields.u.normalize=standardize
program_refuses 5 'data.test.u: dataset "u" of samples.h5 does not exist' predict run --data samples.h5 -o none.csv
in_place_says() {
    local text=$1
    shift
    timeout 60 mpirun -n 2 --bind-to none "$host" given.yaml - steps:1:8 "$@" >log 2>&1 && fail "accepted: $*"
    grep -q -- "$text" log || { fail "not said: $text"; cat log; }
}
in_place_says 'data.file: cannot be used with data.in_place' data.file=samples.h5
in_place_says 'set data.in_place.steps, or choose constant' lr_schedule=cosine
in_place_says 'training.epochs: training in place leaves this' training.epochs=3
in_place_says 'data.in_place.from_first, the number of samples' data.fields.u.normalize=standardize
in_place_says 'more than 1024 microbatches' training.batch_size=5000 training.microbatch_size=1
finish
