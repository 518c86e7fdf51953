#!/usr/bin/env bash
# Each mistake gives one message with place and remedy and a non-zero exit code, and leaves no rank running.
source "$(dirname "$0")/common.sh"
classifier

# refused RANKS CODE PATTERN ARGUMENT...: the run ends with CODE and prints PATTERN exactly once
refused() {
    local ranks=$1 code=$2 pattern=$3 found
    shift 3
    timeout 60 env OMP_NUM_THREADS=1 mpirun -n "$ranks" --bind-to none "$program" train "$@" >train.log 2>&1
    found=$?
    [ $found = "$code" ] || { fail "exit $found, not $code: $*"; cat train.log; }
    [ "$(grep -c -E "$pattern" train.log)" = 1 ] || { fail "not once: '$pattern' with $*"; cat train.log; }
}

refused 3 2 'nowhere.yaml' nowhere.yaml
sed 's/metrics:/metrisc:/; s/units: 96/unitz: 96/' classifier.yaml >typo.yaml
refused 3 2 'typo.yaml:[0-9]+:[0-9]+: .*metrisc.*metrics' typo.yaml --run-dir a
grep -q 'typo.yaml:[0-9]*:[0-9]*: .*unitz.*units' train.log || { fail "only one of two mistakes is shown"; cat train.log; }
sed 's/classifier//; s/x: x_train/x: x_trian/' classifier.yaml >dataset.yaml
refused 3 5 'x_trian.*x_train' dataset.yaml --run-dir b
refused 3 5 'nothing.h5' classifier.yaml --run-dir c --set data.file=nothing.h5
refused 16 2 '16 ranks, but .* 9 microbatches' classifier.yaml --run-dir d --set training.microbatch_size=8
refused 3 2 'layer .*|units' classifier.yaml --run-dir e --set network.4.units=3
refused 2 3 'NaN or Inf' classifier.yaml --run-dir f --set optimizer.adam.learning_rate=1e30 --set training.clip_norm=0 \
    --set lr_schedule=constant
refused 2 2 "embedding1: it reads integers .* set data.fields: .x: .kind: index" classifier.yaml --run-dir f \
    --set 'network=[embedding: {symbols: 9, units: 2}, dense: {units: classes}]'
refused 2 2 "embedding1: .* has values up to 16; set .symbols: 17." classifier.yaml --run-dir f --set data.fields.x.kind=index \
    --set 'network=[embedding: {symbols: 9, units: 2}, dense: {units: classes}]'
refused 2 2 'no layer has trainable parameters.*freeze' classifier.yaml --run-dir f \
    --set 'network=[flatten, dense: {units: classes, freeze: true}]'
train 2 1 classifier.yaml --run-dir n --set training.epochs=1 --set 'network=[dense: {units: classes}, activation: softmax]' ||
    fail "an activation before the loss"
grep -q 'activation1 ends the network with an activation' train.log || { fail "no message about softmax"; cat train.log; }
touch file
refused 2 6 'file' classifier.yaml --run-dir file
SLURM_NTASKS=4 SLURM_PROCID=0 "$program" train classifier.yaml --run-dir g >train.log 2>&1 && fail "a world of one rank in a job of 4"
grep -q SLURM_NTASKS train.log || { fail "no message about SLURM_NTASKS"; cat train.log; }

# With many ranks the message is printed every time, and once.
for _ in 1 2 3 4 5; do
    refused 16 2 '^nntrain: 16 ranks, but' classifier.yaml --run-dir d --set training.microbatch_size=8
done
refused 3 2 '^nntrain: .*--bogus' --bogus

# The launcher kills all ranks as soon as one has exited with a failure: none does before the first has said why.
late() {
    local code=$1 pattern=$2 found
    shift 2
    # shellcheck disable=SC2016 # for the shell that mpirun starts
    timeout 60 mpirun -n 3 --bind-to none sh -c '[ $OMPI_COMM_WORLD_RANK != 0 ] || sleep 0.5; exec "$0" "$@"' \
        "$program" "$@" >train.log 2>&1
    found=$?
    [ $found = "$code" ] || { fail "exit $found, not $code, with a late rank: $*"; cat train.log; }
    [ "$(grep -c -E "$pattern" train.log)" = 1 ] || { fail "a late rank: not once: '$pattern' with $*"; cat train.log; }
}
late 2 '^nntrain: .*--bogus' train --bogus
late 2 "^nntrain: unknown command 'trian'" trian
late 2 '^nntrain: train: one configuration' train one.yaml two.yaml
late 2 '^nntrain: .*5 parsecs' train classifier.yaml --time-limit '5 parsecs'
late 2 '^nntrain: eval: give one' eval
late 2 '^nntrain: predict: give a run' predict
late 2 '^nntrain: .*nowhere: no such' eval nowhere
late 6 '^nntrain: .*nowhere.h5' info nowhere.h5
late 2 '^nntrain: nntrain import csv: |^nntrain: import csv|^nntrain: .*give at least one' import csv -o out.h5
# A launcher that does not work with this MPI does not hide what was wrong with the command.
for command in 'train --bogus' 'info nowhere.h5'; do
    # shellcheck disable=SC2086 # several words
    SLURM_NTASKS=2 SLURM_STEP_NUM_TASKS=2 "$program" $command >train.log 2>&1 && fail "$command ends with 0"
    [ "$(grep -c '^nntrain: .*\(--bogus\|nowhere.h5\)' train.log)" = 1 ] || { fail "without MPI: $command"; cat train.log; }
done
# Words that differ from rank to rank: all ranks end.
timeout 60 mpirun -n 1 --bind-to none "$program" train classifier.yaml --run-dir words : \
    -n 2 "$program" train --bogus >train.log 2>&1
found=$?
[ $found = 2 ] || { fail "exit $found, not 2: one rank of three has other words"; cat train.log; }
[ "$(grep -c -E '^nntrain: .*--bogus' train.log)" = 1 ] || { fail "not once: --bogus on two ranks of three"; cat train.log; }

# Every command names itself once in its refusals.
for words in '--bogus' 'a b c' nowhere; do
    for command in $("$program" help | sed -n 's/^nntrain \([a-z]*\) [[A-Z].*/\1/p' | sort -u); do
        [ "$command $words" != 'watch nowhere' ] || continue # it waits for a run that has not begun
        # shellcheck disable=SC2086 # several words
        timeout 60 "$program" "$command" $words >train.log 2>&1 </dev/null && continue
        grep -q -E 'nntrain: (rank .*: )?nntrain' train.log && { fail "two names: $command $words"; cat train.log; }
        commands="${commands:-} $command"
    done
done
[ "$(wc -w <<<"$commands")" -gt 20 ] || fail "only these refuse nonsense:$commands"

# Ranks with different settings do not train together.
timeout 60 mpirun -n 1 "$program" train classifier.yaml --run-dir m : \
    -n 1 "$program" train classifier.yaml --run-dir m --set training.seed=2 >train.log 2>&1
[ $? = 2 ] && grep -q 'different configurations' train.log || { fail "different settings on two ranks"; cat train.log; }

# Additions to the configuration are detected on a resume; a mistake together with --fresh removes nothing.
train 1 1 classifier.yaml --run-dir k --set training.epochs=1 || fail "training"
sed 's/^loss:/  - activation: tanh\nloss:/' classifier.yaml >added.yaml
refused 2 2 'network.5.activation.function: was absent' added.yaml --run-dir k --set training.epochs=2
refused 2 2 'metrics: was accuracy, is now ' classifier.yaml --run-dir k --set training.epochs=2 --set 'metrics=[]'
refused 2 5 'nothing.h5' classifier.yaml --run-dir k --set data.file=nothing.h5 --fresh
[ -f k/best.h5 ] || fail "--fresh removed a run although the new one could not start"

# A damaged newest checkpoint: the previous one is used, with a message.
train 2 1 classifier.yaml --run-dir h --set training.epochs=2 --set lr_schedule=constant || fail "training"
newest=$(ls h/checkpoints | tail -n 1)
size=$(stat -c %s "h/checkpoints/$newest")
truncate -s $((size / 2)) "h/checkpoints/$newest"
train 2 1 classifier.yaml --run-dir h --set training.epochs=3 --set lr_schedule=constant || { fail "no fall-back"; cat train.log; }
grep -q "$newest.*falling back" train.log || { fail "the fallback is not reported"; cat train.log; }
found=$(fingerprint)
train 1 1 classifier.yaml --run-dir i --set training.epochs=3 --set lr_schedule=constant || fail "the undisturbed run"
[ "$found" = "$(fingerprint)" ] || fail "the fallback ends with different bits"
for checkpoint in h/checkpoints/* h/best.h5; do printf x | dd of="$checkpoint" bs=1 seek=5000 conv=notrunc 2>/dev/null; done
refused 2 9 'none of the .* checkpoints is usable' classifier.yaml --run-dir h --set training.epochs=4 --set lr_schedule=constant

# The lease keeps a second job out, and does not outlive a killed first one.
OMP_NUM_THREADS=1 mpirun -n 1 "$program" train classifier.yaml --run-dir j --set training.epochs=100000 >first.log 2>&1 &
launcher=$!
for _ in $(seq 100); do grep -q '^epoch' first.log && break; sleep 0.05; done
refused 2 10 'j is in use by another job' classifier.yaml --run-dir j --set training.epochs=100000
pkill -9 -P $launcher
wait $launcher
train 1 1 classifier.yaml --run-dir j --fresh || { fail "the lease outlives its holder"; cat train.log; }
finish
