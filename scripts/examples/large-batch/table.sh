#!/usr/bin/env bash
# Test accuracy of each optimizer at each batch size: ./table.sh [ARGUMENT...], with arguments for nntrain.
# SEEDS: default "1 2 3". RANKS: default 2; the results do not depend on it. Run directories of finished runs are kept in
# runs/, and their results are not computed again.
set -euo pipefail
cd "$(dirname "$0")"
export LC_ALL=C
read -r -a seeds <<<"${SEEDS:-1 2 3}"

# The option that depends on the batch size; README.md says how it was tuned.
settings() {
    case $1-$2 in
    sgd-256) echo learning_rate=0.2 ;;
    sgd-2048) echo learning_rate=0.4 ;;
    sgd-8192) echo learning_rate=3.2 ;;
    lars-256) echo trust=0.014 ;;
    lars-2048) echo trust=0.04 ;;
    lars-8192) echo trust=0.08 ;;
    lamb-256) echo learning_rate=0.018 ;;
    lamb-2048) echo learning_rate=0.05 ;;
    lamb-8192) echo learning_rate=0.1 ;;
    esac
}

# accuracy OPTIMIZER BATCH SEED ARGUMENT...: of one run, on the test part.
accuracy() {
    local optimizer=$1 batch=$2 seed=$3 run=runs/$1-$2-seed-$3 config=$1.yaml
    shift 3
    [ "$optimizer" != lars ] || config=large-batch.yaml
    OMP_NUM_THREADS=1 mpirun -n "${RANKS:-2}" --bind-to none nntrain train "$config" --run-dir "$run" \
        --set "training.batch_size=$batch" --set "training.seed=$seed" \
        --set "optimizer.$optimizer.$(settings "$optimizer" "$batch")" "$@" >log 2>&1 || { cat log >&2; return 1; }
    sed -n 's/^test, best.*accuracy \([0-9.]*\) %.*/\1/p' log
}

# row OPTIMIZER BATCH ARGUMENT...
row() {
    local seed found='' one
    for seed in "${seeds[@]}"; do
        one=$(accuracy "$1" "$2" "$seed" "${@:3}")
        [ -n "$one" ] || { echo "$1, batch $2, seed $seed: no result" && exit 1; } >&2
        found+=$one$'\n'
    done
    printf %s "$found" | sort -n | awk -v optimizer="$1" -v batch="$2" '{sum += $1; if (NR == 1) low = $1; high = $1}
        END {printf "%-9s %6d     %5.2f (%.2f to %.2f)\n", optimizer, batch, sum / NR, low, high}'
}

echo "Test accuracy in percent, mean of the seeds ${seeds[*]} (lowest to highest)"
echo "optimizer  batch   accuracy"
for optimizer in sgd lars lamb; do
    for batch in 256 2048 8192; do row $optimizer $batch "$@"; done
done
