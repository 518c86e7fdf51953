#!/usr/bin/env bash
# The final results: the same bytes on any number of ranks; what is missing, damaged, of another run or outdated is
# apart; eval --json and info say the same numbers, which are those of the predictions.
source "$(dirname "$0")/common.sh"
classifier
sed -i 's/^metrics: .*/metrics: [accuracy, auc, iou]/' classifier.yaml
use_engine classifier.yaml

timeless() { sed '/^"time":/d' "$1"; }
# part FILE: the line of the test part
part() { sed -n 's/^"test"://p' "$1"; }
results_are() { # results_are STATE RUN
    "$program" info --json "$2" >info.log 2>&1 || fail "info of a run whose results are $1"
    grep -q "\"results_state\":\"$1\"" info.log || { fail "not $1:"; cat info.log; }
}

ends 0 1 1 --run-dir run classifier.yaml
cp train.log one.log
for ranks in 3 16; do
    ends 0 $ranks 2 --run-dir run$ranks classifier.yaml
    cmp -s <(timeless run/results.json) <(timeless run$ranks/results.json) || fail "other results on $ranks ranks"
    cmp -s <(sed -n '/^test,/,/^fingerprint/p' one.log) <(sed -n '/^test,/,/^fingerprint/p' train.log) ||
        fail "other tables on $ranks ranks"
done
results_are intact run
"$program" info run >info.log 2>&1
grep -qE '^ +test +validation +baseline$' info.log && grep -qE '^    accuracy +0\.[0-9]+ +0\.[0-9]+ +0\.[0-9]+$' info.log ||
    { fail "info does not show test next to validation"; cat info.log; }

# eval computes the same, and writes nothing but JSON to standard output.
"$program" eval run --json >eval.json 2>eval.log || { fail "eval --json"; cat eval.log; }
[ -n "$(part run/results.json)" ] && [ "$(part eval.json)" = "$(part run/results.json)" ] || fail "eval --json differs from the run"
"$program" eval run --part all --json --metrics 'accuracy,top_k: {k: 2}' >all.json 2>eval.log || { fail "eval --part all"; cat eval.log; }
for name in test validation training; do grep -q "^\"$name\":{\"samples\":" all.json || fail "--part all lacks $name"; done
[ "$(grep -c '"top_k":0\.' all.json)" = 3 ] || fail "--metrics: no top_k"
program_refuses 2 "choose train, validation, test or all" eval run --part tests
program_refuses 2 "unknown metric 'acuracy'; did you mean 'accuracy'" eval run --metrics acuracy

# Precision, recall and support of class 3, and the confusion of 8 as 1, from the predictions.
run predict run --part test -o p.csv
expected=$(awk -F, 'NR > 1 { right += $2 == 3; as += $3 == 3; hits += $2 == 3 && $3 == 3; confused += $2 == 8 && $3 == 1 }
    END { printf "%.12g %.12g %d %d", hits / as, hits / right, right, confused }' p.csv)
class=$(part run/results.json | grep -o '{"name":"3",[^}]*}')
number() { echo "$class" | sed 's/.*"'"$1"'":\([^,}]*\).*/\1/'; }
matrix=$(part run/results.json | sed 's/.*"confusion":\[\(.*\)\]\].*/\1/')
found=$(printf '%.12g %.12g %d %d' "$(number precision)" "$(number recall)" "$(number support)" \
    "$(echo "$matrix" | sed 's/\],\[/\n/g; s/\[//g' | sed -n 9p | cut -d, -f2)")
[ "$found" = "$expected" ] || fail "class 3: $found in the results, $expected in the predictions"
grep -qE "^  3 +[0-9.]+ % +[0-9.]+ % +[0-9.]+ % +$(number support) " one.log || fail "no table by class"

# Damage, and other runs.
cp run/results.json kept.json
size=$(stat -c %s kept.json)
for at in 3 $((size / 2)) $((size - 60)) $((size - 3)); do
    cp kept.json run/results.json
    printf '\x5a' | dd of=run/results.json bs=1 seek=$at conv=notrunc 2>/dev/null
    results_are damaged run
done
for bytes in 0 1 $((size / 3)) $((size - 1)); do
    head -c "$bytes" kept.json >run/results.json
    results_are damaged run
done
rm run/results.json
results_are missing run
ends 0 2 1 --run-dir run classifier.yaml # it has ended: only its results are computed again
cmp -s <(timeless run/results.json) <(timeless kept.json) || fail "a run that is resumed writes other results"
ends 0 2 1 --run-dir seed --set training.seed=2 classifier.yaml
cp seed/results.json run/results.json
results_are "other run" run
cp kept.json run/results.json
run info run seed
said 'test mean'
mean=$(awk '/run of the best/ { getline; print $4 }' log)
[ "$(awk '/run of the best/ { getline; print $1 }' log)" = 2 ] || fail "the runs are not one group"
awk -v mean="$mean" -v a="$(sed -n 's/^"test":.*"metrics":{"loss":\([0-9.]*\),.*,"qualifiers.*/\1/p' run/results.json)" \
    -v b="$(sed -n 's/^"test":.*"metrics":{"loss":\([0-9.]*\),.*,"qualifiers.*/\1/p' seed/results.json)" \
    'BEGIN { d = (a + b) / 2 - mean; exit !(a > 0 && d < 1e-5 && d > -1e-5) }' || { fail "test mean $mean"; cat log; }
ends 0 2 1 --run-dir run --set training.epochs=5 classifier.yaml
results_are intact run
cp kept.json run/results.json
results_are outdated run
ends 0 2 1 --run-dir run --fresh --set training.epochs=1 classifier.yaml
grep -q '"epoch":1,' run/results.json || fail "--fresh keeps old results"
# Each result by class is at the threshold of its own metric, and says so; recall is at that of f1, the first one.
{ echo "x,z,a,b,c"; for i in $(seq 240); do echo "$((i % 7)),$((i % 5)),$((i % 7 > 3 || i % 11 == 0)),$((i % 5 > 2)),$((i % 3 == 0))"; done; } >answers.csv
for y in a a,b,c; do
    "$program" import csv answers.csv --x x,z --y $y --target value -o $y.h5 >import.log 2>&1 || { fail "import of $y"; cat import.log; }
    commas=${y//[^,]/}
    cat >$y.yaml <<END
data: {file: "$y.h5", train: {x: x, y: y}, split: {test: 0.4}}
network: [dense: {units: 6, activation: tanh}, dense: {units: $((${#commas} + 1))}]
loss: binary_cross_entropy
metrics: [f1: {threshold: 0.35}, dice, precision, accuracy: {threshold: 0.45}]
training: {epochs: 6, batch_size: 16}
END
    use_engine $y.yaml
    ends 0 1 1 --run-dir answers_$y $y.yaml
    grep -qE '^    at threshold +0\.5 +0\.35 +0\.35 +0\.5$' train.log || { fail "$y: the table does not state thresholds"; cat train.log; }
    run predict answers_$y --part test -o answers_$y.csv
    # yes, predicted and probability of `a`, which is class "1", or the first of several answers
    found=$(part answers_$y/results.json | grep -o "{\"name\":\"$([ $y = a ] && echo 1 || echo a)\",\"precision[^}]*}" |
        sed 's/"name":"[^"]*",//; s/"[a-z0-9]*"://g; s/[{}]//g' | awk -F, '{ printf "%.9g %.9g %.9g %d %.9g", $1, $2, $3, $4, $5 }')
    expected=$(awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) { if ($i ~ /^y(_a)?$/) y = i; if ($i ~ /^y(_a)?_probability$/) p = i }; next }
        { yes += $y; h3 += $y && $p > 0.35; h5 += $y && $p > 0.5; as3 += $p > 0.35; as5 += $p > 0.5 }
        END { printf "%.9g %.9g %.9g %d %.9g", h5 / as5, h3 / yes, 2 * h3 / (yes + as3), yes, 2 * h5 / (yes + as5); if (as3 == as5) exit 1 }' answers_$y.csv) ||
        fail "$y: the two thresholds predict the same: this test shows nothing"
    [ -n "$found" ] && [ "$found" = "$expected" ] || { fail "$y: $found in the results, $expected in the predictions"; head -3 answers_$y.csv; }
    part answers_$y/results.json | grep -qE '"thresholds":\{"precision":0\.5,"recall":0\.34[0-9]*,"f1":0\.34[0-9]*,"dice":0\.5[,}]' ||
        fail "$y: the thresholds in the JSON"
done
grep -q '"confusion":0\.34' answers_a/results.json || fail "the threshold of the confusion matrix"
cp -r answers_a older
rm older/results.json
"$program" info older >log 2>&1
said 'missing: the run has ended, but is of an earlier version'
sed -i 's/^0 /75 /' older/status
"$program" info older >log 2>&1
said 'missing: the run has not been trained to its end, where it is written'
for command in check train; do
    program_refuses 2 'metric mcc on the output of layer dense2: ' $command a,b,c.yaml --run-dir refused \
        --set 'metrics=[mcc, f1: {average: positive}, balanced_accuracy]'
    said 'metric balanced_accuracy on the output of layer dense2: '
    said 'asks 3 separate questions; set `average: macro`'
done

# What is undefined is not 0.
run classifier.yaml --run-dir undefined --set optimizer.adam.learning_rate=1e30 --set training.on_nonfinite=skip --set training.nonfinite_limit=1000 --set training.epochs=1
run info undefined
grep -qE '^ +loss +undefined ' log || { fail "an undefined loss is shown as something else"; cat log; }
run report undefined -o undefined.html
grep -qE '>loss(</bdi>)?</th><td class="number">undefined' undefined.html || fail "the page shows an undefined loss as something else"
finish
