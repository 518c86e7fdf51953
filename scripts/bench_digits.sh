#!/usr/bin/env bash
# Test accuracy of the digits example over ten seeds; each seed also makes a new stratified split of all 1797 samples
# (70, 10 and 20 %).
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
export LC_ALL=C
"$root/scripts/setup.sh"
build_preset release >/dev/null
example=$root/scripts/examples/digits
join=$root/build/release/tests/join_data
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

"$join" "$example/digits.h5" all.h5 x x_train x_valid x_test
"$join" "$example/digits.h5" all.h5 y y_train y_valid y_test
sed -e 's/file: .*/file: all.h5/' -e 's/train: {.*/train: {x: x, y: y}/' -e '/^  validation:/d' \
    -e 's/^  test: .*/  split: {validation: 0.1, test: 0.2, stratified: true}/' "$example/digits.yaml" >digits.yaml

prepare_mpirun 2
echo "seed  test accuracy"
for seed in 1 2 3 4 5 6 7 8 9 10; do
    OMP_NUM_THREADS=1 mpirun -n 2 "$root/build/release/nntrain" train digits.yaml --run-dir "run-$seed" \
        --set training.seed=$seed --set data.split.seed=$seed >log 2>&1 || { cat log; exit 1; }
    sed -n 's/^test, best.*accuracy \([0-9.]*\).*/\1/p' log >>accuracies
    printf '%4d  %s %%\n' $seed "$(tail -n 1 accuracies)"
done
awk '{sum += $1; if (NR == 1 || $1 < least) least = $1}
    END {printf "mean  %.2f %%, minimum %.2f %%\n", sum / NR, least}' accuracies
