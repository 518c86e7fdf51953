#!/usr/bin/env bash
# The examples as a user runs them: nntrain init, prepare.sh, training. Those that take seconds must reach the results
# in their READMEs; the others train a few steps, on generated data if theirs is not on the machine.
build_folder=$(realpath "$2")
source "$(dirname "$0")/common.sh"
export PATH=$(dirname "$program"):$PATH

# begin NAME: copies the example to a new folder and changes to it
begin() {
    cd "$work" || exit 1
    nntrain init "$1" >init.log 2>&1 || { fail "init $1 ended with $?"; cat init.log; }
    cd "$1" || exit 1
}

prepare() {
    ./prepare.sh "$@" >prepare.log 2>&1 || { fail "prepare.sh $* ended with $?"; cat prepare.log; }
}

# run CONFIG ARGUMENT...
run() {
    train 2 1 "$@" || { fail "$* ended with $?"; cat train.log; }
    [ -n "$(fingerprint)" ] || fail "$*: no fingerprint"
}

# test_rmse WHAT: prints the RMSE in the line of the test part that contains WHAT
test_rmse() { sed -n "s/^test, $1.*rmse \([0-9.]*\).*/\1/p" train.log; }

# at_most VALUE LIMIT WHAT
at_most() {
    awk -v value="$1" -v limit="$2" 'BEGIN {exit !(value != "" && value + 0 <= limit + 0)}' || fail "$3: $1, above $2"
}

nntrain init >list.log || fail "init without a name ended with $?"
for name in digits stocks weather fuel cats-dogs fashion large-batch text advection; do
    grep -q "^  $name " list.log || fail "init does not list $name"
done
nntrain init wether 2>unknown.log && fail "an example that is not there was copied"
grep -q "did you mean 'weather'" unknown.log || fail "no suggestion for wether: $(cat unknown.log)"

begin weather
prepare
run weather.yaml
at_most "$(test_rmse 'best weights')" 2.70 "the error of the weather"

begin stocks
prepare
run stocks.yaml
persistence=$(test_rmse 'baseline (the last value seen)')
at_most "$(test_rmse 'best weights')" "$(awk -v p="$persistence" 'BEGIN {print 1.02 * p}')" "the error of the stocks"
nntrain predict runs/stocks --part test -o predictions.csv >predict.log 2>&1 || { fail "predict ended with $?"; cat predict.log; }
[ "$(wc -l <predictions.csv)" = 368 ] || fail "predictions: $(wc -l <predictions.csv) lines"
(nntrain init stocks .. >again.log 2>&1; nntrain init stocks . >again.log 2>&1) && fail "init has overwritten files"

begin fuel
prepare
run fuel.yaml
at_most "$(test_rmse 'best weights')" 4 "the error of the fuel"

begin text
for line in $(seq 400); do echo "the cat sat on the mat, the dog ran to the cat: $((line * line % 97))"; done >sample.txt
prepare sample.txt
few=(--set training.epochs=1 --set training.limit_batches=2 --set data.window.length=32 --set data.window.stride=32)
run text.yaml "${few[@]}"
run transformer.yaml "${few[@]}"
for run in text transformer; do
    nntrain generate runs/$run --prompt "the " --length 40 >one.txt || fail "generate from $run ended with $?"
    nntrain generate runs/$run --prompt "the " --length 40 >other.txt
    cmp -s one.txt other.txt || fail "the same seed gives two texts"
    [ "$(head -c 4 one.txt)" = "the " ] && [ "$(wc -m <one.txt)" -ge 44 ] || fail "$run: generated $(cat one.txt)"
    nntrain generate runs/$run --prompt "the " --length 40 --seed 2 --temperature 2 >other.txt
    cmp -s one.txt other.txt && fail "a different seed gives the same text"
done
nntrain generate runs/text --prompt "WHAT" 2>unknown.log && fail "a prompt of unknown symbols was taken"
grep -q "at byte 1" unknown.log || fail "the unknown symbol is not reported: $(cat unknown.log)"

begin cats-dogs
"$build_folder/tests/make_data" pictures.h5 640 3072 2 || fail "no data was made"
for part in train test; do
    sed -i "s/{x: x_$part, y: y_$part}/{x: x, y: y}/" cats-dogs.yaml
done
cp pictures.h5 cats-dogs.h5
sed -i 's/^network:/network:\n  - reshape: {shape: [32, 32, 3]}/; s/, augment: .*//; s/^  fields:.*//' cats-dogs.yaml
run cats-dogs.yaml --set training.epochs=1 --set training.limit_batches=2
./prepare.sh nowhere >prepare.log 2>&1 && fail "prepare.sh took a folder that is not there"

if [ -d /usr/share/datasets/fashion-mnist ]; then
    begin fashion
    prepare
    for config in fashion lenet; do run $config.yaml --set training.epochs=1 --set training.limit_batches=2; done

    begin large-batch
    prepare
    run large-batch.yaml --set training.epochs=1 --set training.limit_batches=2
    SEEDS=1 ./table.sh --set training.epochs=1 --set training.limit_batches=1 >table.txt ||
        { fail "table.sh ended with $?"; cat log; }
    [ "$(grep -c '^\(sgd\|lars\|lamb\) .* [0-9.]* ([0-9.]* to [0-9.]*)$' table.txt)" = 9 ] ||
        { fail "not nine results:"; cat table.txt; }
    result=$(sed -n 's/^test, best.*accuracy \([0-9.]*\) %.*/\1/p' log)
    grep -q "^lamb *8192 *$result ($result to $result)$" table.txt || fail "the last run has $result: $(tail -n 1 table.txt)"
else
    echo "skipped: fashion and large-batch, as Debian's dataset-fashion-mnist is not installed"
fi
finish
