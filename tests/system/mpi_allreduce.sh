#!/usr/bin/env bash
# allreduce: mpi agrees with exact up to rounding, and reports what it gives up.
source "$(dirname "$0")/common.sh"
classifier
train 4 1 classifier.yaml --run-dir exact --set training.allreduce=exact || fail "exact"
train 4 1 classifier.yaml --run-dir mpi --set training.allreduce=mpi || { cat train.log; fail "mpi"; }
grep -q 'is not bit-reproducible' train.log || fail "the log does not say what is given up"
loss() { sed -n '1s/.*"train":{"loss":\([^,}]*\).*/\1/p' "$1/metrics.jsonl"; }
awk -v a="$(loss exact)" -v b="$(loss mpi)" 'BEGIN {
    d = a > b ? a - b : b - a; print "losses of the first epoch:", a, b; exit !(a > 0 && d <= 1e-4 * a) }' ||
    fail "the losses differ by more than rounding"
finish
