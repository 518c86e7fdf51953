#!/usr/bin/env bash
# training.kernels and precision: mixed: a run says what computes it, keeps it when it is resumed, and is evaluated with
# it; impossible combinations are refused.
source "$(dirname "$0")/common.sh"
classifier
few=(--set training.epochs=2 --set training.peak_seconds=0)

# expect_run NAME PRECISION KERNELS SETTING...
expect_run() {
    local name=$1 precision=$2 kernels=$3
    shift 3
    train 2 1 classifier.yaml --run-dir "$name" "${few[@]}" "$@" || { fail "$name ended with $?"; cat train.log; }
    grep -q "ranks x 1 thread on 1 node, $precision, $kernels" train.log || { fail "$name: other kernels"; cat train.log; }
    "$program" info "$name"/best.h5 >info.log 2>&1
    grep -q "^precision: $precision" info.log && grep -q "^kernels: $kernels" info.log || { fail "$name: info has another precision or other kernels"; cat info.log; }
    "$program" eval "$name" >eval.log 2>&1 || { fail "$name: eval"; cat eval.log; }
    grep -q "test part: $(sed -n 's/^test, best.*: //p' train.log)" eval.log || { fail "$name: eval differs"; cat eval.log; }
}
expect_run blas float32 'OpenBLAS\|CBLAS'
expect_run portable float32 portable --set training.kernels=portable
expect_run mixed mixed portable --set training.precision=mixed

# The kernels of a run are part of it; `auto` is what it means.
more=(--set training.epochs=3 --set training.peak_seconds=0)
train 1 1 classifier.yaml --run-dir portable "${more[@]}" && fail "other kernels on resume"
grep -q "training.kernels: was portable, is now blas" train.log || { fail "the message about kernels"; cat train.log; }
train 3 1 classifier.yaml --run-dir mixed "${more[@]}" --set training.precision=mixed --set training.kernels=portable ||
    { fail "kernels: portable where auto means the same"; cat train.log; }
grep -q resuming train.log || fail "not resumed"
train 1 2 classifier.yaml --run-dir blas "${more[@]}" --set training.kernels=blas ||
    { fail "kernels: blas where auto means the same"; cat train.log; }

train 1 1 classifier.yaml --run-dir none --set training.precision=mixed --set training.kernels=blas && fail "mixed with blas"
grep -q "blas cannot be used with precision: mixed" train.log || { fail "the message about mixed with blas"; cat train.log; }
train 1 1 classifier.yaml --run-dir none --set training.kernels=mkl && fail "kernels: mkl"
grep -q "known: auto, blas, portable" train.log || { fail "the message about mkl"; cat train.log; }

# Where OpenBLAS does not recognise the CPU, the kernels that the warning names are there, and end it.
unset OPENBLAS_CORETYPE
train 1 1 classifier.yaml --run-dir known "${few[@]}" --set training.kernels=portable || fail "kernels: portable"
grep -q 'OPENBLAS_CORETYPE' train.log && { fail "a warning about a library that does not multiply"; cat train.log; }
train 1 1 classifier.yaml --run-dir unknown "${few[@]}" || fail "kernels: auto"
if "$program" version | grep -q Prescott && grep -qw avx2 /proc/cpuinfo; then
    better=$(sed -n 's/.*warning: OpenBLAS.*does not know this CPU.*set OPENBLAS_CORETYPE=\([A-Za-z]*\).*/\1/p' train.log)
    [ -n "$better" ] || { fail "no warning about kernels for Prescott"; cat train.log; }
    export OPENBLAS_CORETYPE=$better
    "$program" version | grep -q " $better" || fail "OpenBLAS has no kernels for $better"
    train 1 1 classifier.yaml --run-dir better "${few[@]}" || fail "kernels for $better"
    unset OPENBLAS_CORETYPE
    grep -q 'does not know this CPU' train.log && { fail "still a warning with kernels for $better"; cat train.log; }
else
    grep -q 'does not know this CPU' train.log && { fail "a warning about kernels that suit the CPU"; cat train.log; }
fi

# A step with NaN is replayed with the kernels of its run, or in double.
nan=(--set training.precision=mixed --set optimizer=sgd --set optimizer.sgd.learning_rate=1e30)
train 1 1 classifier.yaml --run-dir nan "${few[@]}" "${nan[@]}" && fail "no NaN at a rate of 1e30"
"$program" replay nan/nonfinite-*.h5 >replay.log 2>&1
grep -q "differ in their last bits" replay.log && { fail "a warning about kernels"; cat replay.log; }
grep -qi "nan\|inf" replay.log || { fail "the replay finds nothing"; cat replay.log; }
"$program" replay nan/nonfinite-*.h5 --precision float64 >replay.log 2>&1
code=$?
[ "$code" -lt 128 ] || { fail "replay in double ended with $code"; cat replay.log; }
finish
