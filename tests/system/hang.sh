#!/usr/bin/env bash
# No job hangs: a stopped rank (SIGSTOP) is reported and the job ends with exit code 4, a killed rank ends the job at
# once, and no process remains. A job suspended as a whole continues.
source "$(dirname "$0")/common.sh"
classifier
timeout=4
arguments=(classifier.yaml --set training.epochs=100000 --set training.peak_seconds=0
    --set "training.hang_timeout=$timeout" --set checkpoint.every="1000 epochs")

# stopped RANKS RANK: stops that rank, which must be reported
stopped() {
    local name=stopped-$1-$2 code began=$SECONDS
    start "$program" "$1" "$name" "${arguments[@]}"
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
    [ "$(grep -c 'no progress for .* ending the job' "$name.log")" = 1 ] ||
        { fail "$1 ranks, $2 stopped: not reported once"; cat "$name.log"; }
    [ "$(grep -c '^  rank .* is not running' "$name.log")" = 1 ] || { fail "$1 ranks, $2 stopped: the names"; cat "$name.log"; }
    grep -q "^  rank $2 on $(hostname)[^,]*, step [0-9]*, no progress for" "$name.log" ||
        { fail "$1 ranks, $2 stopped: rank $2 is not named"; cat "$name.log"; }
    echo "$1 ranks, rank $2 stopped: $((SECONDS - began)) s, $(grep '^  rank' "$name.log")"
}

killed() {
    local code
    start "$program" "$1" killed "${arguments[@]}"
    kill -9 "$(process_of_rank "$2")"
    if gone 5; then
        wait $launcher
        code=$?
        [ $code -ne 0 ] || fail "$1 ranks, $2 killed: exit 0"
        echo "$1 ranks, rank $2 killed: exit $code"
    else
        fail "$1 ranks, $2 killed: the job still runs after 5 s"
        clear_away
    fi
}

# Suspends the ranks, not the launcher, for longer than the time-out: they continue.
suspended() {
    local epochs
    start "$program" 3 suspended "${arguments[@]}"
    kill -STOP "${processes[@]}"
    sleep $((timeout + 3))
    kill -CONT "${processes[@]}"
    epochs=$(grep -c '^epoch' suspended.log)
    for ((tries = 0; tries < 200; tries++)); do
        [ "$(grep -c '^epoch' suspended.log)" -gt $((epochs + 5)) ] && break
        sleep 0.05
    done
    [ "$(grep -c '^epoch' suspended.log)" -gt "$epochs" ] || { fail "it does not continue after it was suspended"; cat suspended.log; }
    kill -USR1 $launcher
    wait $launcher
    code=$?
    [ $code = 75 ] || { fail "suspended entirely: exit $code, not 75"; tail -n 5 suspended.log; }
}

stopped 2 0
stopped 2 1
stopped 4 2
killed 3 1
suspended
finish
