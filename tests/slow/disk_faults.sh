#!/usr/bin/env bash
# Every call that touches the run directory fails once, with each of its possible errors, and permanently from each call
# on: no run hangs, earlier checkpoints stay readable, a message names file and cause, and the same command without the
# fault ends with the bits and metrics of an undisturbed run.
source "$(dirname "$0")/common.sh"
shim=$2/tests/nn_fault_shim.so
if [ ! -f "$shim" ]; then
    echo "skipped: this build has no library for LD_PRELOAD"
    exit 77
fi
declare -A numbers=([EINTR]=4 [EIO]=5 [EACCES]=13 [ENOSPC]=28 [EROFS]=30 [EOPNOTSUPP]=95 [EDQUOT]=122 [short]=0)
declare -A causes=([EINTR]='Interrupted' [EIO]='Input/output error' [EACCES]='Permission denied' [ENOSPC]='disk is full'
    [EROFS]='read-only' [EOPNOTSUPP]='not supported' [EDQUOT]='quota is used up' [short]='disk is full')
classifier
settings=(--set training.epochs=1 --set training.peak_seconds=0 --set 'checkpoint.every=9 steps')
declare -A ended=()
runs=0 injected=0

# alone ARGUMENT...: one rank without a launcher, at most a minute
alone() { OMP_NUM_THREADS=1 timeout 60 env "$@" "$program" train classifier.yaml --run-dir "$work/run" "${settings[@]}" >train.log 2>&1; }

alone || { cat train.log; fail "the undisturbed run"; }
mv run whole
reference=$(fingerprint)

# broken CALL FIRST LAST ERROR: a new run with that fault, then the same command without; false if no call was left to
# fail
broken() {
    local what="$1 $2 to $3: $4" code
    rm -rf run
    alone LD_PRELOAD="$shim" NN_SHIM_FOLDER="$work/run" NN_SHIM_CALL="$1" NN_SHIM_FIRST="$2" NN_SHIM_LAST="$3" \
        NN_SHIM_ERROR="${numbers[$4]}"
    code=$?
    runs=$((runs + 1))
    grep -q '^shim:' train.log || return 1
    injected=$((injected + $(grep -c '^shim:' train.log)))
    ended[$code]=$((${ended[$code]:-0} + 1))
    check_readable run "$what"
    case $code in
    0) check_same run "$what" ;;
    # 9: an unreadable manifest may list checkpoints that do not exist.
    6 | 9) if grep -q '^epoch' train.log; then fail "$what: ends a run that could continue"; fi ;;
    11) grep -q "^nntrain: training finished .*$reference" train.log || fail "$what: exit 11 without the fingerprint" ;;
    *) fail "$what: exit $code" ;;
    esac
    if [ $code != 0 ] && ! { [ "$(grep -c "^nntrain: .*run" train.log)" = 1 ] &&
        grep -q "\(^nntrain\|^warning\): .*run.*${causes[$4]}" train.log; }; then
        fail "$what: no message with file and cause: $(cat train.log)"
    fi
    case $4:$1 in
    EINTR:* | short:* | EOPNOTSUPP:*) [ $code = 0 ] || fail "$what: exit $code: $(cat train.log)" ;;
    *:write | *:posix_fallocate | *:rename)
        grep -q "\(^nntrain\|^warning\).*${causes[$4]}" train.log || fail "$what: no message about it: $(cat train.log)" ;;
    esac
    [ $code = 0 ] && return 0
    alone NN_SHIM_CALL=none || { fail "$what: the resume ends with $?"; cat train.log; }
    check_same run "$what, resumed"
}

# each CALL ERROR...: the errors in turn at each call, until no call is left
each() {
    local call=$1 error at
    shift
    for error in "$@"; do
        for ((at = 1; at < 200; at++)); do broken "$call" $at $at "$error" || break; done
    done
    echo "$call: $((at - 1)) calls, $runs runs so far"
}

# from_each CALL ERROR: permanently from each call on
from_each() {
    local at
    for ((at = 1; at < 200; at++)); do broken "$1" $at 1000000 "$2" || break; done
    echo "$1 from each call on: $2, $runs runs so far"
}

each open EIO EINTR
each write ENOSPC EINTR short
each posix_fallocate EDQUOT EOPNOTSUPP EINTR
each fsync EIO EINTR
each close EDQUOT EINTR
each rename EIO
from_each write ENOSPC
from_each posix_fallocate ENOSPC
from_each fsync EIO
from_each open EACCES
from_each rename EROFS
echo "$runs runs, $injected calls failed; exit codes: $(for code in "${!ended[@]}"; do echo -n "$code (${ended[$code]}) "; done)"
finish
