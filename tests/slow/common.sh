# shellcheck shell=bash
# Shared by the tests of saving.
source "$(dirname "${BASH_SOURCE[0]}")/../system/common.sh"

# newest_file RUN: prints the file name of the newest checkpoint, or nothing
newest_file() { ls "$1/checkpoints" 2>/dev/null | grep '\.h5$' | tail -n 1; }

# check_readable RUN WHEN: `info` can read every checkpoint of the run, if any; no line of metrics.jsonl is torn
check_readable() {
    [ -d "$1" ] || return 0
    "$program" info "$1" >info.log 2>&1
    local code=$?
    if [ $code != 0 ] && ! { [ $code = 2 ] && [ -z "$(newest_file "$1")" ]; }; then
        fail "$2: info ends with $code: $(cat info.log)"
    fi
    if grep -q 'not whole' info.log; then fail "$2: $(grep 'not whole' info.log)"; fi
    if [ -s "$1/metrics.jsonl" ] && grep -qv '^{.*}$' "$1/metrics.jsonl"; then fail "$2: a torn line of metrics.jsonl"; fi
}

# check_same RUN WHEN: the run's last log line, newest checkpoint and metrics equal those of the undisturbed run
# `whole`, whose fingerprint is $reference
check_same() {
    [ "$(fingerprint)" = "$reference" ] || { fail "$2: fingerprint $(fingerprint), not $reference"; cat train.log; }
    "$program" info "$1" >info.log 2>&1
    [ "$(sed -n 's/^fingerprint: //p' info.log)" = "$reference" ] || fail "$2: the newest checkpoint differs"
    [ "$(times_aside "$1")" = "$(times_aside whole)" ] || fail "$2: metrics.jsonl differs"
}
