#!/usr/bin/env bash
# A file system that fails temporarily or permanently while a run directory or data is read: the error is never taken
# for a fact about the files. A single failed call changes nothing; a call that keeps failing ends the run with its
# cause, and no checkpoint is removed or skipped because of it.
shim=$(realpath "$2")/tests/nn_fault_shim.so
source "$(dirname "$0")/common.sh"
if [ ! -f "$shim" ]; then
    echo "skipped: this build has no library for LD_PRELOAD"
    exit 77
fi
declare -A numbers=([EIO]=5 [EACCES]=13 [ENOMEM]=12 [ETIMEDOUT]=110 [ESTALE]=116 [ENOLCK]=37 [short]=0 [end]=-1)
classifier
cp "$digits/digits.h5" digits.h5
sed -i "s|file: .*|file: $work/digits.h5|" classifier.yaml
settings=(--set training.peak_seconds=0 --set training.epochs=1 --set 'checkpoint.every=5 steps' --set checkpoint.keep_last=3)

# alone ARGUMENT...: one rank without a launcher; it must not hang
alone() { OMP_NUM_THREADS=1 timeout 60 env "${faults[@]}" "$program" train classifier.yaml --run-dir "$work/run" "${settings[@]}" "$@" >train.log 2>&1; }
faults=(A=b)

# fails FOLDER CALL FIRST LAST ERROR: injects the fault into the following runs
fails() { faults=(LD_PRELOAD="$shim" NN_SHIM_HURRY=1 NN_SHIM_FOLDER="$1" NN_SHIM_CALL="$2" NN_SHIM_FIRST="$3" NN_SHIM_LAST="$4" NN_SHIM_ERROR="${numbers[$5]}"); }
struck() { grep -q '^shim:' train.log; }
held() { (cd run && sha256sum checkpoints/step-*.h5 best.h5); }

alone || { cat train.log; fail "the undisturbed run"; }
reference=$(fingerprint)
newest=$(ls run/checkpoints | tail -n 1)
before=$(held)

# expect_taken WHAT CODE: the newest checkpoint was used, and all are still there
expect_taken() {
    [ "$2" = 0 ] || { fail "$1: exit $2"; cat train.log; }
    grep -q "resuming from .*$newest" train.log || { fail "$1: not resumed from $newest"; cat train.log; }
    [ "$(fingerprint)" = "$reference" ] || fail "$1: fingerprint $(fingerprint)"
    [ "$(held)" = "$before" ] || fail "$1: the checkpoints have changed"
}

# expect_refused WHAT CODE CAUSE: the run ends before training, and reports why
expect_refused() {
    [ "$2" = 6 ] || { fail "$1: exit $2"; cat train.log; }
    grep -q "^nntrain: .*$3" train.log || { fail "$1: no message with the cause"; cat train.log; }
    grep -q '^epoch' train.log && fail "$1: it trained"
    [ "$(held)" = "$before" ] || fail "$1: the checkpoints have changed"
}

# Each call that reads the run directory fails once, with temporary errors.
errors=(EIO ESTALE ETIMEDOUT ENOMEM)
runs=0
for call in readdir opendir stat open read mkdir; do
    for ((at = 1; at < 100; at += 1 + at / 3)); do
        error=${errors[$((runs % 4))]}
        fails "$work/run" $call $at $at "$error"
        alone
        code=$?
        struck || break
        expect_taken "$call $at: $error" $code
        runs=$((runs + 1))
    done
done
for error in short end; do
    fails "$work/run/checkpoints/$newest" read 1 1 $error
    alone
    expect_taken "read: $error" $?
    struck || fail "$error: nothing was read"
done
# A listing that silently misses files, as from a file server: the manifest knows them.
fails "$work/run/checkpoints" readdir 1 1000000 short
alone
expect_taken "an empty listing" $?
struck || fail "an empty listing: nothing was listed"
grep -q "^warning: .*$newest exists, but the file system omits it" train.log || { fail "an empty listing: no message about it"; cat train.log; }
echo "$runs runs in which one call failed"

# Permanent errors.
fails "$work/run" readdir 1 1000000 EIO
alone
expect_refused "readdir" $? "cannot be listed: Input/output error"
for ((at = 2; at < 12; at += 3)); do
    fails "$work/run/checkpoints" readdir $at 1000000 EIO
    alone
    code=$?
    struck || break
    expect_refused "readdir from call $at on" $code "cannot be listed: Input/output error"
done
fails "$work/run/checkpoints/$newest" open 1 1000000 ESTALE
alone
expect_refused "the newest checkpoint cannot be opened" $? "$newest: Stale file handle"
grep -q "nothing was removed: run the same command again" train.log || fail "no remedy"
fails "$work/run/checkpoints/$newest" read 1 1000000 EIO
alone
expect_refused "the newest checkpoint cannot be read" $? "$newest: Input/output error"
fails "$work/run/checkpoints/$newest" read 1 1000000 end
alone
expect_refused "the newest checkpoint ends too early" $? "$newest: Input/output error"
fails "$work/run/checkpoints/$newest" open 1 1000000 EACCES
alone
expect_refused "the newest checkpoint may not be opened" $? "$newest: Permission denied"
fails "$work/run/manifest" open 1 1000000 EIO
alone
expect_refused "the manifest" $? "manifest: Input/output error"
fails "$work/run/best.h5" stat 1 1000000 EIO
alone
expect_refused "the best weights" $? "best.h5.*Input/output error"

# The remedy in the message works: without that file the run resumes from the previous one.
faults=(A=b)
cp -r run kept
mv "run/checkpoints/$newest" moved.h5
alone || { cat train.log; fail "without the newest checkpoint"; }
grep -q "$newest is missing, but listed in the manifest; falling back to" train.log || { cat train.log; fail "the missing one is not named"; }
[ "$(fingerprint)" = "$reference" ] || fail "resumed from the one before: $(fingerprint)"
rm -r run && mv kept run

# Other commands do not use an older file in place of the unreadable one.
for command in "info" "verify" "eval" "check classifier.yaml --run-dir"; do
    file=best.h5
    case $command in check*) file=checkpoints/$newest ;; esac
    fails "$work/run/$file" open 1 1000000 EIO
    # shellcheck disable=SC2086
    timeout 60 env "${faults[@]}" "$program" $command "$work/run" >command.log 2>&1
    code=$?
    case $command in check*) [ $code != 0 ] ;; *) [ $code = 6 ] ;; esac || { fail "$command: exit $code"; cat command.log; }
    grep -q "Input/output error" command.log || { fail "$command: no cause"; cat command.log; }
done

# Data: a read that fails once changes nothing; a read that keeps failing, or a truncated file, ends the run.
settings+=(--fresh)
for error in EIO ESTALE short end; do
    for at in 1 5 9; do
        fails "$work/digits.h5" read $at $at $error
        alone || { fail "data, read $at: $error: exit $?"; cat train.log; }
        struck || fail "data, read $at: $error: there was none"
        [ "$(fingerprint)" = "$reference" ] || fail "data, read $at: $error: fingerprint $(fingerprint)"
    done
done
for call in open stat; do
    fails "$work/digits.h5" $call 1 1 ESTALE
    alone || { fail "data, $call: exit $?"; cat train.log; }
    [ "$(fingerprint)" = "$reference" ] || fail "data, $call: fingerprint $(fingerprint)"
done
for at in 1 9 30; do
    for error in EIO end; do
        fails "$work/digits.h5" read $at 1000000 $error
        alone
        code=$?
        struck || continue
        [ $code = 6 ] || { fail "data cannot be read from call $at on, $error: exit $code"; cat train.log; }
        grep -q "^nntrain: .*digits.h5.*Input/output error" train.log || { fail "data: no cause"; cat train.log; }
    done
done

# Unreadable rows may be skipped; a failing file system may not.
for ((at = 11; at < 40; at += 4)); do
    fails "$work/digits.h5" read $at 1000000 EIO
    alone --set data.on_bad_sample=skip
    code=$?
    struck || break
    [ $code = 6 ] || { fail "rows are skipped, read fails from call $at on: exit $code"; cat train.log; }
    grep -q "^nntrain: .*digits.h5.*Input/output error" train.log || { fail "rows are skipped: no cause"; cat train.log; }
done

# A folder of a data set that cannot be listed does not count as one with fewer files.
mkdir 'parts [1]'
cp digits.h5 'parts [1]/part-0.h5'
cp digits.h5 'parts [1]/part-1.h5'
sed -e "s|file: .*|file: part-*.h5|" classifier.yaml >'parts [1]/classifier.yaml'
cp 'parts [1]/part-0.h5' 'parts [1]/odd[1].h5'
sed -e "s|file: .*|file: 'odd[1].h5'|" classifier.yaml >'parts [1]/odd.yaml'
sed -e "s|file: .*|file: ['parts [1]/part-0.h5', 'parts [[]1]/part-1.h5']|" classifier.yaml >above.yaml
parts() { OMP_NUM_THREADS=1 timeout 60 env "${faults[@]}" "$program" train "$1" --run-dir parts-run "${settings[@]}" >train.log 2>&1; }
faults=(A=b)
for config in "$work/parts [1]/classifier.yaml" "parts [1]/classifier.yaml" above.yaml; do
    parts "$config" || { fail "$config: exit $?"; cat train.log; }
    grep -q "^2514 training" train.log || { fail "$config: not both parts"; head -n 5 train.log; }
done
parts "parts [1]/odd.yaml" || { fail "a file with brackets: exit $?"; cat train.log; }
[ "$(fingerprint)" = "$reference" ] || fail "a file with brackets: another one was taken"
for at in 1 3 5; do
    fails "$work/parts [1]" readdir $at $at EIO
    parts "$work/parts [1]/classifier.yaml" || { fail "parts, readdir $at: exit $?"; cat train.log; }
    grep -q "^2514 training" train.log || { fail "parts, readdir $at: not both parts"; head -n 5 train.log; }
    fails "$work/parts [1]" readdir $at 1000000 EIO
    parts "$work/parts [1]/classifier.yaml"
    [ $? = 6 ] || { fail "parts, readdir from $at on"; cat train.log; }
done
finish
