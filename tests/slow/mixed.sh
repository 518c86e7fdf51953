#!/usr/bin/env bash
# `precision: mixed` trains as well as float32 with the same kernels: four examples, cut to seconds, with five seeds
# each. The mean accuracy of mixed precision on the test part must be within 0.3 points of that of float32, or the mean
# loss within 1 %. Both precisions start from the same weights and see the same samples in the same order, so that the
# seeds are pairs: the standard error in the table is that of the mean of their differences. With the digits, the weather
# and the text it is far below the bound; with fashion it is a third of it, because the two runs of a seed part in the
# first steps. float32 must reach a given result, far from the baseline: without learning both would be equally bad.
source "$(dirname "$0")/../system/common.sh"
export PATH=$(dirname "$program"):$PATH
seeds=(1 2 3 4 5)

# begin NAME: copies the example to a new folder and changes to it
begin() {
    cd "$work" || exit 1
    nntrain init "$1" >init.log 2>&1 || { fail "init $1 ended with $?"; cat init.log; }
    cd "$1" || exit 1
}

prepare() {
    ./prepare.sh "$@" >prepare.log 2>&1 || { fail "prepare.sh $* ended with $?"; cat prepare.log; }
}

# of_test LINE METRIC: prints the metric in that line of the test part, accuracy in percent
of_test() { sed -n "s/^test, $1.*[:,] $2 \([0-9.]*\).*/\1/p" train.log; }

# compare CONFIG METRIC LEAST ARGUMENT...: trains in both precisions and prints a row of the table. LEAST is what the
# mean of float32 must reach: the smallest accuracy, or the largest loss.
compare() {
    local config=$1 metric=$2 least=$3 seed precision results=()
    shift 3
    for seed in "${seeds[@]}"; do
        for precision in float32 mixed; do
            train 2 1 "$config" --fresh --run-dir "run-$precision" --set training.peak_seconds=0 \
                --set training.seed="$seed" --set training.kernels=portable --set training.precision=$precision "$@" ||
                { fail "$config, $precision, seed $seed ended with $?"; cat train.log; return; }
            results+=("$(of_test 'best weights' "$metric")")
        done
    done
    echo "${results[@]}" | awk -v name="${config%.yaml}" -v metric="$metric" -v least="$least" \
        -v baseline="$(of_test baseline "$metric")" '
        function deviation(sum, squares,   variance) {
            variance = (squares - sum * sum / n) / (n - 1)
            return variance > 0 ? sqrt(variance) : 0
        }
        {
            n = NF / 2
            for (i = 1; i < NF; i += 2) {
                a += $i; aa += $i * $i
                b += $(i + 1); bb += $(i + 1) * $(i + 1)
                d = $(i + 1) - $i; s += d; ss += d * d
            }
            bound = metric == "accuracy" ? 0.3 : 0.01 * a / n
            learned = metric == "accuracy" ? a / n >= least : a / n <= least
            printf "%-12s %-9s %9.4f %9.4f %9.4f %9.4f %9.4f %9.4f %9.4f %9.4f\n", name, metric, baseline, a / n,
                deviation(a, aa), b / n, deviation(b, bb), s / n, deviation(s, ss) / sqrt(n), bound
            exit !(NF == 10 && learned && s / n <= bound && s / n >= -bound)
        }' || fail "$config: ${results[*]} (float32 and mixed in turn; float32 must reach $least)"
}

printf '%-12s %-9s %9s %19s %19s %19s %9s\n' network metric baseline 'float32 +-' 'mixed +-' 'difference, error' bound

# A larger test part, the average of the weights, and the best weights by loss: less noise in the accuracy.
begin digits
sed -i '/^  test:/d; s/^  validation:.*/  split: {validation: 0.1, test: 0.4, stratified: true}/' digits.yaml
compare digits.yaml accuracy 95 --set training.epochs=40 --set training.average=0.98 --set checkpoint.best=loss

begin weather
prepare
compare weather.yaml loss 0.15 --set training.epochs=15

# The text is the source code of this program, which is on every machine that runs the test. The frequencies of pairs of
# characters alone give 2.54.
begin text
cat "$source_folder"/src/*/*.c | head -c 600000 >source.txt
prepare source.txt
block=network.3.repeat
compare transformer.yaml loss 2.4 --set data.split.test=0.1 --set data.window.length=64 --set data.window.stride=64 \
    --set network.0.embedding.units=64 --set $block.times=2 --set $block.layers.0.transformer_block.heads=4 \
    --set optimizer.adamw.learning_rate=0.004 --set training.epochs=1 --set training.limit_batches=700

if [ -d /usr/share/datasets/fashion-mnist ]; then
    begin fashion
    prepare
    sed -i 's/filters: 16/filters: 8/; s/f: \[16, 32, 64\]/f: [8, 16, 32]/; /residual_block: {filters: $f}/d' \
        fashion.yaml
    compare fashion.yaml accuracy 65 --set training.batch_size=256 --set training.epochs=1 \
        --set training.limit_batches=80 --set lr_schedule.cosine.warmup=5%
else
    echo "skipped: fashion, as Debian's dataset-fashion-mnist is not installed"
fi
finish
