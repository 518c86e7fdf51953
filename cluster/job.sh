# shellcheck shell=bash
# Shared by the batch scripts: starts the program on the allocated nodes, passes on the signals that announce the end of
# the job, and decides by exit code whether to requeue it. The scripts source this file and call nntrain_job. These may
# be set beforehand, in the script or in the environment:
nntrain_program=${NNTRAIN_PROGRAM:-}              # the program; otherwise the project's build, or the one on the PATH
nntrain_restarts=${NNTRAIN_RESTARTS:-50}          # most requeues of a job
nntrain_idle_restarts=${NNTRAIN_IDLE_RESTARTS:-2} # most restarts in a row without a new checkpoint
nntrain_busy_seconds=${NNTRAIN_BUSY_SECONDS:-300} # how long a restarted job waits for the lease of the previous attempt

nntrain_say() { echo "job.sh: $(date '+%F %T') $*"; }

nntrain_find_program() {
    local built
    built=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/build/release/nntrain
    [ -z "$nntrain_program" ] || return 0
    if [ -x "$built" ]; then nntrain_program=$built; else nntrain_program=nntrain; fi
}

# ---- the allocation ----

# Prints the end of this job as scontrol shows it, or nothing. The id of an array's first task, and of a heterogeneous
# job, selects several jobs.
nntrain_ask_end() {
    SLURM_TIME_FORMAT=standard LC_ALL=C scontrol show job "$SLURM_JOB_ID" 2>/dev/null | awk -v id="$SLURM_JOB_ID" '
        match($0, /^ *JobId=[^ ]*/) { named = 1; ours = substr($0, RSTART, RLENGTH) ~ "=" id "$" }
        (ours || !named) && match($0, /(^| )EndTime=[^ ]*/) {
            end = substr($0, RSTART, RLENGTH); sub(/.*=/, "", end); print end; exit }'
}

# Exports the end of the job in seconds since 1970, before which the program stops on its own. SLURM sets it in the job
# only since 23.02, and a job submitted from within another job inherits that job's end. If the controller is too busy
# to answer, the value is kept.
nntrain_export_end() {
    local answer='' end tries
    for tries in 1 2 3; do
        answer=$(nntrain_ask_end)
        [ -z "$answer" ] || break
        [ "$tries" = 3 ] || sleep 2
    done
    if [ "$answer" = Unknown ]; then # no limit
        unset SLURM_JOB_END_TIME
    elif [[ $answer =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$ ]] &&
        end=$(date -d "${answer/T/ }" +%s 2>/dev/null) && [ "$end" -gt "$(date +%s)" ]; then
        export SLURM_JOB_END_TIME=$end
    else
        nntrain_say "scontrol does not report when this job ends ('$answer'): ${SLURM_JOB_END_TIME:-not known}"
    fi
}

# Sets the job id, the number of restarts, ranks and threads.
nntrain_read_allocation() {
    if [ -n "${SLURM_JOB_ID:-}" ]; then
        job=$SLURM_JOB_ID restarts=${SLURM_RESTART_COUNT:-0} where=$SLURM_JOB_NODELIST
        local nodes=${SLURM_JOB_NUM_NODES:-${SLURM_NNODES:-1}}
        ranks=${SLURM_NTASKS:-$nodes} threads=${SLURM_CPUS_PER_TASK:-1}
        # SLURM_NTASKS is that of the submission: a pending job may be given another number of nodes.
        [ -z "${SLURM_NTASKS_PER_NODE:-}" ] || ranks=$((SLURM_NTASKS_PER_NODE * nodes))
        nntrain_export_end
    elif [ -n "${PBS_JOBID:-}" ]; then
        [ -s "${PBS_NODEFILE:-}" ] || {
            nntrain_say "PBS_NODEFILE (${PBS_NODEFILE:-not set}) lists no nodes: run this on the first node of a PBS job"
            exit 2
        }
        job=$PBS_JOBID restarts=${NNTRAIN_RESTART:-0} where=$(sort -u "$PBS_NODEFILE" | tr '\n' ' ')
        ranks=$(wc -l <"$PBS_NODEFILE") threads=${OMP_NUM_THREADS:-1}
    elif [ -n "${LSB_JOBID:-}" ]; then
        job=$LSB_JOBID restarts=${NNTRAIN_RESTART:-0} where=${LSB_MCPU_HOSTS:-}
        ranks=${LSB_DJOB_NUMPROC:-1} threads=${OMP_NUM_THREADS:-1}
    else
        nntrain_say "this is not a job of SLURM, PBS or LSF: submit the script instead of running it"
        exit 2
    fi
}

# Binds the threads of each rank to their own cores; settings of the user are kept. Open MPI's mpirun reads these from
# the environment; srun binds as SLURM is configured.
nntrain_place() {
    export OMP_NUM_THREADS=${OMP_NUM_THREADS:-$threads}
    export OMPI_MCA_rmaps_base_mapping_policy=${OMPI_MCA_rmaps_base_mapping_policy:-slot:PE=$threads}
    export OMPI_MCA_hwloc_base_binding_policy=${OMPI_MCA_hwloc_base_binding_policy:-core}
    export SRUN_CPUS_PER_TASK=${SRUN_CPUS_PER_TASK:-$threads} # srun does not inherit it since SLURM 22.05
}

# Prints the step of the newest checkpoint of a run directory; 0 if there is none, nothing if the folder cannot be
# listed.
nntrain_newest_step() {
    local found
    found=$(LC_ALL=C find "$1/checkpoints" -name 'step-*.h5' 2>&1) || [[ $found == *"No such file or directory"* ]] || return 0
    found=$(sed -n 's/.*step-0*\([0-9]\{1,\}\)\.h5$/\1/p' <<<"$found" | sort -n | tail -n 1)
    echo "${found:-0}"
}

# Prints the line that the program writes to a run directory: exit code or "running", time and place.
nntrain_status() { cat "$1/status" 2>/dev/null; }

# nntrain_code LAUNCHER_CODE RUN_DIR LINE_BEFORE: prints the program's exit code. mpirun exits with 1 after TERM or
# Ctrl-C, and some launchers with their own codes after any failure; a status line that differs from the one before is
# from this attempt.
nntrain_code() {
    local line
    line=$(nntrain_status "$2")
    if [ "$1" = 10 ] || [ "$line" = "$3" ]; then # another job's line, or none
        echo "$1"
    elif [[ $line =~ ^([0-9]+)\  ]]; then
        echo "${BASH_REMATCH[1]}"
    elif [ "$1" = 9 ] || [ "$1" = 15 ]; then # killed: this launcher returns signal numbers
        echo $((128 + $1))
    else
        echo "$1"
    fi
}

# ---- running ----

# After USR1 the program saves and exits with 75. After TERM mpirun leaves it two seconds for that, and the decision on
# the job is not ours: it was cancelled, or SLURM itself requeues it after preemption or a node failure.
nntrain_on_signal() {
    nntrain_say "received $1: passed on"
    [ "$1" = USR1 ] || terminated=yes
    [ -z "$launched" ] || kill "-$1" "$launched" 2>/dev/null
}

# nntrain_run COMMAND...: runs it to its end and returns its exit code. A trap interrupts `wait` with a code above 128,
# which the command itself may also return.
nntrain_run() {
    local code
    "$@" &
    launched=$!
    wait "$launched"
    code=$?
    while kill -0 "$launched" 2>/dev/null; do
        wait "$launched"
        code=$?
    done
    launched=
    return "$code"
}

# The node that held the run directory may just have died: some file systems take a while to release its lease.
nntrain_run_patiently() {
    local code end=$((SECONDS + nntrain_busy_seconds))
    while :; do
        nntrain_run "$@"
        code=$?
        if [ "$code" != 10 ] || [ "$restarts" = 0 ] || [ -n "$terminated" ] || [ "$SECONDS" -ge "$end" ]; then
            return "$code"
        fi
        nntrain_say "the previous attempt still holds the run directory: retrying in 10 s"
        sleep 10
    done
}

# ---- the decision ----

# Whether a restart can help. Yes: stopped in time (75); a rank or node that hung (4), was lost (8; 1 from the launcher;
# 128 + signal) or gave wrong bits (12); files that could not be read or written (6, 11). No, it would end the same way:
# errors in configuration, data or checkpoint (2, 5, 9), NaN (3), memory (7), another job's lease (10), no program (126,
# 127).
nntrain_restart_helps() {
    case $1 in
    75 | 4 | 8 | 1 | 12 | 6 | 11) return 0 ;;
    *) [ "$1" -gt 128 ] && [ "$1" -le 165 ] ;;
    esac
}

# nntrain_count_idle RUN_DIR STEP_BEFORE: sets `idle` to the restarts in a row that ended without a newer checkpoint, kept
# in the run directory. The first attempt of a job is none.
nntrain_count_idle() {
    local newest known=yes
    idle=0
    newest=$(nntrain_newest_step "$1")
    [ -n "$newest" ] && [ -n "$2" ] || known='' # an unreadable folder shows neither progress nor a lack of it
    if [ "$restarts" -gt 0 ] && { [ -z "$known" ] || [ "$newest" -le "$2" ]; }; then
        idle=$(grep -x '[0-9]\{1,6\}' "$1/idle_restarts" 2>/dev/null)
        idle=${idle:-0}
        [ -z "$known" ] || idle=$((idle + 1))
    fi
    [ ! -d "$1" ] || echo "$idle" >"$1/idle_restarts"
}

# Requeues the job. For PBS and LSF, submits the script again, whose path is in `script`.
# shellcheck disable=SC2154
nntrain_requeue() {
    local next=$((restarts + 1))
    if [ -n "${SLURM_JOB_ID:-}" ]; then
        scontrol requeue "$SLURM_JOB_ID"
    elif [ -n "${PBS_JOBID:-}" ]; then
        qsub -v "NNTRAIN_RESTART=$next" "$script"
    else
        NNTRAIN_RESTART=$next bsub <"$script"
    fi
}

# nntrain_decide CODE RUN_DIR STEP_BEFORE
nntrain_decide() {
    local idle
    trap '' TERM # SLURM sends it to a job being requeued
    nntrain_count_idle "$2" "$3"
    if [ "$1" = 0 ]; then
        nntrain_say "done"
    elif [ -n "$terminated" ]; then
        nntrain_say "exit code $1 after TERM: SLURM decides; submit the same script again to continue a cancelled job"
    elif ! nntrain_restart_helps "$1"; then
        nntrain_say "exit code $1: a restart would not help"
    elif [ "$idle" -ge "$nntrain_idle_restarts" ]; then
        nntrain_say "exit code $1: no checkpoint newer than step ${3:-?} after $idle restarts in a row: no further restart"
    elif [ "$restarts" -ge "$nntrain_restarts" ]; then
        nntrain_say "exit code $1: restarted $restarts times, the limit set by NNTRAIN_RESTARTS is $nntrain_restarts"
    elif nntrain_requeue; then
        nntrain_say "exit code $1 at step $(nntrain_newest_step "$2" | grep . || echo "?"): requeued as restart $((restarts + 1))"
    else
        nntrain_say "exit code $1, and the job cannot be requeued: submit the same script again to continue"
    fi
}

# nntrain_job LAUNCHER CONFIG RUN_DIR [ARGUMENT...]: runs the job and exits with its code. LAUNCHER is mpirun or srun.
nntrain_job() {
    local launcher=$1 config=$2 run_dir=$3 before line code
    local job restarts where ranks threads launched='' terminated=''
    shift 3
    trap 'nntrain_on_signal USR1' USR1
    trap 'nntrain_on_signal TERM' TERM
    nntrain_read_allocation
    nntrain_find_program
    nntrain_place
    [ -r "$config" ] || {
        nntrain_say "cannot read $config in $PWD: submit from the folder that its path is relative to"
        exit 2
    }
    case $launcher in
    mpirun) launcher=(mpirun -n "$ranks") ;;
    srun) launcher=(srun -n "$ranks" --mpi=pmix --kill-on-bad-exit=1) ;;
    esac
    before=$(nntrain_newest_step "$run_dir")
    line=$(nntrain_status "$run_dir")
    nntrain_say "job $job, restart $restarts: $ranks ranks x $OMP_NUM_THREADS threads on $where, from step ${before:-?}"
    nntrain_run_patiently "${launcher[@]}" "$nntrain_program" train "$config" --run-dir "$run_dir" "$@"
    code=$?
    code=$(nntrain_code "$code" "$run_dir" "$line")
    nntrain_decide "$code" "$run_dir" "$before"
    exit "$code"
}
