#!/usr/bin/env bash
# Foreign objects in a run directory or in place of data: pipes, sockets and folders with the names of files, renamed
# files, damaged files. Nothing waits for the other end of a pipe, and only old or damaged checkpoints are ever removed.
source "$(dirname "$0")/common.sh"
classifier
settings=(--set training.peak_seconds=0 --set training.epochs=2 --set 'checkpoint.every=6 steps' --set checkpoint.keep_last=9)

# alone ARGUMENT...: one rank without a launcher; it must not hang
alone() { OMP_NUM_THREADS=1 timeout 30 "$program" train classifier.yaml --run-dir run "${settings[@]}" "$@" >train.log 2>&1; }
listed() { (cd run/checkpoints && ls | tr '\n' ' '); }
says() { grep -q "$1" train.log || { fail "no message about: $1"; cat train.log; }; }
same() { [ "$(fingerprint)" = "$reference" ] || { fail "$1: fingerprint $(fingerprint), not $reference"; cat train.log; }; }

alone || { cat train.log; fail "the undisturbed run"; }
reference=$(fingerprint)
all=(run/checkpoints/*)
newest=${all[-1]} older=${all[-2]}
cp -r run whole

# ---- pipes, sockets and folders with the names of checkpoints ----
later=run/checkpoints/step-0000000099.h5
mkfifo $later run/checkpoints/step-0000000098.h5
python3 -c "import socket; socket.socket(socket.AF_UNIX).bind('run/checkpoints/step-0000000097.h5')" 2>/dev/null
mkdir run/checkpoints/step-0000000096.h5
alone || { fail "a pipe named like a checkpoint: exit $?"; cat train.log; }
same "a pipe named like a checkpoint"
says "warning: $later is not a checkpoint but a pipe, socket or device; move it away; falling back to $newest"
says "step-0000000096.h5 is not a checkpoint but a folder"
for command in info verify eval "check classifier.yaml --run-dir"; do
    # shellcheck disable=SC2086
    timeout 30 "$program" $command run >command.log 2>&1
    [ $? -lt 124 ] || fail "$command: waits for a pipe"
    case $command in verify | info) grep -q "step-0000000099.h5.*is not a checkpoint\|is not a checkpoint" command.log || { fail "$command: the pipe is not named"; cat command.log; } ;; esac
    timeout 30 "$program" $command $later >command.log 2>&1
    code=$?
    { [ $code != 0 ] && [ $code -lt 124 ]; } || fail "$command of a pipe: exit $code"
done
[ -p $later ] || fail "the pipe is gone"

# Training continues past the steps of those names, and does not touch them.
alone --set training.epochs=3 --set 'checkpoint.every=7 steps' || { fail "training on: exit $?"; cat train.log; }
[ -p $later ] && [ -d run/checkpoints/step-0000000096.h5 ] || fail "something that is not a file was removed: $(listed)"
rm -r run && cp -r whole run

# The other files.
for name in manifest metrics.jsonl config.yaml best.h5 status lease; do
    mv run/$name kept
    mkfifo run/$name
    alone
    code=$?
    [ $code -lt 124 ] || fail "$name is a pipe: it hangs"
    case $name in
    lease) [ $code = 6 ] || fail "$name is a pipe: exit $code" ;;
    *) [ $code = 0 ] || { fail "$name is a pipe: exit $code"; cat train.log; }
        same "$name is a pipe" ;;
    esac
    timeout 30 "$program" info run >/dev/null 2>&1
    [ $? -lt 124 ] || fail "info: $name is a pipe: it hangs"
    rm -rf run && cp -r whole run && rm -f kept
done

# Configuration, data, initial weights, and command arguments.
mkfifo pipe
sed "s|file: .*|file: pipe|" classifier.yaml >of-pipe.yaml
for arguments in "train pipe" "train of-pipe.yaml --run-dir other" "check of-pipe.yaml" "check pipe" \
    "train classifier.yaml --run-dir other --set init_from.run=pipe" "eval run --data pipe" "predict run --data pipe" \
    "predict pipe" "generate pipe" "replay pipe" "info pipe" "verify pipe" "import npy pipe -o other.h5" "import csv pipe -o other.h5" "import text pipe -o other.h5" "import idx pipe -o other.h5" "import cifar pipe -o other.h5"; do
    # shellcheck disable=SC2086
    timeout 30 "$program" $arguments >command.log 2>&1
    code=$?
    { [ $code != 0 ] && [ $code -lt 124 ] && grep -q "pipe" command.log; } || { fail "$arguments: exit $code"; cat command.log; }
done

# An unreadable configuration is not replaced by the built-in example.
mkdir elsewhere && mkfifo elsewhere/nntrain.yaml
(cd elsewhere && timeout 30 "$program" train) >command.log 2>&1
code=$?
{ [ $code = 2 ] && grep -q 'nntrain.yaml: cannot be read: it is a pipe' command.log; } || { fail "nntrain.yaml is a pipe: exit $code"; cat command.log; }

# ---- what may be removed ----
# The newest checkpoint is damaged, and two files with later names are intact but misnamed.
truncate -s -100 "$newest"
cp "$older" run/checkpoints/step-0000000097.h5
cp "$older" run/checkpoints/step-0000000098.h5
head -c 3000 "$older" >run/checkpoints/step-0000000099.h5
settings+=(--set 'checkpoint.every=50 steps')
alone || { fail "falling back: exit $?"; cat train.log; }
same "falling back"
says "$newest.* cut short.*falling back to $older\|$newest.*sealed.*falling back to $older"
[ -e run/checkpoints/step-0000000097.h5 ] && [ -e run/checkpoints/step-0000000098.h5 ] || fail "intact files were removed: $(listed)"
[ ! -e run/checkpoints/step-0000000099.h5 ] || fail "the damaged one of a later step is still there: $(listed)"
"$program" verify "$newest" >/dev/null || fail "the damaged one was not rewritten"
alone || { fail "and again: exit $?"; cat train.log; }
same "and again"
says "resuming from $newest"

# The manifest lists checkpoints, but none exists: training does not start from scratch.
rm -r run && cp -r whole run
rm run/checkpoints/* run/best.h5 run/metrics.jsonl
alone
[ $? = 9 ] || { fail "a manifest without checkpoints"; cat train.log; }
if grep -q '^epoch' train.log; then fail "a manifest without checkpoints: it trained"; fi
alone --fresh || { cat train.log; fail "--fresh, as the message says"; }
same "--fresh"
finish
