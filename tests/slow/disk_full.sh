#!/usr/bin/env bash
# A full disk, at every size around each boundary of what a run writes; a disk without free inodes; a limit on file
# size; a read-only folder: no hang, a message with file, cause and room needed, no torn checkpoint, and with room the
# same command ends with the bits of an undisturbed run.
source "$(dirname "$0")/common.sh"
classifier
settings=(--set training.epochs=2 --set training.peak_seconds=0 --set 'checkpoint.every=6 steps')
declare -A ended=()
runs=0 skipped=0

# alone ARGUMENT...: one rank without a launcher, at most a minute
alone() { OMP_NUM_THREADS=1 timeout 60 "$program" train classifier.yaml "${settings[@]}" "$@" >train.log 2>&1; }

# check_ending CODE CAUSE WHAT: the exit code is one of those for disks, and the message gives the cause
check_ending() {
    runs=$((runs + 1))
    ended[$1]=$((${ended[$1]:-0} + 1))
    case $1 in
    0) ;;
    6) if grep -q '^epoch' train.log; then fail "$3: ends a run that could continue"; fi ;;
    11) grep -q "^nntrain: .*$reference" train.log || fail "$3: exit 11 without the fingerprint" ;;
    *) fail "$3: exit $1: $(cat train.log)" ;;
    esac
    if [ "$1" != 0 ] && [ "$(grep -c "^nntrain: .*run.*$2" train.log)" != 1 ]; then
        fail "$3: no message with file and cause: $(cat train.log)"
    fi
    if grep -q '^warning: .* could not be saved' train.log &&
        ! grep -q '^warning: .*run.*retried' train.log; then
        fail "$3: the warning does not say when it is retried: $(cat train.log)"
    fi
}

alone --run-dir whole || { cat train.log; fail "the undisturbed run"; }
reference=$(fingerprint)
checkpoint=$(stat -c %s "whole/checkpoints/$(newest_file whole)")
echo "checkpoints of $checkpoint bytes"

# ---- a small file system ----

# full OPTION WHAT: a run on a file system of that size, then with room
full() {
    local code
    if ! mount -t tmpfs -o "$1" none disk 2>/dev/null; then
        skipped=$((skipped + 1))
        return
    fi
    alone --run-dir disk/run
    code=$?
    check_ending $code 'No space left on device' "$2"
    check_readable disk/run "$2"
    if mount -o remount,size=64m,nr_inodes=1000 disk; then
        alone --run-dir disk/run || { fail "$2: with room it ends with $?"; cat train.log; }
        check_same disk/run "$2, with room"
    else
        fail "$2: cannot be made larger"
    fi
    umount disk
}

mkdir disk
trap 'umount "$work/disk" 2>/dev/null; rm -rf "$work"' EXIT
pages=$(((checkpoint + 4095) / 4096))
for ((size = 1; size <= 4; size++)); do full "size=$((4 * size))k" "a disk of $size pages"; done
# Lease, metrics and configuration take up to three pages; then come checkpoints, the best weights, and the next
# checkpoint next to them.
for ((files = 1; files <= 5; files++)); do
    for spare in -1 0 1 2 3 4; do
        full "size=$((4 * (files * pages + spare)))k" "a disk of $files checkpoints and $spare pages"
    done
done
for ((files = 1; files <= 9; files++)); do full "size=8m,nr_inodes=$files" "a disk for $files files"; done
echo "small disks: $runs runs, $skipped skipped because no file system can be mounted here"

# ---- a limit on the size of files ----

# The limit is set during the run: MPI itself needs larger files when it starts.
limited() {
    local code ranks=$1 limit=$2 launcher pid what="files of at most $2 bytes, $1 ranks"
    rm -rf run
    OMP_NUM_THREADS=1 timeout 60 mpirun -n "$ranks" --bind-to none "$program" train classifier.yaml --run-dir run \
        "${settings[@]}" --set training.epochs=60 >train.log 2>&1 &
    launcher=$!
    for _ in $(seq 400); do grep -q '^epoch' train.log && break; sleep 0.02; done
    for pid in $(pgrep -f "^$program train classifier.yaml --run-dir run "); do prlimit --pid "$pid" --fsize="$limit:"; done
    wait $launcher
    code=$?
    reference=$long_reference check_ending $code 'File too large.*ulimit -f' "$what"
    [ $code = "$3" ] || fail "$what: exit $code, not $3: $(cat train.log)"
    check_readable run "$what"
    alone --run-dir run --set training.epochs=60 || fail "$what: the resume ends with $?"
    [ "$(fingerprint)" = "$long_reference" ] || fail "$what: fingerprint $(fingerprint), not $long_reference"
}

alone --run-dir long --set training.epochs=60
long_reference=$(fingerprint)
limited 1 1000 11
limited 2 65536 11
limited 3 100000000 0

# ---- a read-only folder ----

if [ "$(id -u)" = 0 ]; then
    echo "skipped: a folder that root may not write"
else
    rm -rf run
    settings+=(--set training.epochs=4)
    OMP_NUM_THREADS=1 mpirun -n 2 --bind-to none "$program" train classifier.yaml --run-dir run "${settings[@]}" \
        --set training.epochs=60 >train.log 2>&1 &
    launcher=$!
    for _ in $(seq 400); do grep -q '^epoch' train.log && break; sleep 0.02; done
    chmod 500 run run/checkpoints
    wait $launcher
    code=$?
    reference=$long_reference check_ending $code 'Permission denied.*permissions' "a folder that may not be written"
    [ $code = 11 ] || fail "a folder that may not be written: exit $code"
    chmod 700 run run/checkpoints
    alone --run-dir run --set training.epochs=60
    [ "$(fingerprint)" = "$long_reference" ] || fail "once the folder may be written: $(fingerprint)"
fi
echo "$runs runs; exit codes: $(for code in "${!ended[@]}"; do echo -n "$code (${ended[$code]}) "; done)"
finish
