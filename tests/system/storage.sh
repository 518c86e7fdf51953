#!/usr/bin/env bash
# How the data is stored affects speed only: chunks, compression, element type and division into files do not change the
# split, the order of samples or the bits. check and info warn if chunks make a stream read much more than the data, and
# their remedies work. A file repacked between two jobs resumes with the same bits; a file with a changed value is
# refused, whatever its part.
source "$(dirname "$0")/common.sh"
make=$2/tests/make_data
rows=20000 columns=40

# data FILE CHUNK DEFLATE TYPE [ROWS FIRST]
data() { "$make" "$1" "${5:-$rows}" $columns 5 "$2" "$3" 0 0 "$4" "${6:-0}" || fail "making $1"; }

# configuration LINE...: lines of data
configuration() {
    cat >d.yaml <<YAML
data:
  file: data.h5
  train: {x: x, y: y}
$(printf '  %s\n' "$@")
network: [{dense: {units: 8, activation: relu}}, {dense: {units: classes}}]
loss: cross_entropy
optimizer: {sgd: {learning_rate: 0.01}}
training: {epochs: 1, batch_size: 500, microbatch_size: 100, peak_seconds: 0}
YAML
}

# alone ARGUMENT...: one rank and one thread
alone() { OMP_NUM_THREADS=1 "$program" train d.yaml --fresh --run-dir run "$@" >train.log 2>&1 || { tail -n 3 train.log; fail "$*"; }; }

# same WHAT: the fingerprint equals that of the first run since `expected` was unset
same() {
    : "${expected:=$(fingerprint)}"
    [ -n "$expected" ] && [ "$(fingerprint)" = "$expected" ] || fail "$1: $(fingerprint), not $expected"
}

# ---- the same bits ----

configuration "split: {validation: 0.1, test: 0.05}" "shuffle: block" "shuffle_window: 0.25" "shuffle_block: 500"
for layout in "0 0 1" "1 0 1" "64 1 4" "1000 1 8" "777 0 8" "$rows 1 4"; do
    # shellcheck disable=SC2086 # three numbers
    data data.h5 $layout
    for cache in memory stream; do
        alone --set data.cache=$cache
        same "$layout, $cache"
    done
done
data part-1.h5 0 0 4 7001 0
data part-2.h5 100 1 4 $((rows - 7001)) 7001
alone --set data.file='part-*.h5'
same "in two files"
train 3 1 d.yaml --fresh --run-dir run --set data.file='part-*.h5' --set data.cache=stream
same "in two files, as a stream on 3 ranks"
alone --set data.split.seed=2
[ "$(fingerprint)" != "$expected" ] || fail "data.split.seed changes nothing"

for way in "split: {validation: 0.1}" "split: {validation: 0.2, stratified: true}" "balanced: true" "shuffle: block"; do
    configuration "$way"
    unset expected
    for layout in "0 0 1" "900 1 8"; do
        # shellcheck disable=SC2086 # three numbers
        data data.h5 $layout
        alone --set data.cache=stream
        same "$way, $layout"
    done
done

# ---- between two jobs ----

cat >d.yaml <<YAML
data:
  train: {x: x, y: y, file: data.h5}
  validation: {x: x, y: y, file: validation.h5}
  test: {x: x, y: y, file: test.h5}
network: [{dense: {units: 8, activation: relu}}, {dense: {units: classes}}]
loss: cross_entropy
optimizer: {sgd: {learning_rate: 0.01}}
lr_schedule: constant
training: {epochs: 1, batch_size: 500, microbatch_size: 100, peak_seconds: 0}
YAML
data data.h5 0 0 1
data validation.h5 0 0 1 1000 50000
data test.h5 0 0 1 1000 60000
alone --set training.epochs=2
unset expected
same "two epochs"
alone
mv run half

# resume ARGUMENT...: resumes a copy of the run after one epoch
resume() {
    rm -rf two
    cp -r half two
    train 2 1 d.yaml --run-dir two --set training.epochs=2 "$@"
}

# refused WHAT: by train and by check, with the part
refused() {
    ! resume || fail "changed data is accepted: $1"
    grep -q "^  $1" train.log || { cat train.log; fail "the message does not name $1"; }
    "$program" check d.yaml --run-dir two --set training.epochs=2 >check.log 2>&1 && fail "check accepts $1"
    grep -q "$1" check.log || { cat check.log; fail "check does not name $1"; }
}

data data.h5 64 1 8
data validation.h5 100 0 4 1000 50000
resume || { cat train.log; fail "a repacked file is refused"; }
same "repacked"
resume --set data.train.file='part-*.h5' || { cat train.log; fail "rows in two files are refused"; }
same "rows in two files"
data validation.h5 0 0 1 1000 50001
refused 'data.validation.x, dataset "x" of .*validation.h5: its values have changed'
data validation.h5 0 0 1 1001 50000
refused 'data.validation.x, dataset "x" of .*validation.h5: has 1001 samples, had 1000'
data validation.h5 0 0 1 1000 50000
data test.h5 0 0 1 1000 60001
refused 'data.test.y, dataset "y" of .*test.h5: its values have changed'
data test.h5 0 0 1 1000 60000
resume || { cat train.log; fail "the first data is refused"; }
same "the first data again"

# ---- unchecked data ----

# Class proportions, normalisation and baselines are measured however the data is kept.
cat >d.yaml <<YAML
data: {file: data.h5, train: {x: x, y: y}, split: {validation: 0.1}, check: none}
network: [{dense: {units: 8, activation: relu}}, {dense: {units: classes}}]
loss: {cross_entropy: {class_weights: balanced}}
training: {epochs: 1, batch_size: 500, microbatch_size: 100, peak_seconds: 0}
YAML
for fields in "{}" "{x: {normalize: none}, y: {classes: 5}}"; do
    alone --set data.cache=memory --set data.fields="$fields"
    unset expected
    same "$fields in memory"
    grep 'best weights\|baseline' train.log >figures
    alone --set data.cache=stream --set data.fields="$fields"
    same "$fields, a stream that is not checked"
    grep 'best weights\|baseline' train.log | diff figures - || fail "$fields: different results from a stream"
done

# refuses WHAT LOSS: with this message, by train and by check
refuses() {
    ! OMP_NUM_THREADS=1 "$program" train d.yaml --fresh --run-dir run --set loss="$2" >train.log 2>&1 || fail "not refused: $2"
    grep -q "$1" train.log || { cat train.log; fail "the message does not say: $1"; }
    ! "$program" check d.yaml --set loss="$2" >check.log 2>&1 || fail "check accepts $2"
    grep -q "$1" check.log || { cat check.log; fail "check does not say: $1"; }
}
refuses "class_weights: all are 0" "{cross_entropy: {class_weights: [0, 0, 0, 0, 0]}}"
"$make" data.h5 100 $columns 1 || fail "making data.h5"
sed -i 's/check: none}/check: none, fields: {y: {classes: 2}}}/' d.yaml
refuses "the classes of all samples to train on have weight 0" "{cross_entropy: {class_weights: [0, 1]}}"

# ---- the amount read ----

# reads WHAT ARGUMENT...: check gives this warning
reads() {
    local what=$1
    shift
    "$program" check d.yaml "$@" >check.log 2>&1
    if [ -z "$what" ]; then
        ! grep -E 'reads the data|data.memory' check.log || fail "check warns with $*"
    else
        grep -q "$what" check.log || { cat check.log; fail "check does not say: $what"; }
    fi
}

configuration "split: {validation: 0.1}" "shuffle: block" "shuffle_window: 0.1" "shuffle_block: 500" "cache: stream"
data data.h5 4000 1 4
reads "data.train.x: an epoch of a stream reads the data about [0-9]* times.*set data.shuffle_block=4000.*h5repack -l x:CHUNK=512x40 "
remedy=$(grep -o 'set data.shuffle_block=[^,]*' check.log | sed 's/^set /--set /; s/ and / --set /')
reads "" --set data.cache=memory
# shellcheck disable=SC2086 # settings
reads "" $remedy
data data.h5 512 1 4
reads ""
"$make" wide.h5 5000 3000 5 300 1 || fail "making wide.h5"
reads "every sample unpacks a chunk of 300 rows: set data.shuffle=block" --set data.file=wide.h5 \
    --set data.shuffle=full --set data.memory=1
"$program" info wide.h5 >info.log
grep -q 'reads this about 4 times.*shuffle_block: 300.*h5repack -l x:CHUNK=87x3000 ' info.log || { cat info.log; fail "info"; }
finish
