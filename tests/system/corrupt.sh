#!/usr/bin/env bash
# Silent corruption: one bit flips in the weights, in the optimizer's state or in a gradient, at a random moment on a
# random rank. The run ends with exit code 12 and reports that rank; no checkpoint contains the flipped bit, so the same
# command without the fault ends with the fingerprint of an undisturbed run.
tools=$(realpath "$2")/tests
source "$(dirname "$0")/common.sh"
program=$tools/nntrain_faults
classifier
settings=(--set training.peak_seconds=0 --set training.epochs=10 --set training.verify_every=1)
seed=${NN_CORRUPT_SEED:-$(date +%N | sed 's/^0*//')}
echo "seed $seed"
RANDOM=$((seed % 32768))

# named RANKS RANK: whether the message names this rank, and no other of RANKS
named() {
    local others
    others=$(grep -o 'corruption of memory or arithmetic: rank.*' train.log | grep -o 'rank [0-9]* on' | sort -u)
    [ "$1" = 1 ] || [ "$others" = "rank $2 on" ] || return 1
    grep -q "rank $2 on $(hostname)" train.log
}

# Each rank has a NUMA domain of its own, so its own copy of the weights; empty: they all share one.
private=,comm.domain/0=value:1,comm.domain/1=value:2,comm.domain/2=value:3,comm.domain/3=value:4
domains=$private

# resumed RANKS RUN: the corrupted run resumes to the right end
resumed() {
    train "$1" 1 classifier.yaml --run-dir "$2" "${settings[@]}" || { cat train.log; fail "$2: the resume"; }
    [ "$(fingerprint)" = "$reference" ] || fail "$2: resumed, the fingerprint is $(fingerprint), not $reference"
}

# corrupted FAULT RANKS RANK RUN ARGUMENT...: the fault on a rank is detected
corrupted() {
    local fault=$1 ranks=$2 rank=$3 run=$4 code
    shift 4
    NN_FAULT=${fault/=//$rank=}$domains train "$ranks" 2 classifier.yaml --run-dir "$run" "${settings[@]}" "$@"
    code=$?
    echo "$fault on rank $rank of $ranks: exit $code, $(grep -o 'step [0-9]*: silent[^.]*' train.log)"
    grep -q '^fault:' train.log || fail "$fault on rank $rank of $ranks: nothing was flipped"
    [ $code = 12 ] || { tail -n 3 train.log; fail "$fault on rank $rank of $ranks: exit $code, not 12"; }
}

# Without a fault nothing is reported, and verification changes no bit.
train 3 2 classifier.yaml --run-dir whole "${settings[@]}" --set training.verify_every=0 || { cat train.log; fail "without verifying"; }
reference=$(fingerprint)
echo "uninterrupted: $reference"
for ranks in 1 2 4; do
    train $ranks 2 classifier.yaml --run-dir verified-$ranks "${settings[@]}" ||
        { cat train.log; fail "$ranks ranks, verifying"; }
    [ "$(fingerprint)" = "$reference" ] || fail "$ranks ranks, verifying: $(fingerprint), not $reference"
done

for file in "$source_folder"/src/optim/optimizer_*.c; do
    optimizer=$(basename "${file#*optimizer_}" .c)
    train 2 1 classifier.yaml --run-dir "$optimizer" "${settings[@]}" --set training.epochs=1 \
        --set training.clip_norm=0 --set training.average=0.9 --set "optimizer=$optimizer" ||
        { cat train.log; fail "$optimizer, verifying"; }
done

# Without verification a flipped bit reaches the result undetected: the faults are real.
NN_FAULT=update.weights@5=flip:3 train 1 1 classifier.yaml --run-dir unnoticed "${settings[@]}" \
    --set training.verify_every=0 || { cat train.log; fail "unnoticed"; }
[ "$(fingerprint)" != "$reference" ] || fail "the flipped bit has no effect"

# A bit of memory, at a random moment; each run continues from what the previous one left.
for ranks in 1 2 3 4; do
    for place in step.weights update.weights update.state share.weights; do
        rank=$((RANDOM % ranks))
        corrupted "$place@$((RANDOM % 9 + 1))=flip" $ranks $rank memory
        # With two ranks and different weights, neither can tell which is right.
        if [ $place$ranks = share.weights2 ]; then
            grep -q "rank $rank on $(hostname)" train.log || fail "$place: rank $rank is not named"
        else
            named $ranks $rank || { tail -n 3 train.log; fail "$place: not rank $rank alone is named"; }
        fi
    done
done
resumed 3 memory

# In the one copy that all ranks have: the bit is found, and no rank is singled out.
domains=
for place in step.weights update.weights share.weights; do
    corrupted "$place@$((RANDOM % 9 + 1))=flip" 3 $((RANDOM % 3)) shared
    for rank in 0 1 2; do
        grep -q "rank $rank on $(hostname)" train.log || fail "$place: rank $rank, which has the same copy, is not named"
    done
    grep -q 'share one copy' train.log || fail "$place: the message does not say that the copy is shared"
done
domains=$private
resumed 2 shared

# A unit that gives one wrong bit once: in a batch of one microbatch, at any moment.
corrupted "step.gradient@$((RANDOM % 60 + 1))=flip" 1 0 once --set training.microbatch_size=72
named 1 0 || fail "step.gradient: rank 0 is not named"

# A unit that always gives the same wrong bit: the others identify it before the first checkpoint; a single other rank
# cannot tell which is right.
for ranks in 2 3 4; do
    rank=$((ranks == 3 ? 0 : RANDOM % ranks))
    corrupted step.gradient=flip:3 $ranks $rank always --set training.verify_every=1000
    if [ $ranks = 2 ]; then
        grep -q 'it is not known which of them is right' train.log || fail "step.gradient: two ranks can identify it"
    else
        named $ranks $rank || { tail -n 3 train.log; fail "step.gradient: not rank $rank alone is named"; }
    fi
    [ -z "$(ls always/checkpoints 2>/dev/null)" ] || fail "a checkpoint of wrong gradients: $(ls always/checkpoints)"
done
resumed 2 always
finish
