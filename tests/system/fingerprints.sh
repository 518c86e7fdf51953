#!/usr/bin/env bash
# The promise: the same bits on any number of ranks and threads. Fails when any fingerprint differs from the first.
source "$(dirname "$0")/common.sh"
classifier
regression
heads
use_engine ./*.yaml
for name in classifier regression heads; do
    reference=
    figures=
    for ranks in ${NN_TEST_RANKS:-1 2 3 4 5 7 8 16}; do
        for threads in 1 2; do
            train $ranks $threads $name.yaml --run-dir "run-$ranks-$threads" --fresh ||
                { fail "$name on $ranks ranks x $threads threads ended with $?"; cat train.log; }
            found=$(fingerprint)
            : "${reference:=$found}"
            echo "$name $ranks ranks x $threads threads: $found"
            [ -n "$found" ] && [ "$found" = "$reference" ] || fail "$name on $ranks x $threads: $found, not $reference"
            found=$(sed 's/,"time".*//' "run-$ranks-$threads/metrics.jsonl" | md5sum; grep '^test' train.log)
            : "${figures:=$found}"
            [ "$found" = "$figures" ] || fail "$name on $ranks x $threads: different results"
        done
    done
    rm -rf run-*
    # It also holds for waves of few microbatches and for double precision.
    train 1 1 $name.yaml --run-dir waves --set training.memory=0.001
    [ "$(fingerprint)" = "$reference" ] || fail "$name in small waves: $(fingerprint)"
    train 1 2 $name.yaml --run-dir double-1 --set training.precision=float64
    double=$(fingerprint)
    train 3 1 $name.yaml --run-dir double-3 --set training.precision=float64
    [ -n "$double" ] && [ "$(fingerprint)" = "$double" ] || fail "$name in float64: $(fingerprint), not $double"
    [ "$double" != "$reference" ] || fail "$name: float64 has the bits of float32"
    rm -rf waves double-*
done
finish
