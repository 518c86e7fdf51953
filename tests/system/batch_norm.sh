#!/usr/bin/env bash
# Batch normalisation with defaults: small microbatches train as well as the whole batch in one, with the same bits on
# any number of ranks and threads; batches too small for it give warnings, whose remedies work; NaN in one sample is
# located although it reaches all others; a flipped bit in the statistics is detected.
tools=$(realpath "$2")/tests
source "$(dirname "$0")/common.sh"
cat >norm.yaml <<YAML
data:
  file: $digits/digits.h5
  train: {x: x_train, y: y_train}
  validation: {x: x_valid, y: y_valid}
  test: {x: x_test, y: y_test}
network:
  - dense: {units: 64}
  - batch_norm: {activation: relu, name: first}
  - dense: {units: 64}
  - batch_norm: {activation: relu, name: second}
  - dense: {units: classes}
loss: cross_entropy
metrics: [accuracy]
training: {epochs: 8, peak_seconds: 0}
YAML
each=(--set network.first.over=microbatch --set network.second.over=microbatch)

# looks CODE ARGUMENT...: check ends with CODE
looks() {
    local code=$1 found
    shift
    "$program" check "$@" >check.log 2>&1
    found=$?
    [ $found = "$code" ] || { fail "check $* ended with $found, not $code"; cat check.log; }
}

# told PATTERN, untold PATTERN: in the output of the last train and the last check, or in neither
told() { grep -qE "$1" train.log && grep -qE "$1" check.log || { fail "not reported by both: $1"; cat train.log check.log; }; }
untold() { ! grep -qE "$1" train.log check.log || { fail "told: $1"; cat train.log check.log; }; }

# both CODE ARGUMENT...: train on two ranks, and check
both() {
    local code=$1
    shift
    ends "$([ "$code" = 0 ] && echo 0 || echo 2)" 2 1 norm.yaml --run-dir run --fresh --set training.epochs=1 "$@"
    looks "$code" norm.yaml -n 2 --run-dir run --set training.epochs=1 "$@"
}

test_of() { sed -n "s/^test, best.*$1 \([0-9.]*\).*/\1/p" train.log; }

# ---- as good as the batch in one microbatch ----
ends 0 1 1 norm.yaml --run-dir default
grep -q '^first .* over the batch$' train.log || { fail "the summary does not say what statistics are over"; cat train.log; }
loss=$(test_of loss) accuracy=$(test_of accuracy)
ends 0 1 1 norm.yaml --run-dir whole --set training.microbatch_size=32
echo "default: loss $loss, accuracy $accuracy %; in one microbatch: loss $(test_of loss), accuracy $(test_of accuracy) %"
awk -v a="$accuracy" -v b="$(test_of accuracy)" -v la="$loss" -v lb="$(test_of loss)" \
    'BEGIN {exit !(a > 92 && a - b < 1.5 && b - a < 1.5 && la / lb < 1.1 && lb / la < 1.1)}' || fail "not as good as in one microbatch"
ends 0 1 1 norm.yaml --run-dir ghost "${each[@]}"
echo "over microbatches: loss $(test_of loss), accuracy $(test_of accuracy) %"
awk -v a="$accuracy" -v b="$(test_of accuracy)" 'BEGIN {exit !(a > b + 1)}' || fail "microbatches of 4 do as well: this test shows nothing"

# ---- the same bits ----
# same_bits JOB...: ranks and threads; with the arguments in short
same_bits() {
    local job
    reference=
    for job in "$@"; do
        # shellcheck disable=SC2086 # two numbers
        ends 0 $job norm.yaml --run-dir bits --fresh "${short[@]}"
        : "${reference:=$(fingerprint)}"
        [ -n "$reference" ] && [ "$(fingerprint)" = "$reference" ] || fail "$job: $(fingerprint), not $reference"
    done
    echo "bits: $reference"
}
# 16 microbatches: statistics go round among four ranks, of which each merges a quarter
short=(--set training.epochs=1 --set training.batch_size=64 --set training.microbatch_size=4 --set training.verify_every=1)
same_bits "1 1" "2 1" "4 1" "8 1" "16 1"
# 19 microbatches: along the tree
short=(--set training.epochs=1 --set training.batch_size=74 --set training.microbatch_size=4 --set training.verify_every=1)
same_bits "1 1" "1 2" "2 1" "3 2" "4 1" "7 1" "16 1"
ends 0 3 1 norm.yaml --run-dir bits --fresh "${short[@]}" --set data.cache=stream
[ "$(fingerprint)" = "$reference" ] || fail "streamed: $(fingerprint), not $reference"

# ---- warnings, and what they recommend ----
both 0
untold 'statistics over microbatches|too few to train well|training.memory \('
both 0 "${each[@]}"
told 'warning: layer first takes statistics over microbatches of 4 samples, too few to train well: .*training.microbatch_size=16 or more'
both 0 "${each[@]}" --set training.microbatch_size=16
untold 'too few to train well'
both 0 --set training.batch_size=4
told 'warning: layer first takes statistics over the 4 samples of a batch, too few to train well: set training.batch_size=16'
both 0 --set training.batch_size=16
untold 'too few to train well'
both 0 --set training.batch_size=32 --set training.limit_batches=2
untold 'last batch'
both 0 --set training.batch_size=314
told 'warning: the last batch of an epoch has one sample, .*set training.last_batch=drop'
both 0 --set training.batch_size=314 --set training.last_batch=drop
untold 'last batch'
ends 2 1 1 norm.yaml --run-dir one --set training.batch_size=1
looks 2 norm.yaml --set training.batch_size=1
told 'layer first: a batch of one sample has one value per channel, .*set training.batch_size=16 or more, or use layer_norm'
ends 2 1 1 norm.yaml --run-dir one --set training.microbatch_size=1 "${each[@]}"
grep -q 'layer first: a microbatch of one sample .*set `over: batch`' train.log || { fail "microbatches of one"; cat train.log; }
both 0 --set training.microbatch_size=1
untold 'too few to train well'
both 2 --set training.microbatch_size=1 --set data.fields.x.augment='[mixup]'
told 'mixup: a microbatch of one sample has no other sample to mix it with; set training.microbatch_size=2 or more'
both 0 --set training.microbatch_size=2 --set data.fields.x.augment='[mixup]'

# ---- memory: all microbatches of a rank are held at once, whatever training.memory is ----
both 0 --set training.memory=0.02
told 'warning: layer first takes statistics over the whole batch, .*all 4 microbatches of a rank .*more than training.memory'
told 'statistics are taken over the batch: all microbatches of a rank are in memory at the same time, '
both 0 --set training.memory=0.02 --set training.microbatch_size=16
untold 'training.memory \(|in memory at the same time'
wide=(--set training.batch_size=512 --set training.microbatch_size=8 --set training.epochs=1)
looks 2 norm.yaml "${wide[@]}" --node-memory 1500K
grep -q 'memory: .*training.microbatch_size=16 with `over: auto`' check.log || { fail "no remedy for too much memory"; cat check.log; }
looks 0 norm.yaml "${wide[@]}" --node-memory 1500K --set training.microbatch_size=16 --set training.memory=0.1

# ---- NaN reaches every sample of the batch; its origin is reported, on any ranks: an output, and a variance ----
awk 'BEGIN {srand(3); print "a,b,y"; for (i = 0; i < 128; i++) {a = rand(); b = rand()
    if (i == 101) b = 3e38; print a "," b "," a - b}}' >wild.csv
"$program" import csv wild.csv -o wild.h5 >import.log 2>&1 || { cat import.log; fail "import"; }
cat >output.yaml <<'YAML'
data: {file: wild.h5, train: {x: x, y: y}, fields: {x: {normalize: none}, y: {normalize: none}}, shuffle: none}
network:
  - dense: {units: 20, activation: relu}
  - dense: {units: 20, activation: relu}
  - batch_norm: {activation: tanh}
  - dense: {units: 8}
  - batch_norm
  - dense: {units: 1}
loss: mae
training: {epochs: 1, batch_size: 64, microbatch_size: 4}
YAML
grep -v relu output.yaml >variance.yaml
# named CONFIGURATION MESSAGE REPLAY
named() {
    local job message= found
    for job in "1 1" "1 2" "2 1" "3 2" "7 1"; do
        rm -rf wild
        # shellcheck disable=SC2086 # two numbers
        ends 3 $job "$1.yaml" --run-dir wild
        found=$(sed -n 's/^nntrain: \(rank [0-9]* on [^:]*: \)\?//p' train.log)
        : "${message:=$found}"
        [ "$found" = "$message" ] || fail "$1, $job: a different message: $found"
        [ -f "$1.h5" ] || cp wild/nonfinite-2.h5 "$1.h5"
        cmp "$1.h5" wild/nonfinite-2.h5 || fail "$1, $job: a different microbatch is kept"
        "$program" replay wild/nonfinite-2.h5 >replay.log 2>&1 && fail "$1: the replay finds nothing"
        grep -qE "$3" replay.log || { fail "$1: the replay shows a different place"; cat replay.log; }
    done
    grep -q "$2" <<<"$message" || fail "$1: the message reports a different place: $message"
}
named output 'the output of layer dense[12] .* sample 101 ' '^dense[12] .*here first, sample 101$'
named variance 'running statistic of layer batch_norm1 .*microbatch of samples 100, 101, 102, 103 ' '^batch_norm1 .*here first$'

# ---- a rank whose copy of the statistics differs from the others' ----
program=$tools/nntrain_faults
for visit in 2 3; do # forward and backward
    NN_FAULT="step.statistics@$visit/1=flip:40" train 3 1 norm.yaml --run-dir "flipped-$visit" "${short[@]}" --set training.microbatch_size=8
    code=$?
    [ $code = 12 ] && grep -q 'rank 1 on ' train.log || { fail "flipped statistics: exit $code"; cat train.log; }
done
finish
