#!/usr/bin/env bash
# nntrain predict: predictions next to targets, and refused requests. Fails when the fraction of correct classes in the
# file differs from the accuracy shown by eval, or a refused request leaves a file or gives no message.
source "$(dirname "$0")/common.sh"
heads
train 2 1 heads.yaml --run-dir run || { fail "training ended with $?"; cat train.log; }
"$program" predict run --part test -o p.csv >predict.log 2>&1 || { fail "predict ended with $?"; cat predict.log; }
"$program" eval run >eval.log 2>&1 || { fail "eval ended with $?"; cat eval.log; }
accuracy=$(sed -n 's/.*label.accuracy \([0-9.]*\) %.*/\1/p' eval.log)
found=$(awk -F, 'NR > 1 { n++; if ($2 == $3) right++ } END { printf "%.2f", 100 * right / n }' p.csv)
[ -n "$accuracy" ] && [ "$found" = "$accuracy" ] || fail "accuracy $found in the file, $accuracy in eval"

# --time adds one line, and changes no other.
"$program" eval run --time >timed.log 2>&1 || { fail "eval --time ended with $?"; cat timed.log; }
grep -q '^[1-9][0-9.]* samples/s in microbatches of ' timed.log || { fail "eval --time shows no rate"; cat timed.log; }
grep -v ' samples/s in ' timed.log | cmp -s - eval.log || { fail "eval --time says something else"; cat timed.log; }

rmse=$(sed -n 's/.*size.rmse \([0-9.]*\),.*/\1/p' eval.log)
awk -F, -v rmse="$rmse" 'NR > 1 { d = $(NF - 1) - $NF; s += d * d; n++ } END { r = sqrt(s / n) / rmse; exit !(r > 0.9999 && r < 1.0001) }' p.csv ||
    fail "the root mean squared error in the file is not $rmse"
head -1 p.csv | grep -q '^row,label,label_predicted,label_probability_0,.*,size,size_predicted$' ||
    fail "the columns are $(head -1 p.csv)"
[ "$(wc -l <p.csv)" = 361 ] || fail "$(wc -l <p.csv) lines for 360 samples"
grep -q '^label.confusion, correct classes in rows' eval.log || fail "eval shows no confusion"
"$program" predict run --part train -o t.csv >/dev/null 2>&1 && [ "$(wc -l <t.csv)" = 1258 ] || fail "--part train"
"$program" predict run --part tests -o no.csv >log 2>&1 && fail "a wrong part is taken"
grep -q -- "--part must be train, validation or test, not 'tests'" log || fail "no message: $(cat log)"
"$program" predict run -o nowhere/no.csv >log 2>&1 && fail "a missing folder is taken"
grep -q 'nowhere' log || fail "no message: $(cat log)"
# The format follows from the name: one that is not written is refused, rather than holding something else.
for name in no.parquet no.csv.gz no folder.csv/no no.h5.x; do
    program_refuses 2 "-o $name: the name must end in .csv, .h5 or .npy" predict run -o $name
done
[ -z "$(ls -d no* folder.csv 2>/dev/null)" ] || fail "a refused name left $(ls -d no* folder.csv)"
[ ! -e no.csv ] || fail "a refused request left a file"

# Mismatches between targets, losses and metrics are reported before the first step.
refused() {
    local message=$1
    shift
    train 1 1 heads.yaml --run-dir refused "$@" && fail "taken: $*"
    grep -qF -- "$message" train.log || { fail "no '$message'"; cat train.log; }
}
sed -i 's/^metrics:.*/metrics: [label.accuracy, lable.f1, accuracy]/' heads.yaml
refused "did you mean 'label'"
refused "metrics: accuracy: there are several targets; put the name of one before it, such as label.accuracy"
heads
sed -i '/^  size: {huber/d; s/^metrics:.*/metrics: [label.accuracy]/' heads.yaml
refused "losses: the target 'size' has no loss"
heads
sed -i 's/^  size: {huber/  sizes: {huber/' heads.yaml
refused "'sizes'; did you mean 'size'"
heads
sed -i 's/^  - dense: {units: 1, name: size/  - dense: {units: 2, name: size/' heads.yaml
refused "loss huber on the output of layer size"
finish
