#!/usr/bin/env bash
# What a person sees in a terminal: the progress line in windows that are narrow, resized or left with Ctrl-C, and lines
# that are folded between words; in a log, one line per epoch, fewer if epochs are fast, and no escapes.
source "$(dirname "$0")/common.sh"
command -v python3 >/dev/null || { echo "skipped: no python3"; exit 77; }
export TERM=xterm OMP_NUM_THREADS=1
classifier
sed -e 's/units: 96/units: 1500/; s/units: 64/units: 1000/; s/epochs: 3/epochs: 500/; s/batch_size: 72, /batch_size: 8, /; /^checkpoint/d' classifier.yaml >slow.yaml
line='now:^(epoch )?[0-9]+/[0-9]+  ' # not the moment after the end of an epoch, which clears the line

screen() { python3 "$source_folder/tests/tools/screen.py" "$@"; }

# clean FILE: nothing is left of a progress line, and nothing stuck to one
clean() {
    ! grep -nE '^epoch [0-9]+/[0-9]+  |left.+$|[^ ]warning:|^unknown' "$1" || { fail "debris in $1"; cat "$1"; }
    grep -q '^cursor shown$' "$1" || fail "$1: the cursor is hidden"
}

# one_line FILE COLUMNS: the screen ends with one progress line, which fits
one_line() {
    local lines
    mapfile -t lines < <(grep -E '^(epoch )?[0-9]+/[0-9]+  ' "$1")
    [ ${#lines[@]} = 1 ] || { fail "$1: ${#lines[@]} progress lines"; cat "$1"; return; }
    [ ${#lines[0]} -lt "$2" ] || fail "$1: ${#lines[0]} columns: ${lines[0]}"
    [ "$(tail -n 1 "$1")" = "${lines[0]}" ] || { fail "$1: the progress line is not the last"; cat "$1"; }
}

# ---- windows ----
for reflow in '' --reflow; do
    screen $reflow 80x24 'wait:^epoch .*  loss .*left$' sleep:0.3 "$line" shows:wide resize:40x20 sleep:0.5 "$line" \
        shows:narrow resize:20x10 sleep:0.4 "$line" shows:tiny 'key:\x03' -- "$program" slow.yaml --run-dir "run$reflow" >plain.log
    clean plain.log
    one_line wide 80
    one_line narrow 40
    one_line tiny 20
    grep -qE '  loss .*  accuracy .*  [0-9]+ samples/s  .* left$' wide || { fail "not all is shown"; cat wide; }
    grep -qE '^(\^C)?stopped on' plain.log || { fail "the message does not begin its line"; cat plain.log; }
    grep -q '^exit 75$' plain.log || { fail "not stopped"; cat plain.log; }
done
screen 60x20 'wait:^epoch .*  loss .*left$' resize:44x20 sleep:0.5 "$line" shows:joint 'key:\x03' -- \
    mpirun -n 2 --bind-to none "$program" slow.yaml --run-dir ranks >ranks.log
clean ranks.log
one_line joint 44
# A log, and a terminal without a cursor, get no escapes.
TERM=dumb screen 80x24 'wait:^memory' sleep:0.3 'key:\x03' -- sh -c "'$program' slow.yaml --run-dir dumb | cat -v" >dumb.log
! grep -qF '^[' dumb.log || { fail "escapes in a log"; cat dumb.log; }
TERM=dumb screen 80x24 'wait:^memory' sleep:0.3 'key:\x03' -- "$program" slow.yaml --run-dir dumb >dumb.log
! grep -qE '^epoch [0-9]+/[0-9]+  ' dumb.log || { fail "a progress line without a cursor"; cat dumb.log; }

# ---- lines are folded between words ----
# folds FILE COLUMNS: no line is wider, but for single words
folds() { ! grep -vE '^ *[^ ]+\\?$|^(bytes|exit|cursor) ' "$1" | awk -v n="$2" 'length > n || /\\$/' | grep . || fail "$1 is wider than $2"; }
screen 40x20 -- "$program" info run >info.log
screen 40x20 -- "$program" check slow.yaml >check.log
folds info.log 40
folds check.log 40
screen 80x24 "wait:^epoch .*left$" sleep:0.3 "key:\\x03" -- "$program" slow.yaml --run-dir fold >fold.log
folds fold.log 80
for topic in '' data init_from performance; do
    "$program" help $topic | awk 'length > 80' | grep . && fail "help $topic is wider than 80 columns"
done

# ---- lines per epoch ----
run classifier.yaml --run-dir fast --set training.epochs=600 --set training.limit_batches=1 --set lr_schedule=constant
[ "$(wc -l <fast/metrics.jsonl)" = 600 ] || fail "metrics.jsonl does not have all epochs"
lines=$(grep -c '^epoch ' log)
[ "$lines" -lt 300 ] && [ "$lines" -gt 20 ] || { fail "$lines lines of 600 epochs"; cat log; }
said "$((600 - lines)) of 600 epochs, which took less than a second each, have no line here: fast/metrics.jsonl has all"
best=$(sed -n 's/^test, best weights (epoch \([0-9]*\)).*/\1/p' log | head -n 1)
for epoch in 1 2 20 "$best" 600; do said "epoch $epoch/600: loss"; done
run classifier.yaml --run-dir within --set training.epochs=100 --set training.limit_batches=4 --set training.validate_every='1 step'
[ "$(grep -c '"line":"validation"' within/metrics.jsonl)" = 300 ] || fail "metrics.jsonl does not have all validations"
lines=$(grep -cE '^(epoch|step) ' log)
[ "$lines" -lt 200 ] && [ "$lines" -gt 20 ] || { fail "$lines lines of 400 epochs and validations"; cat log; }
said "$((400 - lines)) of 400 epochs and validations, which took less than a second each, have no line here"
grep -E '^(epoch|step) ' log | sed 's/epoch \([0-9]*\).*/\1 4/; s/step \([0-9]*\).*/\1 1/' | awk '{ at = $1 * $2; if (at <= last) exit 1; last = at }' ||
    { fail "lines are out of order"; cat log; }
! grep -q $'[\r\033]' log || fail "escapes in a log"
finish
