#!/usr/bin/env bash
# Running out of memory on one rank ends all ranks with exit code 7 within seconds, with one message that names the
# rank. Tries a different random selection of the allocations of a short run each time; NN_MEMORY_TRIED sets how many.
folder=$(realpath "$2")
source "$(dirname "$0")/common.sh"
classifier
faults=$folder/tests/nntrain_faults
short=(classifier.yaml --set training.epochs=1 --set training.limit_batches=4 --set training.peak_seconds=0
    --set training.hang_timeout=20)
tried=${NN_MEMORY_TRIED:-14}

# fails_at N RANK: the N-th allocation of that rank fails. The run ends with 7, or succeeds if the program can do
# without.
fails_at() {
    local code told
    rm -rf starved
    NN_FAULT="memory.allocate@$1/$2=value:1" OMP_NUM_THREADS=1 timeout -s KILL 60 mpirun -n 2 --bind-to none \
        "$faults" train "${short[@]}" --run-dir starved >train.log 2>&1
    code=$?
    told=$(grep -cE '^nntrain: .*(memory|cannot allocate)' train.log)
    if [ $code = 7 ] && [ "$told" = 1 ]; then
        grep -qE "rank $2 on|out of memory for a communicator" train.log || { fail "allocation $1 of rank $2: it is not named"; cat train.log; }
        ended=$((ended + 1))
    elif [ $code != 0 ] && { [ $code != 11 ] || [ "$told" != 1 ]; }; then
        fail "allocation $1 of rank $2: exit $code, told $told times"
        cat train.log
    fi
}

seed=${NN_MEMORY_SEED:-$(date +%N | sed 's/^0*//')}
echo "seed $seed"
RANDOM=$((seed % 32768))
ended=0
for ((i = 0; i < tried; i++)); do
    fails_at $((RANDOM * 450 / 32768 + 1)) 1
    fails_at $((RANDOM * 900 / 32768 + 160)) 0 # earlier ones are those of reading the files before MPI starts
done
[ "$ended" -gt 0 ] || fail "no allocation that failed has ended a run"
echo "$ended of $((2 * tried)) ended the run"

# A warning if a node has less memory than the ranks will use; the message of a failed allocation shows the limits.
program=$faults NN_FAULT=memory.spare=value:1000 train 2 1 "${short[@]}" --run-dir spare || { fail "the warned run"; cat train.log; }
grep -q '^warning: .* may run out of memory and its ranks .*: 2 ranks there will need .*, but the node has 1000 B left' train.log ||
    { fail "no warning of the node's memory"; cat train.log; }
sed -i 's/units: 96/units: 30000000/' classifier.yaml
(ulimit -v 8000000 && OMP_NUM_THREADS=1 "$program" train classifier.yaml --run-dir limited >train.log 2>&1)
code=$?
[ $code = 7 ] || { fail "a network that is too large: exit $code, not 7"; cat train.log; }
grep -q 'cannot allocate .* GiB for .*address space of a process is limited to 7.6 GiB (ulimit -v)' train.log || { fail "the limit is not reported"; cat train.log; }
finish
