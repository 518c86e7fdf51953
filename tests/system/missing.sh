#!/usr/bin/env bash
# Missing values: NaN, fill values by attribute, unwritten chunks, gaps of a virtual dataset. Files that lack the same
# values give the same bits, however missing values are marked, on any ranks, in memory or in a stream; nothing missing
# is trained on unless the configuration says how.
build_folder=$(realpath "$2")
source "$(dirname "$0")/common.sh"
"$build_folder/tests/make_missing" . || exit 1

# config NAME FILE TARGET LOSS METRIC: a small network; fields are set on the command line
config() {
    local units=1
    [ "$4" = cross_entropy ] && units=classes
    cat >"$1.yaml" <<C
data: {file: $2, train: {x: x, y: $3}, split: {validation: 0.2}}
network: [dense: {units: 6, activation: tanh}, dense: {units: $units}]
loss: $4
metrics: [$5]
training: {epochs: 2, batch_size: 16, microbatch_size: 4}
C
}

# refused NAME WORDS [ARGUMENT...]: train ends with 5, and WORDS are on one line
refused() {
    local name=$1 words=$2
    shift 2
    train 2 1 "$name.yaml" --run-dir refused --fresh "$@"
    [ $? = 5 ] || { fail "$name was not refused"; cat train.log; }
    [ "$(grep -c -E -- "$words" train.log)" = 1 ] || { fail "$name: not once: '$words'"; cat train.log; }
}

# same WHAT RANKS NAME ARGUMENT...: trains to the bits of `reference`, or sets it
same() {
    local what=$1 ranks=$2 name=$3
    shift 3
    train "$ranks" 1 "$name.yaml" --run-dir same --fresh "$@" || { fail "$what ended with $?"; cat train.log; }
    : "${reference:=$(fingerprint)}"
    [ -n "$reference" ] && [ "$(fingerprint)" = "$reference" ] || { fail "$what gives different bits"; cat train.log; }
    grep -v skipped train.log | grep -qi 'nan' && { fail "$what: a metric is NaN"; cat train.log; }
}

# ---- nothing is trained on silently ----
config nan nan.h5 whole mse rmse
config chunks chunks.h5 whole mse rmse
config virtual virtual.h5 whole mse rmse
config packed packed.h5 whole mse rmse
config months 'month-*.h5' whole mse rmse
refused nan 'sample 32, column 0 is NaN \(the first of .*data.fields.x.missing: drop' --set data.split.validation=0
grep -q 'the first of 160 missing values, 13.3 % of 1200, in 32 of 240 samples' train.log ||
    { fail "the fraction of missing values is not reported"; cat train.log; }
refused chunks 'column 0 is missing: a chunk of dataset "x" of .*never written.*unwritten: fill_value'
refused virtual 'column 0 is missing: (no source of|the file absent.h5 does not exist).*virtual dataset "x"'
refused packed 'column 0 is -32768, which means no value.*data.fields.x.attributes: ignore'
refused months 'column 0 is -32768, which means no value'
for name in chunks virtual; do
    "$program" check $name.yaml >log 2>&1 && { fail "check has no problem with $name"; cat log; }
    grep -q 'column 0 is missing:.*160 of its values were never written' log || { fail "check $name"; cat log; }
done

# ---- each remedy works, with the same bits ----
for policy in mean mask drop; do
    reference=
    for name in nan chunks virtual packed months; do
        same "$name with $policy" 1 $name --set data.fields.x.missing=$policy
    done
    same "packed in a stream, with $policy" 3 packed --set data.fields.x.missing=$policy --set data.cache=stream
    same "chunks in a stream, with $policy" 2 chunks --set data.fields.x.missing=$policy --set data.cache=stream
    [ $policy = mean ] && first=$reference
    [ $policy = drop ] && [ "$reference" = "$first" ] && fail "drop and mean are the same"
done
grep -q 'data.train: 32 of 240 samples are skipped: they have missing values' train.log ||
    { fail "what is dropped is not reported"; cat train.log; }
reference=
same "packed, skipped" 2 packed --set data.on_bad_sample=skip
same "packed, dropped" 2 packed --set data.fields.x.missing=drop
reference=
same "packed, as it stands" 1 packed --set data.fields.x.attributes=ignore
same "packed in a stream, as it stands" 2 packed --set data.fields.x.attributes=ignore --set data.cache=stream
reference=
same "zeros left out" 1 chunks --set data.fields.x.unwritten=fill_value

# ---- targets, and labels ----
config y_nan nan.h5 y mse 'rmse, r2'
config y_packed packed.h5 y mse 'rmse, r2'
config c_nan nan.h5 c cross_entropy accuracy
config c_packed packed.h5 c cross_entropy accuracy
x="--set data.fields.x.missing=mean"
refused y_packed 'data.train.y: .*is -9999, which means no value.*mask \(they are ignored\)' $x
refused c_packed 'data.train.y: .*the label of sample .* is 255, which means no value.*missing: drop' $x
refused c_nan 'data.train.y: .*the label of sample .* is NaN' $x
for policy in mean mask drop; do
    reference=
    same "y as NaN, $policy" 1 y_nan $x --set data.fields.y.missing=$policy
    same "y packed, $policy" 2 y_packed $x --set data.fields.y.missing=$policy
    [ $policy = mean ] && continue
    reference=
    same "labels as NaN, $policy" 1 c_nan $x --set data.fields.y.missing=$policy
    same "labels packed, $policy" 2 c_packed $x --set data.fields.y.missing=$policy --set data.cache=stream
done
refused c_packed 'class labels have no mean' $x --set data.fields.y.missing=mean
refused packed 'missing: mean: needs standardised values' --set data.fields.x.missing=mean \
    --set data.fields.x.normalize=unit_range

# ---- a stream that is not checked beforehand ----
unseen="--set data.cache=stream --set data.check=none --set data.fields.x.normalize=none --set data.fields.y.normalize=none"
refused packed 'value 0 of sample .* is missing' $unseen
same_unseen() { reference=; same "looked at" 1 $1 $unseen --set data.check=all "${@:2}"; same "unseen" 2 $1 $unseen "${@:2}"; }
same_unseen packed --set data.fields.x.missing=mask
same_unseen chunks --set data.fields.x.missing=drop

# ---- windows ----
cat >series.yaml <<C
data: {file: series.h5, train: {x: s}, window: {length: 8, horizon: 1}, split: {validation: 0.2}}
network: [flatten, dense: {units: 4, activation: tanh}, dense: {units: 1}]
loss: mse
training: {epochs: 2, batch_size: 16, microbatch_size: 4}
C
refused series 'data.train.x: .*sample 50, column 0 is 9.96920997e\+36, which means no value'
reference=
same "windows, dropped" 1 series --set data.fields.x.missing=drop --set data.fields.y.missing=drop
# 192 rows have 184 windows with a target; those that contain rows 50 and 51 start at rows 42 to 51.
grep -q '^174 training, 40 validation' train.log || { fail "the wrong windows are dropped"; cat train.log; }
same "windows in a stream" 3 series --set data.fields.x.missing=drop --set data.fields.y.missing=drop --set data.cache=stream
reference=
same "windows, mean" 1 series --set data.fields.x.missing=mean --set data.fields.y.missing=mask

# ---- eval, predict, a resumed run ----
train 2 1 packed.yaml --run-dir run --set data.fields.x.missing=mean || { fail "the run ended with $?"; cat train.log; }
"$program" eval run --data packed.h5 >eval.log 2>&1 || { fail "eval ended with $?"; cat eval.log; }
"$program" eval run --data nan.h5 >other.log 2>&1 || { fail "eval of NaN ended with $?"; cat other.log; }
[ "$(grep -o 'rmse [0-9.]*' eval.log)" = "$(grep -o 'rmse [0-9.]*' other.log)" ] ||
    fail "eval says $(cat eval.log), of NaN $(cat other.log)"
"$program" predict run -o p.csv >predict.log 2>&1 || { fail "predict ended with $?"; cat predict.log; }
grep -qi nan p.csv && fail "a prediction is NaN"
cp packed.h5 kept.h5
cp changed.h5 packed.h5
train 2 1 packed.yaml --run-dir run --set data.fields.x.missing=mean --set training.epochs=4 &&
    { fail "an attribute that has changed goes unnoticed"; cat train.log; }
cp kept.h5 packed.h5
train 1 1 packed.yaml --run-dir run --set data.fields.x.missing=mean --set training.epochs=4 ||
    { fail "the resumed run ended with $?"; cat train.log; }

# ---- info ----
"$program" info packed.h5 >log 2>&1 || { fail "info ended with $?"; cat log; }
grep -q -- '-3 to 60.75, unpacked' log || { fail "info shows a different range"; cat log; }
grep -q 'attributes: -32768 means no value, unpacked by x 0.25 - 3' log || { fail "info does not show attributes"; cat log; }
grep -q 'missing: 160 of 1200 values (13.3 %)' log || { fail "info does not show the fraction"; cat log; }
"$program" info chunks.h5 >log 2>&1 || { fail "info ended with $?"; cat log; }
grep -q '160 of 1200 values were never written: a chunk of dataset "x"' log || { fail "info of chunks"; cat log; }
"$program" info virtual.h5 >log 2>&1 || { fail "info ended with $?"; cat log; }
grep -q '160 of 1200 values were never written: .*absent.h5' log || { fail "info of a virtual dataset"; cat log; }
finish
