# What the tests of the batch scripts share: a SLURM of three nodes on this machine, for as long as the test runs.
source "$(dirname "${BASH_SOURCE[0]}")/../system/common.sh"
testbed() { "$source_folder/cluster/testbed.sh" --dir "$work/testbed" "$@"; }
slurm() { testbed run "$@"; }

start_testbed() {
    if [ "$(id -u)" != 0 ]; then
        echo "skipped: the daemons of SLURM need root"
        exit 77
    fi
    if ! command -v slurmctld slurmd sbatch munged >/dev/null; then
        echo "skipped: SLURM is not installed; scripts/setup.sh testbed installs it"
        exit 77
    fi
    trap 'testbed down >/dev/null; rm -rf "$work"' EXIT
    trap 'exit 1' TERM INT HUP
    testbed up || exit 1
    export NNTRAIN_PROGRAM=$program NNTRAIN_PROJECT=$source_folder
}

# wait_for SECONDS COMMAND...: whether the command succeeds within that time.
wait_for() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.2
    done
}

# A run of a few seconds, and its undisturbed fingerprint.
long_run() {
    classifier
    sed -i -e 's/epochs: 3,/epochs: 150, peak_seconds: 0,/' -e 's/every: 3 steps/every: 20 steps/' classifier.yaml
    train 2 1 classifier.yaml --run-dir whole || { cat train.log; fail "the uninterrupted run"; }
    reference=$(fingerprint)
    echo "undisturbed: $reference"
}

# submit TEMPLATE RUN_DIR [SBATCH_OPTION...]: sets `job` and `log`.
submit() {
    local template=$source_folder/cluster/$1 name=${2##*/}
    log=$work/$name.log
    job=$(NNTRAIN_CONFIG=${config:-classifier.yaml} NNTRAIN_RUN_DIR=$2 \
        slurm sbatch --parsable --output="$log" "${@:3}" "$template") || fail "sbatch $1"
    echo "$name: job $job"
}

# job_field NAME: of `scontrol show job`.
job_field() { slurm scontrol -o show job "$job" | tr ' ' '\n' | sed -n "s/^$1=//p"; }

# state_is STATE...
state_is() {
    local state
    state=$(job_field JobState)
    [[ " $* " == *" $state "* ]]
}

job_has_ended() { state_is COMPLETED FAILED CANCELLED TIMEOUT NODE_FAIL OUT_OF_MEMORY; }

wait_for_end() {
    wait_for 400 job_has_ended || { fail "job $job does not end: $(job_field JobState)"; tail "$log"; }
}

newest_step() { ls "$1/checkpoints" 2>/dev/null | sed -n 's/^step-0*\([0-9][0-9]*\)\.h5$/\1/p' | sort -n | tail -n 1; }
has_passed() { [ "$(newest_step "$1")" -gt "$2" ] 2>/dev/null; }
wait_for_step() { wait_for 120 has_passed "$1" "$2" || { fail "$1 does not get beyond step $2"; tail "$log"; }; }

# Ranks of the job that are still running.
ranks_left() {
    local pid
    for pid in $(pgrep -f "^$program"); do
        if grep -zsqx "SLURM_JOB_ID=$job" "/proc/$pid/environ"; then echo "$pid"; fi
    done
}
no_ranks_left() { [ -z "$(ranks_left)" ]; }
expect_no_ranks() { wait_for 30 no_ranks_left || fail "$1 leaves ranks running: $(ranks_left | tr '\n' ' ')"; }

log_says() { grep -q "$1" "$log"; }

# expect_log WHAT PATTERN
expect_log() { log_says "$2" || { fail "$1: the log has no \"$2\""; grep -v '^epoch' "$log"; }; }

# expect_reference WHAT: the job's last fingerprint equals that of the undisturbed run.
expect_reference() {
    local found
    found=$(sed -n 's/^fingerprint: //p' "$log" | tail -n 1)
    [ "$found" = "$reference" ] || { fail "$1: fingerprint $found, not $reference"; grep -v '^epoch' "$log"; }
}

expect_restarts() { [ "$(job_field Restarts)" = "$2" ] || fail "$1: $(job_field Restarts) restarts, not $2"; }
