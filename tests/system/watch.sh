#!/usr/bin/env bash
# nntrain watch: a directory that does not exist yet, runs that are in progress, ended, failed or killed, in lines and in
# windows; the terminal is given back, and nothing is written.
source "$(dirname "$0")/common.sh"
command -v python3 >/dev/null || { echo "skipped: no python3"; exit 77; }
export TERM=xterm OMP_NUM_THREADS=1 LC_ALL=C.UTF-8
screen() { python3 "$source_folder/tests/tools/screen.py" "$@"; }
classifier
sed -e 's/units: 96/units: 1500/; s/units: 64/units: 1000/; s/epochs: 3/epochs: 500/; /^checkpoint/d' classifier.yaml >slow.yaml

# seen_in FILE PATTERN
seen_in() { grep -qE -- "$2" "$1" || { fail "$1 lacks '$2'"; cat "$1"; }; }
# watched CODE RUN: the lines about a run that is over; log has them
watched() {
    "$program" watch "$2" >log 2>&1
    local found=$?
    [ $found = "$1" ] || { fail "watch $2 ends with $found, not $1"; cat log; }
    ! grep -q $'[\r\033]' log || fail "escapes in lines"
}

# ---- from before the run to its end, in lines ----
"$program" watch queued --every 0.1 >queued.log 2>&1 &
watcher=$!
sleep 0.3
run classifier.yaml --run-dir queued --set training.epochs=6
wait $watcher || fail "watch of a run that ends well ends with $?"
seen_in queued.log '^queued: does not exist yet: waiting'
for epoch in 1 2 3 4 5 6; do
    [ "$(grep -c "^epoch $epoch/6: train loss .*; validation loss .*, accuracy .*; [0-9]* samples/s$" queued.log)" = 1 ] ||
        { fail "not one line for epoch $epoch"; cat queued.log; }
done
[ "$(tail -n 1 queued.log | sed 's/ended .* ago on [^:]*/ended/')" = 'queued: ended: trained to the end' ] || { fail "the end"; cat queued.log; }
last=$(tail -n 1 queued/metrics.jsonl | sed 's/.*"validation":{"loss":\([0-9.]*\).*/\1/')
seen_in queued.log "^epoch 6/6: .* validation loss $(printf '%.5g' "$last"),"

# ---- in windows ----
facts() { find queued -printf '%p %T@ %C@ %s\n' | sort; }
before=$(facts)
# A person reads it for a while, resizes the window, suspends and leaves it.
screen 80x24 'wait:^queued: ended' sleep:0.3 shows:wide bytes:first sleep:2.5 bytes:idle key:m sleep:0.3 shows:next resize:40x20 sleep:0.5 \
    shows:narrow 'key:\x1a' sleep:0.3 state:suspended continue: sleep:0.5 state:again key:q -- "$program" watch queued >terminal.log
[ "$before" = "$(facts)" ] || { fail "watch changed the run directory"; diff <(echo "$before") <(facts); }
for line in '^epoch 6/6 \[#{12}\]' '^train loss .*validation loss' 'best loss [0-9.]* at epoch [1-6]$' '^checkpoint of step [0-9]+, .* ago; best weights' \
    'loss by epoch'; do seen_in wide "$line"; done
braille() { LC_ALL=C grep -qP '\xe2[\xa0-\xa3]' "$1" || { fail "no curve in $1"; cat "$1"; }; }
braille wide
seen_in next '(accuracy|learning_rate) by epoch'
for file in wide next narrow; do
    columns=80
    [ $file = narrow ] && columns=40
    python3 - $file $columns <<'PYTHON' || { fail "$file does not fit"; cat $file; }
import sys
lines = open(sys.argv[1], encoding="utf-8").read().splitlines()
sys.exit(any(len(line) > int(sys.argv[2]) or line.endswith("\\") for line in lines) or len(lines) > 24)
PYTHON
done
braille narrow
seen_in terminal.log '^suspended: cursor shown$'
seen_in terminal.log '^again: cursor hidden, alternate screen, settings changed$'
seen_in terminal.log '^cursor shown$'
seen_in terminal.log '^exit 0$'
seen_in terminal.log '^queued: ended'
idle=$(sed -n 's/^idle bytes //p' terminal.log)
[ "${idle:-9999}" -lt 400 ] || fail "$idle bytes in 2.5 s in which only ages change"
LC_ALL=C screen 40x20 'wait:^queued: ended' sleep:0.3 shows:ascii 'key:\x03' -- "$program" watch queued >terminal.log
! LC_ALL=C grep -q '[^ -~]' ascii || { fail "not ASCII"; cat ascii; }
seen_in ascii '[*+]'
seen_in terminal.log '^cursor shown$'

# ---- in progress, killed; in words ----
OMP_NUM_THREADS=1 mpirun -n 2 --bind-to none "$program" slow.yaml --run-dir killed >killed.log 2>&1 &
launcher=$!
screen 80x24 'wait:^epoch [0-9]+/500 ' shows:running key:q -- "$program" watch killed >/dev/null
seen_in running '^killed: running for .*, begun with 2 ranks on 1 node$'
"$program" watch killed >watch.log 2>&1 &
watcher=$!
sleep 0.3
pkill -9 -P $launcher
wait $launcher 2>/dev/null
wait $watcher
[ $? = 8 ] || { fail "watch of a killed run"; cat watch.log; }
seen_in watch.log '^nntrain: killed was killed: the same command resumes it$'
# Half a line, one that is not JSON, no configuration, no checkpoints.
printf 'nonsense\n{"epoch":' >>killed/metrics.jsonl
rm -r killed/config.yaml killed/checkpoints
watched 8 killed
said '1 line of metrics.jsonl cannot be read'
said 'epoch 1: train loss'

# ---- failed, and removed while it is watched ----
"$program" classifier.yaml --run-dir failed --set optimizer.adam.learning_rate=1e30 --set training.clip_norm=0 >failed.log 2>&1
watched 3 failed
said 'failed ended with exit code 3: '
said 'with NaN or Inf (nntrain replay failed/nonfinite-'
mkdir removed
screen 80x24 'wait:no run has begun here yet' key:m sleep:1.3 'wait:does not exist yet' key:q -- \
    sh -c "(sleep 0.7; rmdir removed) & '$program' watch removed" >terminal.log
seen_in terminal.log '^exit 0$'
program_refuses 2 'is not a directory' watch classifier.yaml
program_refuses 2 'give one run directory' watch
program_refuses 2 'expected a number of seconds' watch queued --every soon
finish
