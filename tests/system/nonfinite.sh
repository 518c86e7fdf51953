#!/usr/bin/env bash
# NaN and Inf while training: the same message, file and outcome on any number of ranks and threads; skipped steps are
# skipped everywhere, across kill and resume too; non-finite weights never reach a checkpoint.
source "$(dirname "$0")/common.sh"
classifier

# says WORDS
says() { grep -q "$1" train.log || { fail "not printed: $1"; cat train.log; }; }

# replays CODE WORDS ARGUMENT...
replays() {
    local code=$1 words=$2 found
    shift 2
    "$program" replay "$@" >replay.log 2>&1
    found=$?
    [ $found = "$code" ] || { fail "replay $*: exit $found, not $code"; cat replay.log; }
    grep -q "$words" replay.log || { fail "replay $*: not printed: $words"; cat replay.log; }
}

# table NAME AWK: 300 rows of three inputs and a target, some of them modified
table() {
    awk 'BEGIN {srand(3); print "a,b,c,y"; for (i = 0; i < 300; i++) {
        a = rand(); b = rand(); c = rand(); y = a - 2 * b + c * c; '"$2"'; print a "," b "," c "," y}}' >"$1.csv"
    "$program" import csv "$1.csv" -o "$1.h5" >import.log 2>&1 || { fail "the import of $1"; cat import.log; }
}

# regression_on NAME NETWORK TRAINING...: on the table of that name
regression_on() {
    { echo "data: {file: $1.h5, train: {x: x, y: y}, fields: {x: {normalize: none}, y: {normalize: none}}}"
      echo "network: [$2]"
      printf '%s\n' "${@:3}"; } >"$1.yaml"
}

# ---- stop: the message names layer, sample and row, and the file replays ----
diverging=(--set optimizer.adam.learning_rate=1e30 --set training.clip_norm=0 --set checkpoint.every='1 epoch')
for job in "1 1" "1 2" "2 1" "3 2"; do
    # shellcheck disable=SC2086 # two numbers
    ends 3 $job classifier.yaml --run-dir stop "${diverging[@]}"
    message=$(sed -n 's/^nntrain: \(rank [0-9]* on [^:]*: \)\?//p' train.log)
    : "${reference:=$message}"
    [ "$message" = "$reference" ] || fail "$job: a different message: $message"
    [ -f first.h5 ] || cp stop/nonfinite-2.h5 first.h5
    cmp first.h5 stop/nonfinite-2.h5 || fail "$job: the file differs"
done
echo "$reference"
[ -n "$reference" ] || fail "there is no message"
layer=$(sed -n 's/^step 2: the output of layer \([a-z0-9]*\) is NaN or Inf for sample [0-9]* .*row [0-9]* of .*/\1/p' <<<"$reference")
[ -n "$layer" ] || fail "the message names no layer, sample and row"
replays 3 "^$layer .*here first" stop/nonfinite-2.h5
replays 0 'all values are finite' stop/nonfinite-2.h5 --precision float64
replays 9 'not a checkpoint' classifier.yaml
"$program" info stop/nonfinite-2.h5 >info.log 2>&1 && grep -q '^kind: nonfinite' info.log || { fail "info"; cat info.log; }

# A file that cannot be written is a warning.
mkdir -p unwritable/nonfinite-2.h5.nntrain.tmp
ends 3 2 1 classifier.yaml --run-dir unwritable "${diverging[@]}"
says 'warning: the microbatch with NaN or Inf could not be kept'
says "the output of layer $layer is NaN or Inf"

# ---- skip: samples that overflow forward, backward, in a running statistic, and as a target ----
table wild 'if (i == 37 || i == 211) a = 3e38; if (i == 120) y = 3e38; if (i == 250) c = 2e25'
regression_on wild 'dense: {units: 40, activation: relu}, batch_norm, dense: {units: 8, activation: tanh}, dense: {units: 1}' \
    'loss: mse' 'metrics: [mae]' 'optimizer: {adam: {learning_rate: 0.01}}' \
    'training: {epochs: 4, batch_size: 32, microbatch_size: 2, on_nonfinite: skip, average: 0.9, peak_seconds: 0}' \
    'checkpoint: {every: 3 steps, keep_last: 2}'
ends 0 1 1 wild.yaml --run-dir wild
expected=$(fingerprint)
echo "skip: $expected, $(grep -c '"skipped":' wild/metrics.jsonl) epochs with skipped steps, $(cd wild && echo nonfinite-*)"
[ "$(grep -c '"skipped":' wild/metrics.jsonl)" = 4 ] || fail "the skipped steps are not counted"
[ "$(find wild -name 'nonfinite-*.h5' | wc -l)" = 3 ] || fail "not three files are kept"
grep -q 'null' wild/metrics.jsonl && fail "a skipped step is part of the metrics"
says 'of 10 steps skipped'
says 'the output of layer dense1'
says 'the gradient or a running statistic of layer batch_norm1'
for job in "1 2" "2 2" "3 1" "7 1"; do
    # shellcheck disable=SC2086 # two numbers
    ends 0 $job wild.yaml --run-dir other --fresh
    [ "$(fingerprint)" = "$expected" ] || fail "skip on $job: $(fingerprint), not $expected"
    [ "$(times_aside other)" = "$(times_aside wild)" ] || fail "skip on $job: other metrics"
    for file in wild/nonfinite-*.h5; do
        cmp "$file" "other/${file#wild/}" || fail "skip on $job: ${file#wild/} differs"
    done
done
# Optimizers that measure tensors do so before a step is known to be skipped.
for optimizer in lars lamb; do
    ends 0 2 1 wild.yaml --run-dir "$optimizer" --set optimizer="{$optimizer: {learning_rate: 0.01}}"
    [ "$(grep -c '"skipped":' "$optimizer/metrics.jsonl")" = 4 ] || fail "$optimizer skips no steps"
done
ends 0 2 1 wild.yaml --run-dir other --fresh --set data.cache=stream
[ "$(fingerprint)" = "$expected" ] || fail "skip from a stream: $(fingerprint), not $expected"
for file in wild/nonfinite-*.h5; do replays 3 'here first' "$file"; done
newest=$(find wild/checkpoints -name 'step-*.h5' | tail -n 1)
replays 2 'is not a file of a step with NaN or Inf' "$newest"

# Killed while steps are skipped, and resumed on other ranks.
long=(--set training.epochs=150)
ends 0 2 1 wild.yaml --run-dir long "${long[@]}"
expected=$(fingerprint)
OMP_NUM_THREADS=1 mpirun -n 3 --bind-to none "$program" train wild.yaml --run-dir killed "${long[@]}" >killed.log 2>&1 &
kill_a_rank $! || echo "no rank was killed: the run was over before"
wait $!
ends 0 2 2 wild.yaml --run-dir killed "${long[@]}"
[ "$(fingerprint)" = "$expected" ] || fail "skip over a kill: $(fingerprint), not $expected"
[ "$(times_aside killed)" = "$(times_aside long)" ] || fail "skip over a kill: other metrics"

# A stopped run continues with skip; state carried by layers does not spoil later steps.
table carried 'if (i == 37 || i == 150 || i == 211) {a = 3e38; b = 3e38; c = 3e38}'
regression_on carried 'rnn: {units: 5, carry: true, activation: relu}, dense: {units: 1}' 'loss: mse' \
    'training: {epochs: 2, batch_size: 4, microbatch_size: 1, last_batch: drop, peak_seconds: 0}' \
    'checkpoint: {every: 1 step}'
carried=(--set data.shuffle=stateful --set data.window.length=4 --set data.window.stride=4)
ends 3 1 1 carried.yaml --run-dir carried "${carried[@]}"
says 'training.on_nonfinite=skip'
says 'the last good checkpoint is from step 1$'
ends 0 2 1 carried.yaml --run-dir carried "${carried[@]}" --set training.on_nonfinite=skip
expected=$(fingerprint)
[ "$(grep -c '"skipped":3' carried/metrics.jsonl)" = 2 ] || { fail "carried state: not 3 steps"; times_aside carried; }
ends 0 3 2 carried.yaml --run-dir carried --fresh "${carried[@]}" --set training.on_nonfinite=skip
[ "$(fingerprint)" = "$expected" ] || fail "carried state: $(fingerprint), not $expected"

# ---- the limit: weights that give only NaN do not replace better ones ----
ends 3 2 1 wild.yaml --run-dir limit --set optimizer.adam.learning_rate=1e30 --set training.nonfinite_limit=4 \
    --set checkpoint.every='1 step' --set lr_schedule=constant
says '4 consecutive steps would now be skipped'
[ "$(find limit/checkpoints -name 'step-*' | wc -l)" = 1 ] || { fail "the limit: other checkpoints"; ls limit/checkpoints; }
[ "$(find limit -name 'nonfinite-*.h5' | wc -l)" = 3 ] || fail "the limit: not three files"

# ---- weights that an update makes Inf ----
table burst 'c = i == 120 ? 1e38 : 0'
regression_on burst 'dense: {units: 1}' 'loss: mae' 'optimizer: {sgd: {learning_rate: 1000}}' 'lr_schedule: constant' \
    'training: {epochs: 2, batch_size: 32, microbatch_size: 2, peak_seconds: 0}' 'checkpoint: {every: 1 step}'
for ranks in 1 3; do
    ends 3 $ranks 1 burst.yaml --run-dir burst$ranks
    says 'made weights of layer dense1 NaN or Inf: they are not saved'
done
last=$(sed -n 's/.*the last good checkpoint is from step \([0-9]*\).*/\1/p' train.log)
newest=$(find burst3/checkpoints -name 'step-*.h5' | sort | tail -n 1)
[ "$newest" = "$(printf 'burst3/checkpoints/step-%010d.h5' "${last:-0}")" ] || fail "$newest is not of step $last"
"$program" eval "$newest" >eval.log 2>&1 && ! grep -qi nan eval.log || { fail "the last good checkpoint"; cat eval.log; }
ends 3 2 1 burst.yaml --run-dir later --set checkpoint.every='1 epoch' --set training.on_nonfinite=skip
says 'the weights of layer dense1 are NaN or Inf, and so is its output'
[ -z "$(find later/checkpoints -name 'step-*')" ] || fail "a checkpoint holds weights that are not finite"

# ---- finite weights, and a validation part that overflows ----
table good ''
regression_on good 'dense: {units: 40, activation: relu}, dense: {units: 1}' 'loss: mse' 'training: {epochs: 3}'
for ranks in 1 2; do
    ends 0 $ranks 1 good.yaml --run-dir valid$ranks --set data.validation.file=carried.h5 --set data.validation.x=x \
        --set data.validation.y=y
    [ "$(grep -c 'not kept as best weights' train.log)" = 1 ] || { fail "a validation loss of NaN is not reported once"; cat train.log; }
    [ -e valid$ranks/best.h5 ] && fail "NaN has made best weights"
done
[ "$(times_aside valid1)" = "$(times_aside valid2)" ] || fail "a validation loss of NaN: other metrics"
grep -q '"validation":{"loss":null' valid1/metrics.jsonl || fail "a validation loss of NaN is not null"
finish
