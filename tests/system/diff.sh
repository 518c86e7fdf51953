#!/usr/bin/env bash
# nntrain diff: pairs of runs that differ in exactly one thing each, which must be named; the same run on other numbers of
# ranks; runs that are cut short, or lack files.
source "$(dirname "$0")/common.sh"
find_python
[ -n "$python" ] || { echo "skipped: no Python with h5py and numpy"; exit 77; }
classifier
use_engine classifier.yaml
base=(classifier.yaml --set training.peak_seconds=0 --set training.epochs=2)
one() { OMP_NUM_THREADS=1 run train "${base[@]}" --run-dir "$@"; }

# differs RUN TEXT...: it is not the same run as `a`, and each text is printed
differs() {
    "$program" diff a "$1" >log 2>&1
    [ $? = 1 ] || { fail "$1: not reported as different"; cat log; }
    shift
    for text in "$@"; do said "$text"; done
}

one a
train 3 2 "${base[@]}" --run-dir ranks || { cat train.log; fail "3 ranks"; }
run diff a ranks
said "the same, as far as both go: step 36"
said "configuration, data, arithmetic and versions are the same"

one seed --set training.seed=2
differs seed "seed: training.seed: A 1, B 2" "different: after step "
! grep -q 'configuration: ' log || { fail "more than the seed is named"; cat log; }
one rate --set optimizer.adam.learning_rate=0.003
differs rate "configuration: optimizer.adam.learning_rate: A 0.002, B 0.003"
[ "$(grep -c '^  ' log)" = 1 ] || { fail "more than the learning rate is named"; cat log; }
one precision --set training.precision=float64
differs precision "precision: training.precision: A "
one init --set init_from=seed/best.h5
one begun --set init_from=rate/best.h5
"$program" diff init begun >log 2>&1
[ $? = 1 ] || fail "init_from: not reported as different"
said "initial weights: init_from.run: A seed/best.h5, B rate/best.h5"
[ "$(grep -c '^  ' log)" = 1 ] || { fail "more than the initial weights is named"; cat log; }

# Other kernels: as configured, and as the machine has them.
one portable --set training.kernels=portable
one blas --set training.kernels=blas
OPENBLAS_CORETYPE=Nehalem one nehalem --set training.kernels=blas
other=$(grep -c '^arithmetic .* Nehalem' log)
"$program" diff portable blas >log 2>&1
[ $? = 1 ] || { fail "kernels: not reported as different"; cat log; }
said "kernels: training.kernels: A portable, B blas"
[ "$(grep -c '^  ' log)" = 1 ] || { fail "more than the kernels is named"; cat log; }
if [ "$other" = 1 ]; then
    "$program" diff blas nehalem >log 2>&1
    [ $? = 1 ] || { fail "a machine: not reported as different"; cat log; }
    for text in "arithmetic: layer " "kernels: kernels: A OpenBLAS " " Nehalem" "versions: libraries, build and CPU: A "; do
        said "$text"
    done
    ! grep -q '  configuration: ' log || { fail "the configuration is named"; cat log; }
fi
"$python" - "$digits/digits.h5" <<'PY'
import h5py, shutil, sys
shutil.copy(sys.argv[1], "other.h5")
with h5py.File("other.h5", "r+") as f:
    x = f["x_train"][...]
    x[700] = x[701]
    f["x_train"][...] = x
PY
one data --set data.file="$PWD/other.h5"
differs data "data: the values of data.train.x"
! grep -q 'data.train.y$\|data.test' log || { fail "parts that are the same are named"; cat log; }

# What changes no result is named as such.
one threads --set training.threads=1 --set checkpoint.keep_last=3
run diff a threads
said "this differs, and does not change the result"
said "configuration: training.threads: A "

# A run that goes further, with a schedule that depends on its length; and one whose weights were changed.
one longer --set training.epochs=3
differs longer "training.epochs: A 2, B 3"
cp -r a odd
"$python" - <<'PY'
import re
text = open("odd/metrics.jsonl").read().split("\n")
text[1] = re.sub(r'"train":{"loss":[^,]*', '"train":{"loss":1.25', text[1])
open("odd/metrics.jsonl", "w").write("\n".join(text))
PY
differs odd "train.loss is " "in A and 1.25 in B" "the same up to step 33 (the weights)" "nothing that is recorded differs"

# ---- JSON, missing files and mistakes ----
"$program" diff a seed --json >json 2>log
[ $? = 1 ] || fail "--json: not reported as different"
"$python" - <<'PY' || fail "the JSON is not as it should be"
import json
found = json.load(open("json"))
assert found["same"] is False and found["first_difference"]["step"] > 0
assert [(d["what"], d["a"], d["b"], d["changes_result"]) for d in found["differs"]] == [("training.seed", "1", "2", "yes")]
PY
cp -r a bare
rm -r bare/checkpoints bare/best.h5 bare/manifest
run diff a bare
said "B lacks a checkpoint"
sed -i '2s/{/}/' bare/metrics.jsonl
run diff a bare
said "B: 1 line of metrics.jsonl cannot be read: it was changed or damaged"
rm bare/metrics.jsonl
program_refuses 2 "bare has neither a checkpoint nor metrics.jsonl" diff a bare
program_refuses 2 "nowhere is not a run directory" diff a nowhere
program_refuses 2 "give two run directories" diff a
finish
