#!/usr/bin/env bash
# No rank hangs: one that is stopped (SIGSTOP) is named and the job ends with exit code 4, one that is killed ends the
# job at once, and nothing is left behind. A job that was suspended as a whole goes on.
source "$(dirname "$0")/common.sh"
classifier
faults=$2/tests/nntrain_faults
timeout=4
settings=(--set training.epochs=100000 --set training.peak_seconds=0 --set "training.hang_timeout=$timeout"
    --set checkpoint.every="1000 epochs")

# start PROGRAM RANKS DIRECTORY ARGUMENT...: in the background, until the second epoch is done
start() {
    local program=$1 ranks=$2 directory=$3 tries
    shift 3
    OMP_NUM_THREADS=1 mpirun -n "$ranks" --bind-to none "$program" train classifier.yaml --run-dir "$directory" \
        "${settings[@]}" "$@" >"$directory.log" 2>&1 &
    launcher=$!
    for ((tries = 0; tries < 600; tries++)); do
        grep -q '^epoch 2/' "$directory.log" 2>/dev/null && break
        sleep 0.05
    done
    processes=($(pgrep -P $launcher))
}

process_of_rank() {
    local process
    for process in "${processes[@]}"; do
        if tr '\0' '\n' <"/proc/$process/environ" 2>/dev/null | grep -qx "OMPI_COMM_WORLD_RANK=$1"; then
            echo "$process"
        fi
    done
}

# gone SECONDS: whether launcher and ranks are all gone within so many seconds
gone() {
    local tries process alive
    for ((tries = 0; tries < $1 * 20; tries++)); do
        alive=0
        for process in $launcher "${processes[@]}"; do
            # Neither there nor a zombie that is only to be waited for.
            grep -qs '^State:.[^Z]' "/proc/$process/status" && alive=1
        done
        [ $alive = 0 ] && return 0
        sleep 0.05
    done
    return 1
}

# clear_away: what a failed test has left
clear_away() {
    kill -9 $launcher "${processes[@]}" 2>/dev/null
    wait $launcher 2>/dev/null
}

# stopped RANKS RANK: that rank is stopped, and named
stopped() {
    local name=stopped-$1-$2 code began=$SECONDS
    start "$program" "$1" "$name"
    kill -STOP "$(process_of_rank "$2")"
    if ! gone 60; then
        fail "$1 ranks, $2 stopped: the job still runs after 60 s"
        cat "$name.log"
        clear_away
        return
    fi
    wait $launcher
    code=$?
    [ $code = 4 ] || { fail "$1 ranks, $2 stopped: exit $code, not 4"; cat "$name.log"; }
    [ "$(grep -c 'no progress for .* the job ends' "$name.log")" = 1 ] ||
        { fail "$1 ranks, $2 stopped: not told once"; cat "$name.log"; }
    [ "$(grep -c '^  rank .* stands still' "$name.log")" = 1 ] || { fail "$1 ranks, $2 stopped: the names"; cat "$name.log"; }
    grep -q "^  rank $2 on $(hostname)[^,]*, step [0-9]*, no progress for" "$name.log" ||
        { fail "$1 ranks, $2 stopped: rank $2 is not named"; cat "$name.log"; }
    echo "$1 ranks, rank $2 stopped: $((SECONDS - began)) s, $(grep '^  rank' "$name.log")"
}

killed() {
    local code
    start "$program" "$1" killed
    kill -9 "$(process_of_rank "$2")"
    if gone 5; then
        wait $launcher
        code=$?
        [ $code -ne 0 ] || fail "$1 ranks, $2 killed: exit 0"
    else
        fail "$1 ranks, $2 killed: the job still runs after 5 s"
        clear_away
    fi
}

# The ranks, not the launcher: it takes no part. Suspended for longer than the time-out, they go on.
suspended() {
    local epochs
    start "$program" 3 suspended
    kill -STOP "${processes[@]}"
    sleep $((timeout + 3))
    kill -CONT "${processes[@]}"
    epochs=$(grep -c '^epoch' suspended.log)
    for ((tries = 0; tries < 200; tries++)); do
        [ "$(grep -c '^epoch' suspended.log)" -gt $((epochs + 5)) ] && break
        sleep 0.05
    done
    [ "$(grep -c '^epoch' suspended.log)" -gt "$epochs" ] || { fail "it does not go on after it was suspended"; cat suspended.log; }
    kill -USR1 $launcher
    wait $launcher
    code=$?
    [ $code = 75 ] || { fail "suspended as a whole: exit $code, not 75"; tail -n 5 suspended.log; }
}

stopped 2 0
stopped 2 1
stopped 4 2
killed 3 1
suspended
finish
