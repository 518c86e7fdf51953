# shellcheck shell=bash
# What the batch scripts for SLURM share: starts the program in the step of the job, passes on the signals that announce
# the end, and decides by the exit code whether the job goes back into the queue. The scripts source it and call
# nntrain_job. These may be set before, in the script or in the environment:
nntrain_program=${NNTRAIN_PROGRAM:-}              # the program; otherwise the project's build, or the one on the PATH
nntrain_restarts=${NNTRAIN_RESTARTS:-50}          # so many times a job goes back into the queue, at most
nntrain_idle_restarts=${NNTRAIN_IDLE_RESTARTS:-2} # and not after so many restarts in a row without a new checkpoint
nntrain_busy_seconds=${NNTRAIN_BUSY_SECONDS:-300} # how long a restarted job waits for the lease of the attempt before it

nntrain_say() { echo "job.sh: $(date '+%F %T') $*"; }

nntrain_find_program() {
    local built
    built=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/build/release/nntrain
    [ -z "$nntrain_program" ] || return 0
    if [ -x "$built" ]; then nntrain_program=$built; else nntrain_program=nntrain; fi
}

# The end of the job as seconds since 1970, by which the program stops by itself in time. Not every SLURM tells the job.
nntrain_tell_end() {
    local end
    [ -z "${SLURM_JOB_END_TIME:-}" ] || return 0
    end=$(scontrol show job "$SLURM_JOB_ID" 2>/dev/null | sed -n 's/.*EndTime=\([^ ]*\).*/\1/p')
    end=$(date -d "$end" +%s 2>/dev/null) || return 0 # "Unknown" where there is no limit
    export SLURM_JOB_END_TIME=$end
}

# One thread for each core of a task, bound to them; what the user has set stays. Open MPI's mpirun reads its settings
# from the environment, srun takes them from the job.
nntrain_place() {
    local threads=${SLURM_CPUS_PER_TASK:-1}
    export OMP_NUM_THREADS=${OMP_NUM_THREADS:-$threads}
    export OMPI_MCA_rmaps_base_mapping_policy=${OMPI_MCA_rmaps_base_mapping_policy:-slot:PE=$threads}
    export OMPI_MCA_hwloc_base_binding_policy=${OMPI_MCA_hwloc_base_binding_policy:-core}
    export SRUN_CPUS_PER_TASK=${SRUN_CPUS_PER_TASK:-$threads} # srun does not inherit it since SLURM 22.05
}

# The step of the newest checkpoint of a run directory; 0 where there is none.
nntrain_newest_step() {
    local newest
    newest=$(find "$1/checkpoints" -name 'step-*.h5' 2>/dev/null | sed -n 's/.*step-0*\([0-9]\{1,\}\)\.h5$/\1/p' |
        sort -n | tail -n 1)
    echo "${newest:-0}"
}

# ---- running ----

# The program saves and stops with 75 after USR1. After TERM mpirun leaves it two seconds, as long as a step should take:
# TERM means that somebody else has decided what becomes of the job.
nntrain_on_signal() {
    nntrain_say "$1 has come: passed on"
    [ "$1" = USR1 ] || nntrain_terminated=yes
    [ -z "$nntrain_launcher" ] || kill "-$1" "$nntrain_launcher" 2>/dev/null
}

# nntrain_run COMMAND...: to its end; returns its exit code. A trap interrupts `wait` with a code above 128, which the
# command itself may have too.
nntrain_run() {
    local code
    "$@" &
    nntrain_launcher=$!
    wait "$nntrain_launcher"
    code=$?
    while kill -0 "$nntrain_launcher" 2>/dev/null; do
        wait "$nntrain_launcher"
        code=$?
    done
    nntrain_launcher=
    return "$code"
}

# The node that held the run directory may have died a moment ago: a file system takes a while to notice.
nntrain_run_patiently() {
    local code end=$((SECONDS + nntrain_busy_seconds))
    while :; do
        nntrain_run "$@"
        code=$?
        [ "$code" = 10 ] && [ "${SLURM_RESTART_COUNT:-0}" -gt 0 ] && [ "$SECONDS" -lt "$end" ] &&
            [ -z "$nntrain_terminated" ] || return "$code"
        nntrain_say "the attempt before still holds the run directory: trying again in 10 s"
        sleep 10
    done
}

# ---- what next ----

# Whether a restart can mend it. Stopped in time (75); a rank or node that hung (4), was lost (8; 1 from the launcher;
# signals 129 to 165) or gave wrong bits (12); files that could not be read or written (6, 11). Not: mistakes in
# configuration and data (2, 5, 9), NaN (3), memory (7), another job's lease (10): these end the same way again.
nntrain_can_mend() {
    case $1 in
    75 | 4 | 8 | 1 | 12 | 6 | 11) return 0 ;;
    *) [ "$1" -gt 128 ] && [ "$1" -le 165 ] ;;
    esac
}

# nntrain_count_idle RUN_DIR STEP_BEFORE: restarts in a row that ended without a newer checkpoint, kept in the run
# directory. The first attempt of a job is none.
nntrain_count_idle() {
    local idle=0
    if [ "${SLURM_RESTART_COUNT:-0}" -gt 0 ] && [ "$(nntrain_newest_step "$1")" -le "$2" ]; then
        idle=$(($(cat "$1/idle_restarts" 2>/dev/null || echo 0) + 1))
    fi
    [ ! -d "$1" ] || echo "$idle" >"$1/idle_restarts"
    echo "$idle"
}

# nntrain_decide CODE RUN_DIR STEP_BEFORE
nntrain_decide() {
    local idle restarts=${SLURM_RESTART_COUNT:-0}
    trap '' TERM # which SLURM sends where it requeues this job
    idle=$(nntrain_count_idle "$2" "$3")
    if [ "$1" = 0 ]; then
        nntrain_say "done"
    elif [ -n "$nntrain_terminated" ]; then
        nntrain_say "exit code $1 after TERM: the job ends; submit the same script again to go on"
    elif ! nntrain_can_mend "$1"; then
        nntrain_say "exit code $1: a restart would not mend this"
    elif [ "$idle" -ge "$nntrain_idle_restarts" ]; then
        nntrain_say "exit code $1: $idle restarts in a row made no checkpoint newer than step $3: no further restart"
    elif [ "$restarts" -ge "$nntrain_restarts" ]; then
        nntrain_say "exit code $1: restarted $restarts times, the most that NNTRAIN_RESTARTS allows"
    elif scontrol requeue "$SLURM_JOB_ID"; then
        nntrain_say "exit code $1 at step $(nntrain_newest_step "$2"): back into the queue, restart $((restarts + 1))"
    else
        nntrain_say "exit code $1, and SLURM does not requeue this job: submit the same script again to go on"
    fi
}

# nntrain_job LAUNCHER CONFIG RUN_DIR [ARGUMENT...]: LAUNCHER is mpirun or srun; ends the script with the exit code.
nntrain_job() {
    local launcher=$1 config=$2 run_dir=$3 before code
    shift 3
    nntrain_launcher='' nntrain_terminated=''
    trap 'nntrain_on_signal USR1' USR1
    trap 'nntrain_on_signal TERM' TERM
    nntrain_find_program
    nntrain_tell_end
    nntrain_place
    case $launcher in
    mpirun) launcher=(mpirun -n "$SLURM_NTASKS") ;;
    srun) launcher=(srun --mpi=pmix --kill-on-bad-exit=1) ;;
    esac
    before=$(nntrain_newest_step "$run_dir")
    nntrain_say "job $SLURM_JOB_ID, restart ${SLURM_RESTART_COUNT:-0}: ${SLURM_NTASKS} ranks of $OMP_NUM_THREADS" \
        "threads on $SLURM_JOB_NODELIST, from step $before"
    nntrain_run_patiently "${launcher[@]}" "$nntrain_program" train "$config" --run-dir "$run_dir" "$@"
    code=$?
    nntrain_decide "$code" "$run_dir" "$before"
    exit "$code"
}
