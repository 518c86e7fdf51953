# shellcheck shell=bash
# Shared by the tests of checkpoints of which each node writes a part: emulated nodes, in the tests' own program.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
build=$2
plain=$program
program=$build/tests/nntrain_faults
configuration=classifier.yaml
sharded=(--set checkpoint.shard_size=0.0625)

# on NODES RANKS_PER_NODE FAULTS DIRECTORY ARGUMENT...: training on emulated nodes
on() {
    local nodes=$1 per_node=$2 places=$3 directory=$4
    shift 4
    NN_FAULT="comm.node_size=value:$per_node${places:+,$places}" \
        train $((nodes * per_node)) 1 "$configuration" --run-dir "$directory" "${sharded[@]}" "$@"
}
shards() { ls "$1/checkpoints" | grep -c shard; }
expect() { grep -qF -- "$1" train.log || { fail "not printed: $1"; cat train.log; }; }

# same DIRECTORY: the last training ended as `whole`, whose fingerprint is $reference
same() {
    [ "$(fingerprint)" = "$reference" ] || { fail "$1: $(fingerprint), not $reference"; cat train.log; }
    [ "$(times_aside "$1")" = "$(times_aside whole)" ] ||
        { fail "$1: metrics.jsonl differs"; diff <(times_aside "$1") <(times_aside whole); }
}
