#!/usr/bin/env bash
# A hanging node, and a hanging rank of a node, are reported by the other node; a slow rank is reported in the log.
folder=$(realpath "$2")
source "$(dirname "$0")/common.sh"
classifier
faults=$folder/tests/nntrain_faults
timeout=4
arguments=(classifier.yaml --set training.epochs=100000 --set training.peak_seconds=0
    --set "training.hang_timeout=$timeout" --set checkpoint.every="1000 epochs")

# Two emulated nodes of two ranks, which exchange heartbeats through files. $1: the ranks to stop.
nodes() {
    local name=nodes-$1 stops=${1//-/ } rank began=$SECONDS
    NN_FAULT="comm.node_size=value:2" start "$faults" 4 "$name" "${arguments[@]}"
    for rank in $stops; do kill -STOP "$(process_of_rank "$rank")"; done
    if ! gone 60; then
        fail "two nodes, $1 stopped: the job still runs after 60 s"
        cat "$name.log"
        clear_away
        return
    fi
    wait $launcher
    code=$?
    [ $code = 4 ] || fail "two nodes, $1 stopped: exit $code, not 4"
    for rank in $stops; do
        grep -q "^  rank $rank on .* is not running" "$name.log" || fail "two nodes, $1 stopped: rank $rank is not named"
    done
    [ "$(grep -c '^  rank' "$name.log")" = "$(wc -w <<<"$stops")" ] || fail "two nodes, $1 stopped: others are reported"
    [ "$(grep -c 'no progress for .* ending the job' "$name.log")" = 1 ] || fail "two nodes, $1 stopped: not reported once"
    [ "$failures" = 0 ] || cat "$name.log"
    echo "two nodes, $1 stopped: $((SECONDS - began)) s"
}

# A rank that takes 20 ms longer per microbatch is reported, once per epoch; the bits stay the same.
straggler() {
    train 2 1 classifier.yaml --run-dir quick --set training.epochs=1 || { fail "the run without a straggler"; cat train.log; }
    local reference
    reference=$(fingerprint)
    program=$faults NN_FAULT=step.leaf/1=sleep:20 train 2 1 classifier.yaml --run-dir slow --set training.epochs=1 ||
        { fail "the run with a straggler"; cat train.log; }
    [ "$(grep -c '^slow in epoch' train.log)" = 1 ] || { fail "a straggler is not reported"; cat train.log; }
    grep -q "^slow in epoch 1.*: rank 1 on [^,]* ([0-9.]* times); all" train.log ||
        { fail "not the straggler is named"; cat train.log; }
    [ "$(fingerprint)" = "$reference" ] || fail "a straggler changes the bits"
    grep '^slow' train.log
}

nodes 2-3
nodes 0-1
nodes 3
straggler
finish
