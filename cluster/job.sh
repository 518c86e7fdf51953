# shellcheck shell=bash
# What the batch scripts share: starts the program on what the batch system has given, passes on the signals that announce
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

# ---- what the batch system has given ----

# The end of this job as scontrol shows it; nothing where it does not. The number of a job array's first task, and of a
# heterogeneous job, stands for several jobs.
nntrain_ask_end() {
    SLURM_TIME_FORMAT=standard LC_ALL=C scontrol show job "$SLURM_JOB_ID" 2>/dev/null | awk -v id="$SLURM_JOB_ID" '
        match($0, /^ *JobId=[^ ]*/) { named = 1; ours = substr($0, RSTART, RLENGTH) ~ "=" id "$" }
        (ours || !named) && match($0, /(^| )EndTime=[^ ]*/) {
            end = substr($0, RSTART, RLENGTH); sub(/.*=/, "", end); print end; exit }'
}

# The end of the job as seconds since 1970, before which the program stops by itself. SLURM tells it to its commands, to
# the job itself only since 23.02; and a job that was submitted from another one has that one's end in its environment.
# A controller that is busy tells nothing: what is known stays.
nntrain_tell_end() {
    local told='' end tries
    for tries in 1 2 3; do
        told=$(nntrain_ask_end)
        [ -z "$told" ] || break
        [ "$tries" = 3 ] || sleep 2
    done
    if [ "$told" = Unknown ]; then # there is no limit
        unset SLURM_JOB_END_TIME
    elif [[ $told =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$ ]] &&
        end=$(date -d "${told/T/ }" +%s 2>/dev/null) && [ "$end" -gt "$(date +%s)" ]; then
        export SLURM_JOB_END_TIME=$end
    else
        nntrain_say "scontrol does not tell when this job ends ('$told'): ${SLURM_JOB_END_TIME:-not known}"
    fi
}

# Sets what the rest needs: the job's number, how often it was restarted, ranks and threads.
nntrain_look_around() {
    if [ -n "${SLURM_JOB_ID:-}" ]; then
        job=$SLURM_JOB_ID restarts=${SLURM_RESTART_COUNT:-0} where=$SLURM_JOB_NODELIST
        local nodes=${SLURM_JOB_NUM_NODES:-${SLURM_NNODES:-1}}
        ranks=${SLURM_NTASKS:-$nodes} threads=${SLURM_CPUS_PER_TASK:-1}
        # SLURM_NTASKS is of the submission: a job that waits may be given another number of nodes.
        [ -z "${SLURM_NTASKS_PER_NODE:-}" ] || ranks=$((SLURM_NTASKS_PER_NODE * nodes))
        nntrain_tell_end
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
        nntrain_say "this is no job of SLURM, PBS or LSF: submit the script instead of running it"
        exit 2
    fi
}

# A rank's threads are bound to cores of their own; what the user has set stays. Open MPI's mpirun reads these from the
# environment; srun binds as SLURM is configured.
nntrain_place() {
    export OMP_NUM_THREADS=${OMP_NUM_THREADS:-$threads}
    export OMPI_MCA_rmaps_base_mapping_policy=${OMPI_MCA_rmaps_base_mapping_policy:-slot:PE=$threads}
    export OMPI_MCA_hwloc_base_binding_policy=${OMPI_MCA_hwloc_base_binding_policy:-core}
    export SRUN_CPUS_PER_TASK=${SRUN_CPUS_PER_TASK:-$threads} # srun does not inherit it since SLURM 22.05
}

# The step of the newest checkpoint of a run directory; 0 where there is none, nothing where the folder cannot be listed.
nntrain_newest_step() {
    local found
    found=$(LC_ALL=C find "$1/checkpoints" -name 'step-*.h5' 2>&1) || [[ $found == *"No such file or directory"* ]] || return 0
    found=$(sed -n 's/.*step-0*\([0-9]\{1,\}\)\.h5$/\1/p' <<<"$found" | sort -n | tail -n 1)
    echo "${found:-0}"
}

# The line that the program leaves in a run directory: its exit code, or "running", and when and where.
nntrain_status() { cat "$1/status" 2>/dev/null; }

# nntrain_code LAUNCHER'S_CODE RUN_DIR LINE_BEFORE: the program's exit code. mpirun ends with 1 after TERM or Ctrl-C, and
# some launchers with codes of their own after any failure; a line that was not there before is of this attempt.
nntrain_code() {
    local line
    line=$(nntrain_status "$2")
    if [ "$1" = 10 ] || [ "$line" = "$3" ]; then # another job's line, or none
        echo "$1"
    elif [[ $line =~ ^([0-9]+)\  ]]; then
        echo "${BASH_REMATCH[1]}"
    elif [ "$1" = 9 ] || [ "$1" = 15 ]; then # killed: this launcher's codes are signals
        echo $((128 + $1))
    else
        echo "$1"
    fi
}

# ---- running ----

# After USR1 the program saves and stops with 75. After TERM mpirun leaves it two seconds for that, and somebody else has
# decided what becomes of the job: whoever cancels it, or SLURM, which requeues by itself what it preempts and what was on
# a node that fails.
nntrain_on_signal() {
    nntrain_say "$1 has come: passed on"
    [ "$1" = USR1 ] || terminated=yes
    [ -z "$launched" ] || kill "-$1" "$launched" 2>/dev/null
}

# nntrain_run COMMAND...: to its end; returns its exit code. A trap interrupts `wait`, with a code above 128, which the
# command itself may have too.
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

# A node that held the run directory may have died a moment ago: some file systems take a while to notice.
nntrain_run_patiently() {
    local code end=$((SECONDS + nntrain_busy_seconds))
    while :; do
        nntrain_run "$@"
        code=$?
        if [ "$code" != 10 ] || [ "$restarts" = 0 ] || [ -n "$terminated" ] || [ "$SECONDS" -ge "$end" ]; then
            return "$code"
        fi
        nntrain_say "the attempt before still holds the run directory: once more in 10 s"
        sleep 10
    done
}

# ---- what next ----

# Whether a restart can mend it: stopped in time (75); a rank or node that hung (4), was lost (8; 1 is the launcher's own;
# 128 + signal) or gave wrong bits (12); files that could not be read or written (6, 11). What would end the same way
# again: mistakes in configuration, data or checkpoint (2, 5, 9), NaN (3), memory (7), another job's lease (10), no
# program (126, 127).
nntrain_can_mend() {
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
    [ -n "$newest" ] && [ -n "$2" ] || known='' # what cannot be listed is neither progress nor the lack of it
    if [ "$restarts" -gt 0 ] && { [ -z "$known" ] || [ "$newest" -le "$2" ]; }; then
        idle=$(grep -x '[0-9]\{1,6\}' "$1/idle_restarts" 2>/dev/null)
        idle=${idle:-0}
        [ -z "$known" ] || idle=$((idle + 1))
    fi
    [ ! -d "$1" ] || echo "$idle" >"$1/idle_restarts"
}

# Puts the job back into the queue. PBS and LSF get the script anew, which names itself in `script`.
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
    trap '' TERM # which SLURM sends to a job that it requeues
    nntrain_count_idle "$2" "$3"
    if [ "$1" = 0 ]; then
        nntrain_say "done"
    elif [ -n "$terminated" ]; then
        nntrain_say "exit code $1 after TERM: the rest is for SLURM; a cancelled job goes on where its script is submitted again"
    elif ! nntrain_can_mend "$1"; then
        nntrain_say "exit code $1: a restart would not mend this"
    elif [ "$idle" -ge "$nntrain_idle_restarts" ]; then
        nntrain_say "exit code $1: $idle restarts in a row made no checkpoint newer than step ${3:-?}: no further restart"
    elif [ "$restarts" -ge "$nntrain_restarts" ]; then
        nntrain_say "exit code $1: restarted $restarts times, and NNTRAIN_RESTARTS allows $nntrain_restarts"
    elif nntrain_requeue; then
        nntrain_say "exit code $1 at step $(nntrain_newest_step "$2" | grep . || echo "?"): back into the queue, restart $((restarts + 1))"
    else
        nntrain_say "exit code $1, and the job cannot be requeued: submit the same script again to go on"
    fi
}

# nntrain_job LAUNCHER CONFIG RUN_DIR [ARGUMENT...]: LAUNCHER is mpirun or srun; ends the script with the exit code.
nntrain_job() {
    local launcher=$1 config=$2 run_dir=$3 before line code
    local job restarts where ranks threads launched='' terminated=''
    shift 3
    trap 'nntrain_on_signal USR1' USR1
    trap 'nntrain_on_signal TERM' TERM
    nntrain_look_around
    nntrain_find_program
    nntrain_place
    [ -r "$config" ] || {
        nntrain_say "$config cannot be read in $PWD: submit from the folder that its path begins in"
        exit 2
    }
    case $launcher in
    mpirun) launcher=(mpirun -n "$ranks") ;;
    srun) launcher=(srun -n "$ranks" --mpi=pmix --kill-on-bad-exit=1) ;;
    esac
    before=$(nntrain_newest_step "$run_dir")
    line=$(nntrain_status "$run_dir")
    nntrain_say "job $job, restart $restarts: $ranks ranks of $OMP_NUM_THREADS threads on $where, from step ${before:-?}"
    nntrain_run_patiently "${launcher[@]}" "$nntrain_program" train "$config" --run-dir "$run_dir" "$@"
    code=$?
    code=$(nntrain_code "$code" "$run_dir" "$line")
    nntrain_decide "$code" "$run_dir" "$before"
    exit "$code"
}
