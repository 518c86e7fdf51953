#!/usr/bin/env bash
# A learning-rate range test as a user meets it: the same curve on any number of ranks and threads, the losses of the real
# training, a suggestion that trains well, nothing left behind, and a plain refusal of what cannot be meant.
source "$(dirname "$0")/common.sh"
classifier
use_engine classifier.yaml
unset COLUMNS
export LC_ALL=C

OMP_NUM_THREADS=1 run lr-range classifier.yaml -o one.csv
said 'suggested learning rate: '
! grep -q '[^ -~]' log || { fail "not ASCII with LC_ALL=C"; cat log; }
[ "$(awk '{ if (length > most) most = length } END { print most }' log | head -n 1)" -gt 60 ] || { fail "no curve"; cat log; }
OMP_NUM_THREADS=2 mpirun -n 3 --bind-to none "$program" lr-range classifier.yaml --json -o three.csv >three.json 2>log || { fail "exit $?"; cat log; }
cmp one.csv three.csv || fail "3 ranks of 2 threads have another curve"
[ ! -e runs ] || fail "a run directory was made"

# The first loss is that of the training: one step of a run has it too.
run train classifier.yaml --run-dir step --set training.epochs=1 --set training.limit_batches=1
first=$(sed -n 's/^1,[^,]*,\([^,]*\),.*/\1/p' one.csv)
grep -qF "\"train\":{\"loss\":$first" step/metrics.jsonl || { fail "the first loss is not $first"; cat step/metrics.jsonl; }

# All values are in JSON, and the suggestion is that of the terminal.
suggestion=$(sed -n 's/.*"suggestion":\([^,]*\),.*/\1/p' three.json)
[ "$(grep -o '"learning_rate":' three.json | wc -l)" = "$(($(wc -l <one.csv) - 1))" ] || fail "values are missing in JSON"
run lr-range classifier.yaml
said "suggested learning rate: $(printf '%.3g' "$suggestion"); the smoothed loss falls fastest there"
awk -v rate="$suggestion" 'BEGIN { exit !(rate > 1e-4 && rate < 5e-2) }' || fail "adam with a learning rate of $suggestion"

# A rate that is too high from the start; mistakes.
run lr-range classifier.yaml --set 'optimizer={sgd: {momentum: 0}}' --from 1e4 --to 1e8 --steps 40
said 'no suggestion: '
program_refuses 2 'lr-range: --from 1 must be below --to 0.1' lr-range classifier.yaml --from 1 --to 0.1
program_refuses 2 "lr-range: --from must be above 0, not '0'" lr-range classifier.yaml --from 0
cp classifier.yaml mine.csv
program_refuses 2 "lr-range: mine.csv exists, and is not a curve of nntrain lr-range" lr-range classifier.yaml -o mine.csv
program_refuses 2 "lr-range: --steps takes a number from 20 to 100000, not 'x'" lr-range classifier.yaml --steps x
program_refuses 2 "did you mean 'units'?" lr-range classifier.yaml --set network.1.unts=3
program_refuses 2 "lr-range: -o writes NAME.csv or NAME.json, not 'x.png'" lr-range classifier.yaml -o x.png
finish
