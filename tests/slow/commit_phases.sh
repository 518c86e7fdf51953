#!/usr/bin/env bash
# kill -9 of the first rank in each phase of writing a checkpoint, several times, each followed by a resume on another
# number of ranks that is killed in turn: the newest complete checkpoint is never lost, and final bits and metrics equal
# those of an undisturbed run.
source "$(dirname "$0")/common.sh"
faults=$2/tests/nntrain_faults
phases=(commit.{begun,opened,reserved,writing,written,synced,renamed,done} manifest.{due,written})
# A process first commits the manifest, metrics.jsonl and config.yaml; then the manifest after each checkpoint.
# Checkpoints of more than a megabyte are written in several parts.
visits=(1 3 4 5 7)
classifier
settings=(--set training.epochs=20 --set training.peak_seconds=0 --set network.1.dense.units=1400)

train 2 1 classifier.yaml --run-dir whole "${settings[@]}" || { cat train.log; fail "the undisturbed run"; }
reference=$(fingerprint)
kills=0 ranks=1
for visit in "${visits[@]}"; do
    for phase in "${phases[@]}"; do
        before=$(newest_file run)
        what="$phase, visit $visit, $ranks ranks"
        OMP_NUM_THREADS=1 NN_FAULT="$phase@$visit/0=kill" mpirun -n $ranks --bind-to none "$faults" train \
            classifier.yaml --run-dir run "${settings[@]}" >killed.log 2>&1 &
        program=$faults wait_launcher $!
        code=$?
        [ $code = 137 ] || { fail "$what: exit $code, not 137"; cat killed.log; }
        kills=$((kills + 1))
        check_readable run "$what"
        after=$(newest_file run)
        [[ $after > $before || $after = "$before" ]] || fail "$what: $before is lost, the newest is '$after'"
        if [ -n "$before" ]; then grep -q "resuming from .*/$before" killed.log || fail "$what: not resumed from $before"; fi
        if [ "$visit" = 7 ] && [[ $phase = commit.renamed || $phase = commit.done ]] && [ "$after" = "$before" ]; then
            fail "$what: the renamed checkpoint is not there"
        fi
        ranks=$((ranks % 4 + 1))
    done
done
train 5 1 classifier.yaml --run-dir run "${settings[@]}" || { cat train.log; fail "the last resume"; }
check_same run "after $kills kills"
echo "$kills kills in ${#phases[@]} phases, the last from ${after:-nothing}, fingerprint $(fingerprint); mpirun hung $hung_launchers times"
finish
