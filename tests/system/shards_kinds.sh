#!/usr/bin/env bash
# Checkpoints of which each node writes a part, where more than weights and the optimizer's state matters: state that is
# carried from batch to batch, replicated state, and saves of nothing but the best weights. Each run is killed during a
# save and resumed, and must end as one that was not, with single files.
tools=$(realpath "$2")/tests
source "$(dirname "$0")/common_shards.sh"
source "$source_folder/tests/system/common_networks.sh"

# killed_at PLACE DIRECTORY ARGUMENT...: on three nodes, then resumed on two
killed_at() {
    on 3 1 "$1=kill" "$2" "${@:3}" && fail "$2: nothing was killed at $1"
    on 2 1 "" "$2" "${@:3}" || { fail "$2: not resumed after $1"; cat train.log; }
    same "$2"
    "$plain" verify "$2" >log 2>&1 || { fail "$2: verify"; cat log; }
}

# Wrong: carried state is not in the file that lists the shards, or another rank's.
waves >waves.yaml
configuration=waves.yaml
sharded=(--set checkpoint.shard_size=0.002 --set checkpoint.every="5 steps" --set training.epochs=6)
on 1 3 "" whole || { cat train.log; fail "waves"; }
reference=$(fingerprint)
on 3 1 "" parts || { cat train.log; fail "waves on three nodes"; }
same parts
[ "$(shards parts)" -gt 0 ] || fail "waves: no shards"
killed_at shards.complete@3/0 carried
expect "resuming from"

# Wrong: where each rank has all of the state, a shard has that of another place.
classifier
configuration=classifier.yaml
sharded=(--set checkpoint.shard_size=0.0625 --set training.allreduce=mpi)
rm -r whole
on 1 3 "" whole || { cat train.log; fail "allreduce: mpi"; }
reference=$(fingerprint)
on 3 1 "commit.renamed@4/2=kill" mpi && fail "mpi: nothing was killed"
on 3 1 "" mpi || { cat train.log; fail "mpi: not resumed"; }
expect "resuming from"
[ "$(shards mpi)" = 6 ] || { fail "mpi: $(shards mpi) shards, not 6"; ls mpi/checkpoints; }
same mpi

# Wrong: best weights without a checkpoint of the same step lose their shards, or keep those of earlier ones.
sharded=(--set checkpoint.shard_size=0.0625 --set checkpoint.every="4 epochs" --set checkpoint.keep_last=1
    --set training.epochs=4)
rm -r whole
on 1 2 "" whole || { cat train.log; fail "best only"; }
reference=$(fingerprint)
on 3 1 "manifest.written@3/0=kill" best && fail "best only: nothing was killed"
"$plain" verify best/best.h5 >log 2>&1 || { fail "the best weights"; cat log; }
[ "$(shards best)" = 6 ] || { fail "best only: $(shards best) shards, not 6"; ls best/checkpoints; }
"$plain" predict best/best.h5 -o predictions.csv >log 2>&1 || { fail "predict from the best weights"; cat log; }
on 2 1 "shard.begun@1/0=kill" best && fail "best only: nothing was killed"
"$plain" verify best/best.h5 >log 2>&1 || { fail "the best weights, after resuming"; cat log; }
on 2 1 "" best || { fail "best only: not resumed"; cat train.log; }
expect "resuming from best/best.h5"
[ "$(shards best)" = 2 ] || { fail "best only: $(shards best) shards, not 2"; ls best/checkpoints; }
same best
"$plain" verify best >log 2>&1 || { fail "best only: verify"; cat log; }
finish
