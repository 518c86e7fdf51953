#!/usr/bin/env bash
# Validations and lines of metrics.jsonl by step, and best weights by several results: the same on any number of ranks
# and threads, and after kills at several instants of an epoch and of a save; norms as the checkpoints have them.
source "$(dirname "$0")/common.sh"
faults=$2/tests/nntrain_faults
classifier
settings=(--set training.epochs=3 --set training.peak_seconds=0 --set training.validate_every='5 steps'
    --set logging='{every: 4 steps, norms: true}' --set metrics='[accuracy, f1]' --set checkpoint.best='[f1, loss, accuracy]'
    --set optimizer.adam.learning_rate=0.03)

# bests RUN: the files of best weights, with their steps and fingerprints, as `nntrain info` shows them
bests() {
    "$program" info "$1" | sed -n 's/, intact, [^,]*//; /^ *best[-:]/p; /^      best /p'
}

# same RUN WHAT: it ended as `whole` did
same() {
    [ "$(fingerprint)" = "$reference" ] || { fail "$2: $(fingerprint), not $reference"; cat train.log; }
    [ "$(times_aside "$1")" = "$(times_aside whole)" ] ||
        { fail "$2: metrics.jsonl differs"; diff <(times_aside "$1") <(times_aside whole); }
    [ "$(bests "$1")" = "$(bests whole)" ] || { fail "$2: best weights differ"; diff <(bests "$1") <(bests whole); }
    "$program" verify "$1" >log 2>&1 || { fail "$2: verify"; cat log; }
}

# ---- what a run writes ----
train 1 2 classifier.yaml --run-dir whole "${settings[@]}" || { cat train.log; fail "the undisturbed run"; }
reference=$(fingerprint)
bests whole
[ "$(grep -c '^{"line":"step"' whole/metrics.jsonl)" = 13 ] || fail "not 13 lines by step"
[ "$(grep -c '^{"line":"validation"' whole/metrics.jsonl)" = 10 ] || fail "not 10 validations within epochs"
[ "$(grep -c '^{"epoch":' whole/metrics.jsonl)" = 3 ] || fail "not 3 lines of epochs"
grep -q '^step 10/54: validation loss' train.log || fail "no line for people of the validation after step 10"
grep -q 'the last validation is after step 50 of 54' train.log || fail "no warning of steps without validation"
[ "$(grep -c ' best\.h5$\| best-[a-z0-9]*\.h5$' <(sed 's/ size.*//; s/^best$/ best.h5/; s/^best-/ &/' whole/manifest))" = 3 ] ||
    fail "the manifest does not list three files of best weights"
[ "$("$program" info whole | grep '      best \(loss\|accuracy\)' | sed 's/.*step //' | sort -u | wc -l)" = 2 ] ||
    fail "the best weights by loss and by accuracy are of the same step: the test shows little"
run eval whole/best-loss.h5
said "whole/best-loss.h5: 360 samples of the test part"
run info whole --json
grep -q '"other_best":\[{"path":"whole/best-accuracy.h5"' log || fail "info --json lacks the other best weights"
run info whole/checkpoints/step-0000000054.h5
said "epochs: 3"

# ---- ranks and kills ----
train 16 1 classifier.yaml --run-dir wide "${settings[@]}" || { cat train.log; fail "16 ranks"; }
same wide "16 ranks"
ranks=3
for place in step.share@9/1 step.claim@7/0 commit.renamed@9/0 manifest.due@6/0; do
    NN_FAULT=$place=kill OMP_NUM_THREADS=1 mpirun -n $ranks --bind-to none "$faults" train classifier.yaml \
        --run-dir killed "${settings[@]}" >killed.log 2>&1 &
    program=$faults wait_launcher $!
    code=$?
    [ $code = 137 ] || { fail "$place on $ranks ranks: exit $code, not 137"; cat killed.log; }
    if [ $place = step.share@9/1 ]; then
        grep -q '"line":"step","step":8,' killed/metrics.jsonl || fail "the line of step 8 is not there to be cut off"
        [ "$(ls killed/checkpoints | tail -n 1)" = step-0000000006.h5 ] || fail "step 6 is not the last that is saved"
    fi
    ranks=$((ranks % 4 + 1))
done
train 7 2 classifier.yaml --run-dir killed "${settings[@]}" || { cat train.log; fail "the last resume"; }
grep -q 'resuming from' train.log || fail "not resumed"
same killed "after kills"

# A checkpoint with parts by node, killed while best weights are written.
sharded=(--run-dir shards "${settings[@]}" --set checkpoint.shard_size=0.0625)
NN_FAULT=comm.node_size=value:1,shards.complete@7/0=kill OMP_NUM_THREADS=1 mpirun -n 2 --bind-to none "$faults" train \
    classifier.yaml "${sharded[@]}" >killed.log 2>&1 &
program=$faults wait_launcher $! && fail "the run with shards was not killed"
NN_FAULT=comm.node_size=value:1 program=$faults train 3 1 classifier.yaml "${sharded[@]}" || { cat train.log; fail "shards"; }
[ "$(ls shards/checkpoints | grep -c shard)" -gt 0 ] || fail "no shards"
same shards "shards"

# What is not listed any more goes with --fresh, and with it the other best weights.
run train classifier.yaml --run-dir wide --fresh --set training.epochs=1
[ "$(cd wide && echo best*)" = best.h5 ] || fail "after --fresh: $(ls wide)"

# ---- early stopping and the schedule count validations ----
run train classifier.yaml --run-dir early "${settings[@]}" --set lr_schedule='{reduce_on_plateau: {patience: 0, threshold: 1}}' \
    --set training.early_stopping='{patience: 2, min_change: 1e9}' --set checkpoint.best=accuracy
said 'stopped early after step 15 of 54: the validation result has not improved for 2 validations'
said 'test, best weights (step 15)'
grep -q '"step":8,"steps":4,"learning_rate":0.029999999999999999,' early/metrics.jsonl || fail "the rate at step 8"
grep -q '"step":12,"steps":4,"learning_rate":0.0030000000000000001,' early/metrics.jsonl || fail "the rate at step 12"

# ---- norms, against the weights in checkpoints ----
find_python
if [ -n "$python" ]; then
    run train classifier.yaml --run-dir norms --set optimizer='{sgd: {learning_rate: 0.1, momentum: 0}}' --set lr_schedule=constant \
        --set training='{epochs: 1, limit_batches: 3, batch_size: 72, microbatch_size: 4}' --set logging='{every: 1 step, norms: true}' \
        --set checkpoint.every='1 step'
    "$python" - "$source_folder/scripts/python" <<'PYTHON' || fail "norms, or the lines that nntrain.py reads"
import json, sys
import h5py, numpy
sys.path.insert(0, sys.argv[1])
import nntrain
def weights(step):
    with h5py.File(f'norms/checkpoints/step-{step:010}.h5') as file:
        return {layer: numpy.concatenate([numpy.array(d, dtype='f8').ravel() for d in group.values()])
                for layer, group in file['weights'].items()}
old, new = weights(2), weights(3)
line = nntrain.metrics('norms', 'step')[-1]
total = 0
for layer, norms in line['norms'].items():
    update = numpy.linalg.norm(new[layer] - old[layer])
    assert abs(norms['weights'] - numpy.linalg.norm(new[layer])) < 1e-6 * norms['weights'], layer
    assert abs(norms['update'] - update) < 1e-5 * update, layer
    assert abs(norms['gradient'] - update / line['learning_rate']) < 1e-4 * norms['gradient'], layer
    total += norms['gradient'] ** 2
assert set(line['norms']) == set(new), line['norms']
assert abs(line['gradient_norm'] - total ** 0.5) < 1e-7 * total ** 0.5
losses = [l['loss'] for l in nntrain.metrics('norms', 'step')]
epoch = nntrain.metrics('norms')[0]
assert abs(sum(losses) / 3 - epoch['train']['loss']) < 1e-12, (losses, epoch)
assert [len(nntrain.metrics('whole', kind)) for kind in ('epoch', 'step', 'validation', 'all')] == [3, 13, 10, 26]
PYTHON
fi

# ---- mistakes ----
program_refuses 2 "at most 8 are possible" train classifier.yaml --set 'checkpoint.best=[loss, a, b, c, d, e, f, g, h]'
program_refuses 2 "'loss' and 'y.loss' are the same result" train classifier.yaml --set 'checkpoint.best=[loss, y.loss]'
program_refuses 2 "set logging.every too" train classifier.yaml --set logging.norms=true
program_refuses 2 "must be a whole number of steps or epochs" train classifier.yaml --set 'training.validate_every=10%'
program_refuses 2 "counts validations, and training.validate_every is not one per epoch" train classifier.yaml \
    --set 'training.validate_every=2 epochs' --set 'training.early_stopping.patience=3 epochs'
run check classifier.yaml --set 'training.validate_every=900 steps' --set 'logging.every=1000 steps'
said "it is never validated"
said "no step is logged"
finish
