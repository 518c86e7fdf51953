#!/usr/bin/env bash
# Checkpoints of which each host writes a part, on hosts with a network between them: the bits of one rank, killed during
# a save and resumed on other hosts, and a folder that is another one on each host.
source "$(dirname "$0")/../system/common_hosts.sh"
find_reference
mv run whole
plain=$program
program=$2/tests/nntrain_faults
shards() { ls "$1/checkpoints" | grep -c shard; }

# on HOSTS RANKS FAULTS DIRECTORY ARGUMENT...
on() {
    local list='' host=0 slots
    for slots in ${1//+/ }; do list+=${list:+,}h$((++host)):$slots; done
    OMP_NUM_THREADS=1 NN_FAULT=$3 mpirun -x NN_FAULT --host "$list" -n "$2" --map-by slot "$program" train classifier.yaml \
        --run-dir "$4" --set checkpoint.shard_size=0.0625 "${@:5}" >train.log 2>&1
}

# same DIRECTORY SHARDS
same() {
    [ "$(fingerprint)" = "$reference" ] || { fail "$1: $(fingerprint), not $reference"; cat train.log; }
    [ "$(times_aside "$1")" = "$(times_aside whole)" ] || fail "$1: metrics.jsonl differs"
    [ "$(shards "$1")" = "$2" ] || { fail "$1: $(shards "$1") shards, not $2"; ls "$1/checkpoints"; }
    "$plain" verify "$1" >log 2>&1 || { fail "$1: verify"; cat log; }
}

on 1+1 2 "" two || { fail "two hosts"; cat train.log; }
same two 4
on 1+3+2+1 7 "" four || { fail "four uneven hosts"; cat train.log; }
same four 8

# Wrong: a shard that another host has written is not there, or not complete, when rank 0 lists it.
for place in shard.begun@4/2 commit.written@5/2 shard.written@3/2 commit.renamed@7/2; do
    rm -rf killed
    on 2+2 4 "$place=kill" killed && fail "$place: nothing was killed"
    on 1+2+1 4 "" killed || { fail "$place: not resumed"; cat train.log; }
    grep -q '^resuming' train.log || fail "$place: not resumed in the middle"
    grep -q 'falling back' train.log && { fail "$place: a checkpoint is not complete"; cat train.log; }
    same killed 6
done

# Wrong: hosts that do not share the run directory train for hours and lose what they have done. /dev/shm is of one host.
on 2+1 3 "together.seconds=value:1" /dev/shm/run && fail "a folder of one host is accepted"
for text in "rank 2 on h2" "does not see /dev/shm/run/nodes"; do
    grep -qF "$text" train.log || { fail "not printed: $text"; cat train.log; }
done
finish
