#!/usr/bin/env bash
# kill -9 of one rank at a random moment and resume on another number of ranks, five times in a row: fingerprint and
# metrics equal those of the uninterrupted run.
source "$(dirname "$0")/common.sh"
classifier
settings=(--set training.epochs=240 --set training.peak_seconds=0)

train 2 1 classifier.yaml --run-dir whole "${settings[@]}" || { cat train.log; fail "the uninterrupted run"; }
reference=$(fingerprint)
echo "uninterrupted: $reference"

seed=${NN_KILL_SEED:-$(date +%N | sed 's/^0*//')}
echo "seed $seed"
RANDOM=$((seed % 32768))
kills=0
for ranks in 3 1 4 2 5; do
    OMP_NUM_THREADS=1 mpirun -n $ranks --bind-to none "$program" train classifier.yaml --run-dir killed \
        "${settings[@]}" >killed.log 2>&1 &
    launcher=$!
    sleep "$((RANDOM % 2)).$((RANDOM % 9000 + 1000))"
    victims=($(pgrep -P $launcher -f "$program" || true))
    if [ ${#victims[@]} -gt 0 ]; then
        kill -9 "${victims[$((RANDOM % ${#victims[@]}))]}" && kills=$((kills + 1))
    fi
    wait_launcher $launcher
    echo "on $ranks ranks: exit $?, $(grep -c resuming killed.log) resumed, $(ls killed/checkpoints 2>/dev/null | tail -n 1)"
done
[ "$kills" -gt 0 ] || fail "no rank was killed: the run is too short"
train 7 2 classifier.yaml --run-dir killed "${settings[@]}" || { cat train.log; fail "the last resume"; }
[ "$(fingerprint)" = "$reference" ] || fail "after $kills kills: $(fingerprint), not $reference"
[ "$(times_aside killed)" = "$(times_aside whole)" ] || fail "metrics.jsonl differs after the kills"
echo "$kills kills, fingerprint $(fingerprint)"
finish
