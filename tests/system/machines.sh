#!/usr/bin/env bash
# Ranks, and jobs of one run, on machines that round differently, emulated by two kernel sets of OpenBLAS. Machines with
# the same bits count as equal, whatever their C library; others are refused with the difference, and a run that
# continues anyway records it from then on.
source "$(dirname "$0")/common.sh"
grep -q -w fma /proc/cpuinfo 2>/dev/null || exit 77
unset GLIBC_TUNABLES
export OPENBLAS_CORETYPE=Haswell
old=Sandybridge
OPENBLAS_CORETYPE=$old "$program" version | grep -qi "$old" || exit 77
classifier
double=(--set training.precision=float64 --set training.epochs=1)

# pair VARIABLE ARGUMENT...: two ranks, the second with the variable
pair() {
    local variable=$1
    shift
    OMP_NUM_THREADS=1 mpirun -n 1 --bind-to none "$program" train "$@" : \
        -n 1 env "$variable" "$program" train "$@" >train.log 2>&1
}
says() { grep -q -E -e "$1" train.log || { fail "no message about '$1'"; head -n 20 train.log; }; }

# ---- at the start ----
pair OPENBLAS_CORETYPE=$old classifier.yaml --run-dir mixed "${double[@]}"
[ $? = 8 ] || fail "ranks that round differently are not refused"
says "rank 1 on $(uname -n) computes different bits from rank 0.*layer "
says '^  rank 1: .*OPENBLAS_CORETYPE='
[ "$(grep -c 'computes different bits' train.log)" = 1 ] || fail "reported more than once"
[ -n "$(ls mixed/checkpoints 2>/dev/null)" ] && fail "a mixed run has made a checkpoint"
# The remedy: make all ranks equal.
OPENBLAS_CORETYPE=$old train 2 1 classifier.yaml --run-dir alike "${double[@]}" || { fail "ranks alike"; cat train.log; }
# The C library does not matter: glibc without its FMA variants, as on an older CPU, rounds differently.
train 2 1 classifier.yaml --run-dir plain "${double[@]}"
expected=$(fingerprint)
pair GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4 classifier.yaml --run-dir plain-mixed "${double[@]}" ||
    { fail "the same bits are refused"; cat train.log; }
[ -n "$expected" ] && [ "$(fingerprint)" = "$expected" ] || fail "different bits: $(fingerprint), not $expected"

# ---- on resume ----
train 1 1 classifier.yaml --run-dir moved "${double[@]}"
export OPENBLAS_CORETYPE=$old
train 1 1 classifier.yaml --run-dir moved "${double[@]}" || { fail "a finished run is refused elsewhere"; cat train.log; }
says '^the run is finished'
more=("${double[@]}" --set training.epochs=2)
train 2 1 classifier.yaml --run-dir moved "${more[@]}"
[ $? = 8 ] || { fail "a run is resumed on another machine"; tail -n 5 train.log; }
says 'this machine computes different bits from the one it was saved on'
says 'training.machine=any'
"$program" check classifier.yaml --run-dir moved "${more[@]}" >train.log 2>&1 || fail "check ends with $?"
says 'warning: this machine computes different bits'
train 2 1 classifier.yaml --run-dir moved "${more[@]}" --set training.machine=any || { fail "any machine"; cat train.log; }
says '^warning: this machine computes different bits'
says '^the machine changed after step 18 '
# From then on it runs on its new machine without complaint; also if the kernels have another name there.
train 1 1 classifier.yaml --run-dir moved "${more[@]}" --set training.epochs=3 || { fail "the new machine"; cat train.log; }
says '^the machine changed after step 18 '
[ "$(grep -c '^the machine changed' train.log)" = 1 ] || fail "one change, reported more than once"
"$program" info moved >train.log
says '^machine_changes: after step 18 '
"$program" info moved/checkpoints/step-0000000054.h5 >train.log
says '^machine_changes: after step 18 '
says '^arithmetic: [0-9a-f]{16}$'
says '^machine: .*glibc '
finish
