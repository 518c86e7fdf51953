#!/usr/bin/env bash
# A host that is lost in the middle of training, because its cable is pulled or its power fails: the ranks on it are
# named, the job ends with exit code 4, no rank remains, and the newest checkpoint is intact. Each case has a testbed of
# its own.
if [ -z "${lost_case:-}" ]; then
    for lost_case in 1 2 3; do
        lost_case=$lost_case "$0" "$@" || exit $?
    done
    exit 0
fi
export lost_case
source "$(dirname "$0")/../system/common_hosts.sh"
classifier
arguments=(classifier.yaml --set training.epochs=100000 --set training.peak_seconds=0 --set training.hang_timeout=4
    --set checkpoint.every="3 steps")

# ranks_remain: for 15 s after the job
ranks_remain() {
    local tries
    for ((tries = 0; tries < 150; tries++)); do
        pgrep -f "^$program" >/dev/null || return 1
        sleep 0.1
    done
}

# lost HOST "RANK ..." REASON TESTBED_COMMAND...: three hosts, two ranks each on h1 and h2 and one on h3.
lost() {
    local name=lost-$1-$4 host=$1 ranks=$2 reason=$3 rank tries code
    OMP_NUM_THREADS=1 mpirun --host h1:2,h2:2,h3:1 -n 5 --map-by slot "$program" train --run-dir "$name" \
        "${arguments[@]}" >"$name.log" 2>&1 &
    launcher=$!
    for ((tries = 0; tries < 600; tries++)); do
        grep -q '^epoch 2/' "$name.log" && break
        sleep 0.05
    done
    testbed "${@:4}" 2>/dev/null || fail "$name: testbed ${*:4}"
    for ((tries = 0; tries < 600; tries++)); do
        kill -0 $launcher 2>/dev/null || break
        sleep 0.1
    done
    kill -9 $launcher 2>/dev/null && fail "$name: the job still runs after 60 s"
    wait $launcher
    code=$?
    [ $code = 4 ] || fail "$name: exit $code, not 4"
    # Later reports are from hosts to which the launcher does not get through in time.
    sed -n '/no progress for .* ending the job/,/start the same command again/p;/start the same command again/q' \
        "$name.log" >report
    for rank in $ranks; do
        grep -q "^  rank $rank on $host: .*$reason" report || fail "$name: rank $rank is not named"
    done
    [ "$(grep -c '^  rank' report)" = "$(wc -w <<<"$ranks")" ] || fail "$name: others are named"
    ranks_remain && fail "$name: ranks remain: $(pgrep -fa "^$program")"
    "$program" info "$name" >info.log 2>&1 || fail "$name: info ends with $?: $(cat info.log)"
    ! grep -q 'not whole' info.log || fail "$name: $(grep 'not whole' info.log)"
    [ "$failures" = 0 ] || tail -n 25 "$name.log"
}

case $lost_case in
1) lost h2 "2 3" "lost a network link" link 2 down ;;
2) lost h1 "0 1" "lost a network link" link 1 down ;;
3) lost h3 4 "process is not running" lose 3 ;;
esac
finish
