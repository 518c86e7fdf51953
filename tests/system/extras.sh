#!/usr/bin/env bash
# Beyond plain steps: optimizers that measure tensors, averaged weights, early stopping, a schedule that observes
# metrics, weights of another run. The same bits on any number of ranks, and after kills.
source "$(dirname "$0")/common.sh"
classifier
extras=(--set 'optimizer={lamb: {learning_rate: 0.01}}' --set training.average=0.98 --set training.clip_norm=-1
        --set training.clip_value=0.1 --set training.epochs=200 --set training.peak_seconds=0
        --set 'lr_schedule={reduce_on_plateau: {patience: 3 epochs, factor: 0.5}}'
        --set 'training.early_stopping={patience: 25 epochs, min_change: 0.001}')
figures() { grep '^test, best weights' train.log; }

# Any number of ranks.
for ranks in 1 2 3; do
    train $ranks 2 classifier.yaml --run-dir "whole-$ranks" "${extras[@]}" || { cat train.log; fail "$ranks ranks"; }
    : "${reference:=$(fingerprint)}" "${best:=$(figures)}"
    [ -n "$reference" ] && [ "$(fingerprint)" = "$reference" ] || fail "$ranks ranks: $(fingerprint), not $reference"
    [ "$(figures)" = "$best" ] || fail "$ranks ranks: $(figures), not $best"
    [ "$(times_aside whole-$ranks)" = "$(times_aside whole-1)" ] || fail "$ranks ranks: other metrics"
done
echo "uninterrupted: $reference, $best"
grep -q 'stopped early after epoch [0-9]* of 200' train.log || { fail "not stopped early"; cat train.log; }
rates=$(sed 's/.*"learning_rate":\([^,]*\).*/\1/' whole-1/metrics.jsonl | sort -u | wc -l)
[ "$rates" -gt 2 ] || fail "$rates learning rates: the plateaus were not seen"

# Killed twice, on different numbers of ranks.
seed=${NN_KILL_SEED:-$(date +%N | sed 's/^0*//')}
echo "seed $seed"
RANDOM=$((seed % 32768))
kills=0
for ranks in 2 3 1 2; do
    OMP_NUM_THREADS=1 mpirun -n $ranks --bind-to none "$program" train classifier.yaml --run-dir killed \
        "${extras[@]}" >killed.log 2>&1 &
    kill_a_rank $! && kills=$((kills + 1))
    wait $!
done
[ "$kills" -gt 0 ] || fail "no rank was killed: the run is too short"
train 1 1 classifier.yaml --run-dir killed "${extras[@]}" || { cat train.log; fail "the last resume"; }
[ "$(fingerprint)" = "$reference" ] || fail "after $kills kills: $(fingerprint), not $reference"
[ "$(figures)" = "$best" ] || fail "after $kills kills: $(figures), not $best"
[ "$(times_aside killed)" = "$(times_aside whole-1)" ] || fail "metrics.jsonl differs after the kills"

# A run stopped early stays stopped until patience is raised. eval uses the averaged weights too.
epochs=$(wc -l <killed/metrics.jsonl)
train 2 1 classifier.yaml --run-dir killed "${extras[@]}" || fail "a finished run ends with $?"
grep -q 'the run is finished.*patience' train.log || { fail "the run is not finished"; cat train.log; }
[ "$(fingerprint)" = "$reference" ] || fail "the finished run continued"
mpirun -n 2 --bind-to none "$program" eval killed >eval.log 2>&1 || { cat eval.log; fail "eval"; }
grep -qF "${best#*: }" eval.log || { fail "eval differs from $best"; cat eval.log; }
train 2 1 classifier.yaml --run-dir killed "${extras[@]}" --set 'training.early_stopping.patience=26 epochs' ||
    fail "more patience ends with $?"
[ "$(wc -l <killed/metrics.jsonl)" -gt "$epochs" ] || fail "the run did not continue with more patience"

# The state of every optimizer and schedule is saved: stopped after one epoch, resumed on another number of ranks.
names() { "$program" help "$1" | sed -n 's/^  \([a-z_]*\)  .*/\1/p'; }
check_resume() { # NAME SETTING...
    local name=$1
    shift
    local settings=("$@" --set training.clip_norm=-1 --set training.peak_seconds=0)
    train 2 1 classifier.yaml --run-dir "$name-whole" "${settings[@]}" --set training.epochs=2 ||
        { cat train.log; fail "$name"; }
    local whole
    whole=$(fingerprint)
    train 3 1 classifier.yaml --run-dir "$name-resumed" "${settings[@]}" --set training.epochs=1 || fail "$name"
    train 1 1 classifier.yaml --run-dir "$name-resumed" "${settings[@]}" --set training.epochs=2 || fail "$name"
    [ -n "$whole" ] && [ "$(fingerprint)" = "$whole" ] || fail "$name resumed: $(fingerprint), not $whole"
    rm -rf "$name-whole" "$name-resumed"
}
optimizers=$(names optimizers)
[ "$(wc -w <<<"$optimizers")" -ge 9 ] || fail "the optimizers are: $optimizers"
for optimizer in $optimizers; do check_resume "$optimizer" --set optimizer=$optimizer --set lr_schedule=constant; done
check_resume rmsprop_all --set 'optimizer={rmsprop: {centered: true, momentum: 0.9}}' --set lr_schedule=constant
train 3 1 classifier.yaml --run-dir mpi "${extras[@]}" --set training.allreduce=mpi --set training.epochs=3 ||
    { cat train.log; fail "allreduce: mpi"; }
train 2 1 classifier.yaml --run-dir refused --set optimizer=lamb
[ $? = 2 ] && grep -q 'clip_norm: cannot be used with lamb' train.log || { fail "lamb takes clip_norm"; cat train.log; }

# Weights of another run: the averaged ones, if names and shapes agree.
sed -e 's/units: 64/units: 63/' -e 's/units: classes/units: classes, name: head/' classifier.yaml >other.yaml
printf 'init_from: {run: killed}\n' >>other.yaml
for ranks in 1 3; do
    train $ranks 1 other.yaml --run-dir "other-$ranks" || { cat train.log; fail "init_from"; }
    grep -q '2 of 6 tensors are taken' train.log && grep -q 'taken: dense1.weight, dense1.bias' train.log &&
        grep -q 'of another shape there: dense2.weight (96 x 64 there, 96 x 63 here), dense2.bias' train.log &&
        grep -q 'not there: head.weight, head.bias' train.log || { fail "the report"; cat train.log; }
    : "${other:=$(fingerprint)}"
    [ "$(fingerprint)" = "$other" ] || fail "init_from on $ranks ranks: $(fingerprint), not $other"
done
train 1 1 other.yaml --run-dir other-1 --set training.epochs=4 || fail "a resume"
grep -q 'init_from' train.log && fail "a resume starts with the weights of another run"
train 1 1 other.yaml --run-dir none --set 'init_from.exclude=[dense1]'
[ $? = 2 ] && grep -q 'has no weights for this network' train.log || { fail "nothing matches"; cat train.log; }
train 1 1 other.yaml --run-dir none --set 'init_from.exclude=[dens]'
[ $? = 2 ] && grep -q "there is no layer 'dens'" train.log || { fail "an unknown layer"; cat train.log; }

# A frozen layer keeps its initial weights; a layer with a different learning-rate factor trains differently.
find_python
sed 's/activation: relu}/activation: relu, freeze: true}/' other.yaml >frozen.yaml
train 2 1 frozen.yaml --run-dir frozen || { cat train.log; fail "freeze"; }
frozen=$(fingerprint)
train 1 1 frozen.yaml --run-dir slower --set network.head.learning_rate_factor=0.1 || { cat train.log; fail "factor"; }
[ "$(fingerprint)" != "$frozen" ] || fail "a layer's factor on the learning rate changes nothing"
if [ -n "$python" ]; then
    "$python" -c "
import h5py, numpy
source, frozen = h5py.File('killed/best.h5'), h5py.File('frozen/best.h5')
same = lambda name: numpy.array_equal(source['average/' + name], frozen['weights/' + name])
assert same('dense1/weight') and same('dense1/bias'), 'a frozen layer has changed'
" 2>python.log || { fail "freeze: $(tail -n 1 python.log)"; }
fi

# Default clipping of some networks, and what needs a validation part.
sed -e '/- flatten/d' -e 's/- dense: {units: 96, activation: relu}/- lstm: {units: 8}/' \
    -e 's/- dropout: 0.3/- flatten/' -e 's/, clip_norm: 0.5//' classifier.yaml >recurrent.yaml
train 1 1 recurrent.yaml --run-dir recurrent --set training.epochs=1 || { cat train.log; fail "recurrent"; }
grep -q 'clipped at norm 1, as usual with lstm' train.log || { fail "no message about clipping"; cat train.log; }
grep -v validation: classifier.yaml >blind.yaml
train 1 1 blind.yaml --run-dir blind --set training.early_stopping.patience='3 epochs'
[ $? = 2 ] && grep -q 'data.split.validation' train.log || { fail "early stopping without metrics"; cat train.log; }
finish
