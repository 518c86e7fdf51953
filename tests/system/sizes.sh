#!/usr/bin/env bash
# Default batch and microbatch sizes: four ranks can share any batch, more ranks get advice, and a continued
# run keeps its sizes.
tools=$(realpath "$2")/tests
source "$(dirname "$0")/common.sh"
"$tools/make_data" small.h5 90 6 3 || fail "make_data"
cat >small.yaml <<'YAML'
data: {file: small.h5, train: {x: x, y: y}, split: {validation: 0.2}}
network: [dense: {units: classes}]
loss: cross_entropy
training: {epochs: 2, peak_seconds: 0}
YAML
says() { grep -q -E -e "$1" train.log || { fail "no message about '$1'"; cat train.log; }; }

# Four ranks, and any number of them, by default; one fingerprint.
for ranks in 1 4 3; do
    train $ranks 1 small.yaml --run-dir default$ranks || { fail "$ranks ranks"; cat train.log; }
    says 'batch 32 in microbatches of 4;'
    sums="${sums:-} $(fingerprint)"
done
[ "$(tr ' ' '\n' <<<"$sums" | sort -u | grep -c .)" = 1 ] || fail "several fingerprints:$sums"

# More ranks than microbatches: each remedy in the message leads to a run, and so does check's.
train 11 1 small.yaml --run-dir many && fail "11 ranks for 8 microbatches"
says '^nntrain: 11 ranks, but a batch of 32 samples has only 8 microbatches of 4: start at most 8 ranks, or '
"$program" check small.yaml -n 11 --run-dir many >check.log 2>&1
grep -q 'start at most 8 ranks, or' check.log || { fail "check does not say it"; cat check.log; }
mapfile -t remedies < <(grep -o -E -- '(--set training\.[a-z_]*=[0-9]+ ?)+' train.log)
[ ${#remedies[@]} = 2 ] || fail "${#remedies[@]} remedies"
for remedy in "${remedies[@]}"; do
    # shellcheck disable=SC2086 # several words
    train 11 1 small.yaml --run-dir remedy --fresh $remedy || { fail "11 ranks with $remedy"; cat train.log; }
done

# A continued run keeps its sizes, whatever the defaults would now be; they may be set explicitly, but not changed.
sed -i '/^loss/a lr_schedule: constant' small.yaml
sizes=(--set training.microbatch_size=8 --set training.batch_size=24)
train 2 1 small.yaml --run-dir whole "${sizes[@]}" --set training.epochs=3 || fail "a run"
sum=$(fingerprint)
train 2 1 small.yaml --run-dir kept "${sizes[@]}" || fail "the beginning of a run"
train 1 1 small.yaml --run-dir kept --set training.epochs=3 || { fail "sizes left out"; cat train.log; }
says 'batch 24 in microbatches of 8;'
[ "$(fingerprint)" = "$sum" ] || fail "$(fingerprint) with sizes left out, $sum with them"
train 3 1 small.yaml --run-dir kept --set training.microbatch_size=8 || fail "sizes written out"
train 4 1 small.yaml --run-dir kept && fail "4 ranks for 3 microbatches"
says 'start at most 3 ranks; this run was started with these sizes'
grep -q -e '--set' train.log && fail "a remedy that does not work"
train 1 1 small.yaml --run-dir kept --set training.microbatch_size=4 && fail "a different size"
says '^  training.microbatch_size: was 8, is now 4'
train 1 1 small.yaml --run-dir default1 --set lr_schedule=cosine --set training.microbatch_size=4 --set training.epochs=3 || fail "the default, written out"
train 1 1 small.yaml --run-dir kept --fresh || fail "--fresh"
says 'batch 32 in microbatches of 4;'
"$program" check small.yaml --run-dir default4 --set lr_schedule=cosine -n 2 >check.log 2>&1 || { fail "check"; cat check.log; }

# Fewer samples than ranks.
"$tools/make_data" tiny.h5 3 6 3 || fail "make_data"
sed 's/small.h5/tiny.h5/; s/, split: {validation: 0.2}//' small.yaml >tiny.yaml
train 4 1 tiny.yaml && fail "4 ranks for 3 samples"
says 'start at most 3 ranks; the training part has 3 samples'
train 3 1 tiny.yaml || { fail "3 ranks for 3 samples"; cat train.log; }
finish
