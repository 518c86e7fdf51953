#!/usr/bin/env bash
# The ranks of a NUMA domain have one copy of the weights, which their owners update in place. Any division of ranks
# into domains, and any delay of a rank before it lets others write, before it says that it has written, or while it
# evaluates or saves, ends with the same fingerprint.
tools=$(realpath "$2")/tests
source "$(dirname "$0")/common.sh"
program=$tools/nntrain_faults
classifier
settings=(--set training.peak_seconds=0 --set training.epochs=3 --set training.verify_every=3 --set training.average=0.9)
run=0

# same RANKS THREADS FAULTS: the run ends with the fingerprint of the first one
same() {
    run=$((run + 1))
    NN_FAULT=$3 train "$1" "$2" classifier.yaml --run-dir "run-$run" "${settings[@]}" ||
        { cat train.log; fail "$1 ranks x $2 threads, $3"; return; }
    [ -n "${reference:-}" ] || reference=$(fingerprint)
    [ "$(fingerprint)" = "$reference" ] || fail "$1 ranks x $2 threads, $3: $(fingerprint), not $reference"
}

same 1 1 ""
for ranks in 2 3 4 7; do
    for threads in 1 2; do
        same $ranks $threads ""
    done
done
two=comm.domain/1=value:1,comm.domain/3=value:1,comm.domain/5=value:1
four=comm.domain/0=value:1,comm.domain/1=value:2,comm.domain/2=value:3,comm.domain/3=value:4
same 2 1 "$two"
same 4 1 "$two"
same 7 2 "$two"
same 4 1 "$four"
same 4 1 "comm.node_size=value:2"
same 4 1 "comm.node_size=value:3,$two"

# A rank that is late, at each place, with one copy and with two.
for domains in "" ",$two"; do
    for place in step.leaf step.claim step.share; do
        same 3 1 "$place/0=sleep:5$domains"
        same 4 1 "$place/1=sleep:5,$place@3/2=sleep:200$domains"
    done
    same 2 2 "manifest.due/0=sleep:200,step.claim/1=sleep:30$domains"
done

# Each rank needs less memory where they share the weights.
needed() { sed -n 's/^memory: \([0-9.]* [KMG]iB\) per rank.*/\1/p' train.log; }
same 4 1 "$four"
separate=$(needed)
same 4 1 ""
echo "memory per rank: $(needed) with one copy, $separate with four"
[ "$(needed)" != "$separate" ] || fail "one copy of the weights takes as much memory as four: $separate"
finish
