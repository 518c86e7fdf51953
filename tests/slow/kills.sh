#!/usr/bin/env bash
# kill -9 of any rank at any moment, NN_KILLS times (100), each followed by a resume on 1 to 8 ranks: after each kill
# the newest checkpoint seen before still exists and can be read, and each finished run has the bits and metrics of the
# undisturbed one. Several runs proceed at the same time, each killed repeatedly.
source "$(dirname "$0")/common.sh"
wanted=${NN_KILLS:-100}
lanes=3
classifier
# Checkpoints of more than a megabyte at each step: many of the kills hit one being written.
settings=(--set training.epochs=30 --set training.peak_seconds=0 --set network.1.dense.units=1400
    --set 'checkpoint.every=1 steps')
seed=${NN_KILL_SEED:-$(($(date +%s) % 32768))}
echo "seed $seed"

train 2 1 classifier.yaml --run-dir whole "${settings[@]}" || { cat train.log; fail "the undisturbed run"; }
reference=$(fingerprint)

# start RANKS: starts the run in the background, with output to run.log
start() {
    OMP_NUM_THREADS=1 mpirun -n "$1" --bind-to none "$program" train "$work/classifier.yaml" --run-dir run "${settings[@]}" \
        >run.log 2>&1 &
    launcher=$!
}

# kill_one: kill -9 of one rank at a random moment after the start; notes the newest checkpoint just before. False if
# the run ended first.
kill_one() {
    local victims=() tries
    for ((tries = 0; tries < 400; tries++)); do
        mapfile -t victims < <(pgrep -P "$launcher" -f "$program")
        if [ ${#victims[@]} -gt 0 ] || ! kill -0 "$launcher" 2>/dev/null; then break; fi
        sleep 0.05
    done
    # One in four is killed while it starts, the others later.
    for ((tries = RANDOM % 4 ? 0 : 400; tries < 400; tries++)); do
        if grep -q '^epoch' run.log || ! kill -0 "$launcher" 2>/dev/null; then break; fi
        sleep 0.05
    done
    sleep "0.$((RANDOM % 900 + 100))"
    mapfile -t victims < <(pgrep -P "$launcher" -f "$program")
    [ ${#victims[@]} -gt 0 ] || return 1
    seen=$(newest_file run)
    kill -9 "${victims[$((RANDOM % ${#victims[@]}))]}" 2>/dev/null
}

check_kill() {
    local what="$1, kill $kills" after
    after=$(newest_file run)
    [[ $after > $seen || $after = "$seen" ]] || fail "$what: $seen was complete, and now the newest is '$after'"
    if compgen -G 'run/*.h5.nntrain.tmp' >/dev/null || compgen -G 'run/checkpoints/*.h5.nntrain.tmp' >/dev/null; then inside=$((inside + 1)); fi
    if grep -q '^warning:.*falling back' run.log; then fail "$what: $(grep 'falling back' run.log)"; fi
    check_readable run "$what"
}

# lane NAME KILLS: kills and resumes a run until it ends, then the next one, until there were KILLS kills
lane() {
    local kills=0 inside=0 finished=0 resumed=0 launcher seen code
    mkdir "$1"
    cd "$1" || exit 1
    ln -s ../whole whole
    failures=0 hung_launchers=0
    while [ $kills -lt "$2" ]; do
        start $((RANDOM % 8 + 1))
        if kill_one; then kills=$((kills + 1)); fi
        wait_launcher "$launcher"
        code=$?
        if grep -q '^resuming' run.log; then resumed=$((resumed + 1)); fi
        if [ $code = 0 ]; then
            finished=$((finished + 1))
            cp run.log train.log
            check_same run "$1, run $finished"
            rm -rf run
        else
            check_kill "$1"
        fi
    done
    start $((RANDOM % 8 + 1))
    wait "$launcher" || { fail "$1: the last resume"; cat run.log; }
    cp run.log train.log
    check_same run "$1, after $kills kills"
    echo "$kills $inside $resumed $((finished + 1)) $hung_launchers $failures" >counts
}

for ((l = 0; l < lanes; l++)); do
    (
        trap - EXIT
        RANDOM=$((seed + 1000 * l))
        lane "lane$l" $(((wanted + l) / lanes))
    ) &
    pids[l]=$!
done
wait "${pids[@]}"
kills=0 inside=0 resumed=0 finished=0 hung=0
for ((l = 0; l < lanes; l++)); do
    if ! read -r a b c d e f <"lane$l/counts"; then
        fail "lane$l has not ended"
        continue
    fi
    kills=$((kills + a)) inside=$((inside + b)) resumed=$((resumed + c)) finished=$((finished + d)) hung=$((hung + e))
    failures=$((failures + f))
done
echo "$kills kills, $inside of them inside a save; $resumed resumes, $finished runs to the end, mpirun hung $hung times"
[ "$kills" -ge $((wanted - lanes)) ] || fail "only $kills kills"
finish
