#!/usr/bin/env bash
# training.wire: bf16 keeps the promise: the same bits on any number of ranks and threads, in small waves and after a
# stop, for a network of each kind; and it is refused where it means nothing.
tools=$(realpath "$2")/tests
source "$(dirname "$0")/common.sh"
source "$source_folder/tests/system/common_networks.sh"

table() { # layers without convolutions; microbatches that are rounded one by one
    cat <<YAML
data: {file: $digits/digits.h5, train: {x: x_train, y: y_train}, test: {x: x_test, y: y_test}}
network:
  - dense: {units: 48, activation: relu}
  - dropout: 0.2
  - dense: {units: classes}
loss: cross_entropy
metrics: [accuracy]
training: {epochs: 1, batch_size: 272, microbatch_size: 17}
YAML
}

# same WHAT RANKS THREADS ARGUMENT...: trains, or resumes, and compares with the reference
same() {
    local what=$1 ranks=$2 threads=$3
    shift 3
    train "$ranks" "$threads" "$name.yaml" --run-dir run "${own[@]}" "$@" ||
        { fail "$name, $what, on $ranks x $threads ended with $?"; cat train.log; return; }
    [ "$(fingerprint)" = "$reference" ] || fail "$name, $what, on $ranks x $threads: $(fingerprint), not $reference"
}

declare -A batch=([table]=272 [images]=96 [sequences]=48) leaves=([table]=1 [images]=4 [sequences]=8)
for name in table images sequences; do
    $name >"$name.yaml"
    own=(--set training.wire=bf16 --set training.peak_seconds=0 --set "training.batch_size=${batch[$name]}"
        --set training.limit_batches=5 --set training.epochs=1)
    train 1 1 "$name.yaml" --run-dir run "${own[@]}" --fresh --set 'checkpoint={every: 1 step}' ||
        { fail "$name ended with $?"; cat train.log; continue; }
    reference=$(fingerprint)
    echo "$name: $reference"
    [ -n "$reference" ] || fail "$name: no fingerprint"
    grep -q "^wire: bf16: .* over ${leaves[$name]} microbatch" train.log ||
        { fail "$name: the log does not say which sums are rounded"; cat train.log; }
    rm -f run/checkpoints/"$(find run/checkpoints -name '*.h5' -printf '%f\n' | sort -V | tail -1)"
    same resumed 3 2 --set 'checkpoint={every: 1 step}'
    grep -q resuming train.log || fail "$name: not resumed"
    for ranks in 1 2 3 4 7 16; do
        for threads in 1 2; do same whole $ranks $threads --fresh; done
    done
    same 'in small waves' 2 2 --fresh --set training.memory=0.001
    train 1 1 "$name.yaml" --run-dir run "${own[@]}" --fresh --set training.wire=float32
    [ -n "$(fingerprint)" ] && [ "$(fingerprint)" != "$reference" ] || fail "$name: nothing is rounded"
    train 1 2 "$name.yaml" --run-dir run "${own[@]}" --fresh --set training.precision=mixed
    reference=$(fingerprint)
    same 'in mixed precision' 7 1 --fresh --set training.precision=mixed
done

ends 2 2 1 sequences.yaml --run-dir run "${own[@]}" --set training.precision=mixed --set training.wire=float32
grep -q 'training.wire: was bf16, is now float32' train.log || { fail "resumed with another wire"; cat train.log; }
program_refuses 2 'training.wire: bf16 cannot be used with precision: float64' check table.yaml \
    --set training.wire=bf16 --set training.precision=float64
program_refuses 2 'training.wire: bf16 cannot be used with allreduce: mpi' check table.yaml \
    --set training.wire=bf16 --set training.allreduce=mpi
finish
