#!/usr/bin/env bash
# What losses accept, what metrics report, and which weights are best: targets far from 0 and of different scales, class
# probabilities, several yes/no answers, undefined results. Each value that a loss does not accept is reported by check
# and train, in every part, in memory and in a stream.
build_folder=$(realpath "$2")
source "$(dirname "$0")/common.sh"
"$build_folder/tests/make_targets" t.h5 || exit 1

# config NAME TARGET UNITS LOSS [DATA [METRICS]]
config() {
    cat >"$1.yaml" <<YAML
data: {file: t.h5, train: {x: x, y: $2}, split: {validation: 0.2, test: 0.2, order: chronological}${5:+, $5}}
network: [dense: {units: $3}]
loss: $4
metrics: [${6:-}]
optimizer: {adam: {learning_rate: 0.05}}
training: {epochs: 3, batch_size: 32, microbatch_size: 4}
YAML
}

# run NAME RANKS ARGUMENT...: into the directory NAME.RANKS
run() {
    local name=$1 ranks=$2
    shift 2
    train "$ranks" 1 "$name.yaml" --run-dir "$name.$ranks" "$@" || { fail "$name on $ranks ranks"; cat train.log; }
    grep -qiE '[ :]-?(nan|inf)\b' train.log && { fail "$name: NaN or Inf is printed"; cat train.log; }
}

# says WORDS: on a line of train.log
says() { grep -qE -- "$1" train.log || { fail "nothing prints '$1'"; cat train.log; }; }

# refused CODE WORDS NAME ARGUMENT...: train, on 3 ranks, ends with CODE, check with 2, and both print WORDS once
refused() {
    local code=$1 words=$2 name=$3
    shift 3
    "$program" check "$name.yaml" --run-dir refused "$@" >check.log 2>&1
    [ $? = 2 ] && [ "$(grep -cE -- "$words" check.log)" = 1 ] || { fail "$name: check: $words"; cat check.log; }
    train 3 1 "$name.yaml" --run-dir refused "$@"
    [ $? = "$code" ] && [ "$(grep -cE -- "$words" train.log)" = 1 ] || { fail "$name: $words"; cat train.log; }
}

results() { sed -n 's/^test, best weights[^:]*: //p; /outputs of/,/^fingerprint/p' train.log; }

# same NAME RANKS...: results and fingerprint equal those of 1 rank
same() {
    local reference ranks name=$1
    shift
    for ranks in 1 "$@"; do
        run "$name" "$ranks"
        : "${reference:=$(results)}"
        [ "$(results)" = "$reference" ] || fail "$name: $(results) on $ranks ranks, not $reference"
    done
}

# The errors of the predictions in the file, output by output, equal those shown.
# errors NAME OUTPUTS: r2, rmse, mae, each the mean over the outputs
errors() {
    "$program" predict "$1.1" --part test -o p.csv >/dev/null 2>&1 || fail "predict $1"
    awk -F, -v outputs="$2" '
        NR > 1 { for (o = 0; o < outputs; o++) {
            t = $(2 + 2 * o); d = $(3 + 2 * o) - t
            if (NR == 2) first[o] = t
            n[o]++; s[o] += t - first[o]; q[o] += (t - first[o]) ^ 2; e[o] += d * d; a[o] += d < 0 ? -d : d } }
        END { for (o = 0; o < outputs; o++) {
            r2 += (1 - e[o] / (q[o] - s[o] ^ 2 / n[o])) / outputs
            rmse += sqrt(e[o] / n[o]) / outputs; mae += a[o] / n[o] / outputs }
            printf "%.5f %.4g %.4g\n", r2, rmse, mae }' p.csv
}
shown() {
    sed -n 's/^test, best weights.*r2 \([^,]*\), rmse \([^,]*\), mae \(.*\)/\1 \2 \3/p' train.log |
        awk '{ printf "%.5f %.4g %.4g\n", $1, $2, $3 }'
}
for target in seconds dalton several; do
    outputs=1
    [ $target = several ] && outputs=4
    config $target $target $outputs mse '' 'r2, rmse, mae'
    same $target 7
    [ "$(errors $target $outputs)" = "$(shown)" ] || fail "$target: $(errors $target $outputs) in the file, not $(shown)"
    shown | awk '{ exit !($1 > 0.3 && $1 < 1) }' || { fail "$target is not learned"; cat train.log; }
    says '^epoch 3/3: loss [0-9.]* \(normalised\), '
    sed -n 's/^test, baseline.* r2 \([^,]*\),.*/\1/p' train.log | awk '{ exit !($1 > -0.1 && $1 < 0.01) }' ||
        { fail "$target: the mean explains something"; cat train.log; }
done
says '^test, best weights \(epoch 3\), the outputs of y:$'
grep -cE '^  [0-3]( +-?[0-9.e-]+){3}$' train.log | grep -qx 4 || { fail "no table of outputs"; cat train.log; }
config stream several 4 mse 'cache: stream' 'r2, rmse, mae'
run several 1 --fresh
reference=$(results)
run stream 3
[ "$(results)" = "$reference" ] || fail "a stream: $(results), not $reference"
"$program" eval several.1 >train.log 2>&1
says 'r2 0\.[0-9]+, rmse [0-9.]+, mae [0-9.]+$'
says '^test, the outputs of y:$'

# Baselines are named for what they are; the mean of the targets explains exactly nothing of their variance.
config log positive 1 mse 'fields: {y: {transform: log}}' r2
run log 1
says '^test, baseline \(the geometric mean of the training part\): loss'
config whole seconds 1 mae '' r2
sed -i 's/split: {[^}]*}/split: {}/' whole.yaml
run whole 2
says '^training, baseline \(the mean of the training part\): .* r2 0(,|$)'
grep -q 'sample weights' train.log && fail "there are no weights"
sed 's/y: seconds/y: seconds, weights: counts/' whole.yaml >weighted.yaml
run weighted 1
says '^training, baseline \(the mean of the training part, each sample once\): '
says '^sample weights apply to the loss only; metrics .* count every sample once'

# The targets in a file of predictions have the bits of the data set.
find_python
config difference positive 1 mse 'fields: {y: {transform: difference}}' mae
sed -i 's/train: {x: x,/window: {length: 4, stride: 1, horizon: 1}, train: {x: positive,/' difference.yaml
config exact exact_chance 1 binary_cross_entropy
for name in log whole difference exact; do
    column=$(sed -n 's/.* y: \([a-z_]*\)}.*/\1/p' $name.yaml)
    [ -d $name.1 ] || run $name 1
    "$program" predict $name.1 --part train -o p.csv >/dev/null 2>&1 || fail "predict $name"
    [ -z "$python" ] && continue
    "$python" - $column <<'PY' || fail "$name: the truth is not $column"
import csv, h5py, sys
data = {float(v).hex() for v in h5py.File('t.h5')[sys.argv[1]]}
rows = list(csv.DictReader(open('p.csv')))
wrong = [row['y'] for row in rows if float(row['y']).hex() not in data]
sys.exit(f'{len(wrong)} of {len(rows)}: {wrong[:3]}' if wrong or len(rows) < 100 else 0)
PY
done

# One warning for integers that double cannot hold; none for those that it can.
config even even_ticks 1 mse
run even 1
grep -q 'beyond 2^53' train.log && fail "numbers that double holds are called rounded"
config ticks ticks 1 mse
for ranks in 1 3; do
    run ticks $ranks
    [ "$(grep -c 'warning: data.train.y: dataset "ticks" of .*: sample 41 contains an integer beyond 2^53' train.log)" = 1 ] ||
        { fail "rounded numbers on $ranks ranks"; cat train.log; }
done

# Undefined results: printed as such, null in files, worse than any number, and reported if they should select weights.
config constant constant 1 mse '' 'r2, rmse'
run constant 2 --set checkpoint.best=r2
says 'r2 undefined'
says 'warning: the validation r2 is undefined \(.*the lower validation loss decides on the best weights'
grep -q '"validation":{"loss":[0-9.e-]*,"r2":null,' constant.2/metrics.jsonl || fail "undefined is not null"
"$program" info constant.2 >train.log 2>&1
says '^best_value: undefined$'
config late late 1 binary_cross_entropy '' 'auc, accuracy'
run late 2 --set checkpoint.best=auc --set 'training.early_stopping={patience: 2 epochs}'
says 'auc undefined'
says 'the validation auc is undefined \(if the labelled rows are all of one class'

# The best weights are those with the lowest loss unless a metric is configured; which metrics may be.
config best seconds 1 mse '' 'r2, rmse'
run best 1 --set training.epochs=6
says '^test, best weights \(epoch 6\)'
for name in y.rmse rmse loss y.loss; do run best 1 --fresh --set checkpoint.best=$name; done
train 1 1 best.yaml --run-dir refused --set checkpoint.best=rms
says "did you mean 'rmse'"
sed 's/metrics: .*/metrics: [acc]/' late.yaml >abbreviation.yaml
train 1 1 abbreviation.yaml --run-dir refused
says "did you mean 'accuracy'"

# Class probabilities: recognised, or with kind: value; the same bits; metrics use the largest.
config shares shares classes cross_entropy '' 'accuracy, f1, auc, perplexity, confusion'
same shares 3
config named shares 3 cross_entropy 'fields: {y: {kind: value}}' 'accuracy, f1, auc, perplexity, confusion'
run named 1
[ "$(results)" = "$(run shares 1 --fresh; results)" ] || fail "shares: kind: value is a different run"
says 'accuracy [0-9.]+ %'
"$program" predict shares.1 --part test -o p.csv >/dev/null 2>&1
awk -F, 'NR > 1 { s = $3 + $5 + $7; if (s < 0.9999 || s > 1.0001) exit 1 }' p.csv || fail "probabilities do not sum to 1"
run shares 1 --fresh --set 'loss.cross_entropy.class_weights=balanced'

# Several columns of 0 and 1 are separate questions, whatever their type; weights are balanced per column.
config many many 4 binary_cross_entropy '' 'accuracy, f1, auc'
same many 3
many=$(results)
config floats floats 4 binary_cross_entropy '' 'accuracy, f1, auc'
run floats 1
[ "$(results)" = "$many" ] || fail "the type of 0 and 1 changes the result"
run many 1 --fresh --set 'loss.binary_cross_entropy.class_weights=balanced'
[ "$(results)" != "$many" ] || fail "balanced weights change nothing"
sed -n 's/^test, baseline.*: loss \([^,]*\),.*/\1/p' train.log | awk '{ exit !($1 > 0.6 && $1 < 0.8) }' ||
    { fail "the baseline is not the best constant under the weights"; cat train.log; }
"$program" eval many.1 >train.log 2>&1 || { fail "eval of weights by column"; cat train.log; }
config steps many 4 binary_cross_entropy 'fields: {y: {layout: NT}}' accuracy
run steps 1
says 'warning: data.fields.y.layout: NT: the 4 values of a sample are read as steps of one quantity'
"$program" help auc | grep -q 'if the labelled rows are all of one class' || fail "help does not say when auc is undefined"
config chance chance 1 binary_cross_entropy
run chance 1
config signs signs 1 binary_cross_entropy 'fields: {y: {kind: value, scale: 0.5, offset: 0.5}}' accuracy
run signs 1

# Each value that a loss does not accept, with its place and a remedy.
config outside outside 4 binary_cross_entropy
words='data.train.y: dataset "outside" of .*sample 290, column 2 is 5 .*binary_cross_entropy takes numbers from 0 to 1; .*scale and offset'
for cache in memory stream; do refused 5 "$words" outside --set data.cache=$cache; done
sed 's/train: {[^}]*}, split: {[^}]*}/train: {x: x, y: floats}, validation: {x: x, y: outside}/' outside.yaml >valid.yaml
refused 5 'data.validation.y: dataset "outside" of .*sample 290, column 2 is 5' valid
config sums sums 3 cross_entropy 'fields: {y: {kind: value}}'
refused 5 'dataset "sums" of .*sample (4[1-9]|[5-9]).*takes' sums
config huge huge 1 mse 'fields: {y: {normalize: none}}'
refused 5 'sample 9, column 0 is 1e\+300 .*float32.*normalize: standardize' huge
config plain signs 1 binary_cross_entropy 'fields: {y: {kind: value}}'
refused 5 'column 0 is -1 .*0.5 and 0.5 for -1 and 1' plain
config normal many 4 binary_cross_entropy 'fields: {y: {normalize: standardize}}'
refused 5 'data.fields.y: the loss binary_cross_entropy takes numbers from 0 to 1 as they are' normal
train 2 1 outside.yaml --run-dir unseen --set data.cache=stream --set data.check=none --set data.fields.x.normalize=none
[ $? = 5 ] && says 'sample 290, column 2 is 5' || { fail "nobody looks at a stream that is not checked"; cat train.log; }
train 2 1 outside.yaml --run-dir skipped --set data.on_bad_sample=skip ||
    { fail "a sample with such a value is not skipped"; cat train.log; }
says '1 of 300 samples are skipped'
finish
