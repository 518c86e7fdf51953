#!/usr/bin/env bash
# nntrain info reads what training really writes: the same fingerprint, step and figures, and it names what is damaged.
source "$(dirname "$0")/common.sh"
classifier
train 2 1 classifier.yaml --run-dir run || { cat train.log; fail "training"; }
reference=$(fingerprint)
newest=run/checkpoints/$(ls run/checkpoints | tail -n 1)

said() {
    local pattern=$1
    shift
    "$program" info "$@" >info.log 2>&1 || { fail "info $* ends with $?"; cat info.log; }
    grep -q -E "$pattern" info.log || { fail "info $* lacks '$pattern'"; cat info.log; }
}

said "^fingerprint: $reference$" run
said "whole, .*fingerprint $reference$" run
said "^last_metrics: $(tail -n 1 run/metrics.jsonl | cut -c 1-11)" run
said "^fingerprint: $reference$" "$newest"
said '^epochs: 3$' "$newest"
said '^best_epoch: ' run/best.h5
said "\"fingerprint\":\"$reference\",\"step\":" "$newest" --json
said '^y_train: .*' "$digits/digits.h5"
said '10 distinct values: 0 \(' "$digits/digits.h5"
if command -v python3 >/dev/null; then
    for path in run "$newest" "$digits/digits.h5"; do
        "$program" info "$path" --json | python3 -m json.tool >/dev/null || fail "no JSON: $path"
    done
fi

printf x | dd of="$newest" bs=1 seek=5000 conv=notrunc 2>/dev/null
said "$(basename "$newest"): not whole: .*damaged" run
"$program" info "$newest" >info.log 2>&1
[ $? = 9 ] || { fail "a damaged checkpoint does not end with 9"; cat info.log; }
finish
