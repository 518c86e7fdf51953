#!/usr/bin/env bash
# The ranks of a NUMA domain have one copy of the weights, which their owners update in place; between nodes, weights
# arrive layer by layer while the next step computes. Any division of ranks into domains and nodes, and any delay of a
# rank before it lets others write, before it says that it has written, or while it evaluates or saves, ends with the
# same fingerprint.
tools=$(realpath "$2")/tests
source "$(dirname "$0")/common.sh"
program=$tools/nntrain_faults
classifier
network=classifier
settings=(--set training.peak_seconds=0 --set training.epochs=3 --set training.verify_every=3 --set training.average=0.9)
run=0

# same RANKS THREADS FAULTS: the run ends with the fingerprint of the first one
same() {
    run=$((run + 1))
    NN_FAULT=$3 train "$1" "$2" $network.yaml --run-dir "run-$run" "${settings[@]}" ||
        { cat train.log; fail "$network on $1 ranks x $2 threads, $3"; return; }
    [ -n "${reference:-}" ] || reference=$(fingerprint)
    [ "$(fingerprint)" = "$reference" ] ||
        fail "$network on $1 ranks x $2 threads, $3: $(fingerprint), not $reference"
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

# A network of several buckets, with statistics over the whole batch between them: some ranks are in an exchange while
# others await weights.
cat >deep.yaml <<YAML
data:
  file: $digits/digits.h5
  train: {x: x_train, y: y_train}
network:
  - flatten
  - dense: {units: 320, bias: false}
  - batch_norm: {activation: relu, name: first}
  - dense: {units: 320, bias: false, name: body}
  - batch_norm: {activation: relu}
  - dense: {units: 320, bias: false, share: body}
  - batch_norm: {activation: relu, share: first}
  - dense: {units: 320, bias: false}
  - dense: {units: classes}
loss: cross_entropy
optimizer: {sgd: {learning_rate: 0.02}}
training: {epochs: 1, batch_size: 140, microbatch_size: 4}
YAML
network=deep
reference=
settings=(--set training.peak_seconds=0 --set training.verify_every=0)
same 1 1 ""
for late in "" step.share/0=sleep:40, step.share/1=sleep:40,step.leaf/2=sleep:3, step.claim/0=sleep:20,step.share@2/2=sleep:200,; do
    same 2 1 "${late}comm.node_size=value:1"
    same 4 1 "${late}comm.node_size=value:1"
    same 4 2 "${late}comm.node_size=value:2,$two"
    same 7 1 "${late}comm.node_size=value:3,$two"
done
finish
