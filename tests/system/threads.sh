#!/usr/bin/env bash
# The number of threads per rank: check and train agree, whatever the OpenMP variables are, with the same bits; and a
# remedy if threads cannot be started.
source "$(dirname "$0")/common.sh"
unset OMP_NUM_THREADS OMP_PROC_BIND OMP_PLACES OMP_THREAD_LIMIT OMP_DYNAMIC OMP_STACKSIZE
config=$digits/digits.yaml
cores=$(env -u OMP_NUM_THREADS nproc)
siblings=$(cat /sys/devices/system/cpu/cpu0/topology/thread_siblings_list 2>/dev/null)
[[ $siblings == *[,-]* ]] && cores=0 # hyperthreads: not counted here
first=$(taskset -cp $$ 2>/dev/null | sed 's/.*: *\([0-9]*\).*/\1/')

# threads EXPECTED VARIABLE...: check and train use EXPECTED threads (0: any number), and the run has its usual bits
expected_bits=
threads() {
    local expected=$1 told said bits
    shift
    env "$@" "$program" train "$config" --run-dir run --fresh --set training.epochs=1 >train.log 2>&1 ||
        { fail "$*: no run"; cat train.log; return; }
    env "$@" "$program" check "$config" --run-dir other --set training.epochs=1 >check.log 2>&1
    told=$(sed -n 's/^1 rank x \([0-9]*\) thread.*/\1/p' train.log)
    said=$(sed -n 's/^ *job *1 rank x \([0-9]*\) thread.*/\1/p' check.log)
    bits=$(fingerprint)
    [ -n "$told" ] && [ "$told" = "$said" ] || fail "$*: check has $said threads, train $told"
    [ "$expected" = 0 ] || [ "$told" = "$expected" ] || fail "$*: $told threads, not $expected"
    expected_bits=${expected_bits:-$bits}
    [ "$bits" = "$expected_bits" ] || fail "$*: different bits"
}
warned() { grep -q "^warning: .*$1" train.log && grep -q "warning: .*$1" check.log || fail "no warning of '$1'"; }

threads "$cores" A=b
threads "$cores" OMP_PROC_BIND=true
grep -q 'threads per rank share' train.log && fail "a false warning of threads that share a core"
threads "$cores" OMP_PROC_BIND=close OMP_PLACES=cores
threads "$cores" OMP_PLACES=threads
[ -z "$first" ] || threads 1 OMP_PLACES="{$first}"
threads "$cores" OMP_NUM_THREADS=
threads 1 OMP_NUM_THREADS=1,2
threads 2 OMP_NUM_THREADS=2,1 OMP_DYNAMIC=true
threads "$cores" OMP_NUM_THREADS=many
warned 'OMP_NUM_THREADS=many is not a number of threads'
threads 1 OMP_NUM_THREADS=2 OMP_THREAD_LIMIT=1
warned 'OMP_THREAD_LIMIT'

threads 128 OMP_NUM_THREADS=1000000000
warned 'a rank uses at most 128 threads'

# OpenMP places shared by several ranks.
if [ "$cores" -gt 1 ]; then
    OMP_PROC_BIND=true mpirun -n 2 --bind-to none "$program" train "$config" --run-dir run --fresh \
        --set training.epochs=1 >train.log 2>&1
    grep -q '^warning: OMP_PROC_BIND or OMP_PLACES binds' train.log || { fail "ranks bound to one core"; cat train.log; }
    [ "$(fingerprint)" = "$expected_bits" ] || fail "different bits on two ranks"
fi

# refused CODE PATTERN VARIABLE...: one line with a remedy, with which the run succeeds
refused() {
    local code=$1 pattern=$2 found
    shift 2
    env OMP_NUM_THREADS=2 "$@" "$program" train "$config" --run-dir run --fresh --set training.epochs=1 >train.log 2>&1
    found=$?
    [ $found = "$code" ] || { fail "$*: exit $found, not $code"; cat train.log; }
    [ "$(grep -c "^nntrain: .*$pattern" train.log)" = 1 ] || { fail "$*: no message about '$pattern'"; cat train.log; }
    env OMP_NUM_THREADS=2 "$@" "$program" check "$config" --run-dir other >check.log 2>&1 && fail "$*: check reports nothing"
}
refused 2 'OMP_STACKSIZE=8M' OMP_STACKSIZE=64k
refused 7 'cannot be started: ' OMP_STACKSIZE=4000G
threads 2 OMP_STACKSIZE=8M OMP_NUM_THREADS=2
threads 1 OMP_STACKSIZE=64k OMP_NUM_THREADS=1
finish
