#!/usr/bin/env bash
# A finished run with more or fewer epochs: one line reports the effect on the learning rate, which follows
# lr_schedule.*.extend, and the bits depend on neither ranks nor kills.
source "$(dirname "$0")/common.sh"
cat >run.yaml <<YAML
data: {file: $digits/digits.h5, train: {x: x_train, y: y_train}, validation: {x: x_valid, y: y_valid}}
network: [flatten, dense: {units: 16, activation: relu}, dense: {units: classes}]
loss: cross_entropy
optimizer: {adam: {learning_rate: 0.002}}
training: {epochs: 2, batch_size: 256, microbatch_size: 16, peak_seconds: 0, early_stopping: {patience: 5}}
YAML
rates() { sed -n 's/.*"learning_rate":\([^,]*\),.*/\1/p' "$1/metrics.jsonl" | tr '\n' ' '; }
says() { grep -q -E -e "$1" train.log || { fail "no message about '$1'"; cat train.log; }; }
says_not() { grep -q -E -e "$1" train.log && { fail "'$1' is said"; cat train.log; }; }
# longer DIRECTORY RANKS ARGUMENT...: continues the run of 2 epochs to 4
longer() {
    local directory=$1 ranks=$2
    shift 2
    rm -rf "$directory" && cp -r two "$directory" && train "$ranks" 1 run.yaml --run-dir "$directory" --set training.epochs=4 "$@"
}

train 2 1 run.yaml --run-dir two || { fail "a run of 2 epochs"; cat train.log; }
steps=$(sed -n 's/.*; \([0-9]*\) steps per epoch, .*/\1/p' train.log)

longer stretched 1 || { fail "stretched"; cat train.log; }
says 'warning: training.epochs was 2 and is now 4: the learning-rate schedule is stretched .* the rate was .* and is now .*extend'
train 1 1 run.yaml --run-dir four --set training.epochs=4 || fail "a run of 4 epochs"
[ "$(rates stretched | cut -d' ' -f3-4)" = "$(rates four | cut -d' ' -f3-4)" ] || fail "not the rates of 4 epochs: $(rates stretched)"

longer held 3 --set lr_schedule.cosine.extend=hold || { fail "held"; cat train.log; }
says 'training.epochs was 2 and is now 4: the learning.rate .*is held'
awk -v all="$(rates held)" 'BEGIN { split(all, r, " "); exit !(r[2] == r[3] && r[3] == r[4]) }' || fail "not held: $(rates held)"
sum=$(fingerprint)
longer held 1 --set lr_schedule.cosine.extend=hold --set training.threads=2
[ "$(fingerprint)" = "$sum" ] || fail "held: $(fingerprint) on 1 rank, $sum on 3"

longer again 2 --set lr_schedule.cosine.extend=restart || { fail "restarted"; cat train.log; }
says '^training.epochs was 2 and is now 4: the learning-rate schedule restarts: the rate was .* and is now 0.002;'
awk -v all="$(rates again)" 'BEGIN { split(all, r, " "); exit !(r[1] == r[3] && r[2] == r[4]) }' || fail "no new cycle: $(rates again)"
sum=$(fingerprint)
# In two jobs: stopped within the new cycle, and continued as the checkpoint says, without another message.
rm -rf again && cp -r two again
"$program" train run.yaml --run-dir again --set training.epochs=4 --set lr_schedule.cosine.extend=restart --set checkpoint.every='1 step' >train.log 2>&1 &
job=$!
for _ in $(seq 400); do [ "$(ls again/checkpoints | tail -1)" \> "$(printf 'step-%010d.h5' $((2 * steps + 1)))" ] && break; sleep 0.02; done
kill -9 $job
wait $job 2>/dev/null
train 3 1 run.yaml --run-dir again --set training.epochs=4 --set lr_schedule.cosine.extend=restart || fail "after a kill"
says_not 'schedule restarts'
[ "$(fingerprint)" = "$sum" ] || fail "restarted: $(fingerprint) after a kill, $sum without"

# A schedule in epochs does not depend on the run's length, nor does a warm-up longer than the run: the bits are those
# of the longer run, without a message.
for schedule in 'exponential: {every: 10 epochs}' 'cosine: {warmup: 8 epochs}' 'constant: {extend: hold}'; do
    rm -rf epochs whole
    for epochs in 2 4; do
        train 2 1 run.yaml --run-dir epochs --set "lr_schedule={$schedule}" --set training.epochs=$epochs
    done
    says_not 'schedule (is|restarts)'
    sum=$(fingerprint)
    train 1 1 run.yaml --run-dir whole --set "lr_schedule={$schedule}" --set training.epochs=4
    [ "$(fingerprint)" = "$sum" ] || fail "$schedule: not the bits of 4 epochs at once"
done

# A run stopped early does not continue with more epochs, but with more patience.
early=(--run-dir early --set 'training.early_stopping={patience: 1, min_change: 1e9}')
train 1 1 run.yaml "${early[@]}" --set training.epochs=6 || fail "a run that stops early"
train 1 1 run.yaml "${early[@]}" --set training.epochs=8 || fail "more epochs after stopping early"
says 'the run is finished: it stopped early after epoch 2 of 8; raise training.early_stopping.patience'
says_not 'schedule is'
"$program" check run.yaml "${early[@]}" >train.log 2>&1
says "$((2 * steps)) of them are done, and the run stopped early: the job has nothing to do"

# Fewer epochs than already done.
train 1 1 run.yaml --run-dir four --set training.epochs=1 || fail "exit $? with fewer epochs"
says "$((4 * steps)) steps are done, more than the $steps steps of training.epochs: 1"
says 'the run is finished: 4 epochs are done, training.epochs is 1'
says_not 'schedule is'
finish
