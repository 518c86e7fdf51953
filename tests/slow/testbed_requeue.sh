#!/usr/bin/env bash
# A real SLURM of three nodes: a job receives USR1, is requeued, resumes on another number of ranks and ends with the
# fingerprint of the undisturbed run, with mpirun and with srun. So does a job that is cancelled and resubmitted.
source "$(dirname "$0")/testbed_common.bash"
start_testbed
long_run

is_pending() { state_is PENDING; }

# TEMPLATE RUN_DIR: two nodes, then one.
stop_and_resume() {
    submit "$1" "$2" --nodes=2 --ntasks-per-node=1
    wait_for_step "$2" 40
    slurm scancel --signal=USR1 --batch "$job"
    wait_for 60 is_pending || fail "$1: the job is not requeued: $(job_field JobState)"
    expect_no_ranks "a requeue of $1"
    slurm scontrol update JobId="$job" NumNodes=1-1 NumTasks=1 || fail "$1: the waiting job takes no other number of nodes"
    wait_for_end
    expect_restarts "$1" 1
    expect_log "$1" 'restart 0: 2 ranks'
    expect_log "$1" 'exit code 75 at step [0-9]*: requeued as restart 1'
    expect_log "$1" 'restart 1: 1 ranks x 1 threads on n[1-3], from step [1-9]'
    expect_log "$1" 'resuming from'
    expect_log "$1" 'job.sh: .* done'
    expect_reference "$1"
}

stop_and_resume train.sbatch mpirun
if slurm srun --mpi=list 2>&1 | grep -q pmix; then
    stop_and_resume train-srun.sbatch srun
else
    echo "skipped: this SLURM has no PMIx, train-srun.sbatch was not tried"
fi

submit train.sbatch cancelled --nodes=3 --ntasks-per-node=1
wait_for_step cancelled 40
slurm scancel "$job"
wait_for_end
state_is CANCELLED || fail "the cancelled job is $(job_field JobState)"
expect_no_ranks scancel
expect_restarts scancel 0
submit train.sbatch cancelled --nodes=1 --ntasks-per-node=2
wait_for_end
expect_log "submitted again" 'resuming from'
expect_reference "submitted again"
finish
