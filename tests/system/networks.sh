#!/usr/bin/env bash
# The promise for every kind of network: fingerprint, test metrics and metrics.jsonl (except times) are those of one
# rank on any number of ranks and threads, in small waves, after a stop in the middle of an epoch, and from a stream;
# and eval and predict accept the result.
tools=$(realpath "$2")/tests
source "$(dirname "$0")/common.sh"
source "$source_folder/tests/system/common_networks.sh"

# compare NAME WHAT REFERENCE RANKS THREADS ARGUMENT...: trains, or resumes, and compares; the run stays in `run`. Every
# step is verified for silent corruption, and none may be reported.
compare() {
    local name=$1 what=$2 reference=$3 ranks=$4 threads=$5
    shift 5
    train "$ranks" "$threads" "$name.yaml" --run-dir run --set training.peak_seconds=0 \
        --set training.verify_every=1 "$@" ||
        { fail "$name, $what, on $ranks x $threads ended with $?"; cat train.log; return; }
    [ "$(figures run)" = "$reference" ] || fail "$name, $what, on $ranks x $threads: $(figures run), not $reference"
}

# A run stopped at a step: a copy of a complete one, without the checkpoints of later steps.
stop_at_half() {
    local checkpoints=(run/checkpoints/*)
    local kept=$((${#checkpoints[@]} / 2 - 1))
    [ "$kept" -gt 0 ] || fail "$1: only ${#checkpoints[@]} checkpoints"
    rm -f "${checkpoints[@]:$kept}"
}

check_kind() {
    local name=$1 reference double mixed shape best
    $name >"$name.yaml"
    use_engine "$name.yaml"
    rm -rf run
    train 1 1 "$name.yaml" --run-dir run --set training.peak_seconds=0 \
        --set 'checkpoint={every: 1 step, keep_last: 1000}' ||
        { fail "$name ended with $?"; cat train.log; return; }
    reference=$(figures run)
    echo "$name: $(fingerprint), $(grep '^test, best' train.log)"
    [ -n "$(fingerprint)" ] || fail "$name: no fingerprint"

    # Stopped in the middle of an epoch, then continued on other ranks.
    stop_at_half "$name"
    compare "$name" resumed "$reference" 3 2
    grep -q resuming train.log || fail "$name: not resumed"
    "$program" eval run >eval.log 2>&1 || { fail "$name: eval ended with $?"; cat eval.log; }
    best=$(sed -n 's/^test, best.*: //p' train.log)
    [ -n "$best" ] && grep -q "test part: $best" eval.log || { fail "$name: eval differs from $best"; cat eval.log; }
    mpirun -n 3 --bind-to none "$program" eval run >eval-3.log 2>&1
    cmp -s eval.log eval-3.log || { fail "$name: eval on 3 ranks"; cat eval-3.log; }
    "$program" predict run -o predictions.csv >predict.log 2>&1 ||
        { fail "$name: predict ended with $?"; cat predict.log; }
    [ "$(wc -l <predictions.csv)" -gt 10 ] || fail "$name: $(wc -l <predictions.csv) lines of predictions"
    grep -qi 'nan' predictions.csv && fail "$name: predictions are not numbers"

    for ranks in 1 2 3 4 7; do
        for threads in 1 2; do
            [ "$ranks $threads" = '1 1' ] && continue
            rm -rf run
            compare "$name" whole "$reference" $ranks $threads
        done
    done
    rm -rf run
    compare "$name" 'small waves' "$reference" 2 2 --set training.memory=0.001
    rm -rf run
    compare "$name" streamed "$reference" 2 1 --set data.cache=stream --set data.memory=1

    rm -rf run
    train 1 2 "$name.yaml" --run-dir run --set training.precision=float64
    double=$(figures run)
    [ -n "$(fingerprint)" ] || { fail "$name in float64"; cat train.log; }
    rm -rf run
    compare "$name" 'in float64' "$double" 7 1 --set training.precision=float64
    [ "$double" != "$reference" ] || fail "$name: float64 has the bits of float32"

    rm -rf run
    train 1 1 "$name.yaml" --run-dir run --set training.precision=mixed --set training.peak_seconds=0
    mixed=$(figures run)
    [ -n "$(fingerprint)" ] || { fail "$name in mixed precision"; cat train.log; }
    [ "$mixed" != "$reference" ] || fail "$name: mixed precision has the bits of float32"
    for shape in '1 2' '2 1' '2 2' '3 1' '3 2' '4 1' '4 2' '7 1' '7 2'; do
        rm -rf run
        compare "$name" 'in mixed precision' "$mixed" $shape --set training.precision=mixed
    done
}

for name in "${kinds[@]}"; do check_kind "$name"; done

# kill -9 of a rank while state is carried: a checkpoint contains all of it.
killed=(--set training.epochs=400 --set training.peak_seconds=0 --set 'checkpoint={every: 17 steps, keep_last: 2}')
train 2 1 waves.yaml --run-dir whole "${killed[@]}" || { cat train.log; fail "waves, whole"; }
reference=$(figures whole)
seed=${NN_KILL_SEED:-$(date +%N | sed 's/^0*//')}
echo "seed $seed"
RANDOM=$((seed % 32768))
kills=0
for ranks in 3 1 2 3; do
    OMP_NUM_THREADS=1 mpirun -n $ranks --bind-to none "$program" train waves.yaml --run-dir killed "${killed[@]}" \
        >killed.log 2>&1 &
    kill_a_rank $! && kills=$((kills + 1))
    wait $!
done
[ "$kills" -gt 0 ] || fail "no rank was killed: the run is too short"
train 4 1 waves.yaml --run-dir killed "${killed[@]}" || { cat train.log; fail "waves, the last resume"; }
[ "$(figures killed)" = "$reference" ] || fail "waves after $kills kills: $(figures killed), not $reference"
finish
