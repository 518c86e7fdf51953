#!/usr/bin/env bash
# The batch scripts without a batch system: small scripts stand in for mpirun, scontrol, qsub and bsub. Which exit codes
# put a job back into the queue, that signals reach the launcher, that PBS and LSF jobs submit themselves again, what a
# task of a sweep runs; and that the packages of cluster/spack.yaml are those of scripts/setup.sh.
source "$(dirname "$0")/common.sh"
cluster=$source_folder/cluster
unset OMP_NUM_THREADS NNTRAIN_RESTART
mkdir bin
export PATH=$work/bin:$PATH NNTRAIN_PROJECT=$source_folder NNTRAIN_PROGRAM=program NNTRAIN_CONFIG=c.yaml
export NNTRAIN_RUN_DIR=run
touch c.yaml

# stand_in NAME: a program, which stdin holds.
stand_in() {
    { echo '#!/usr/bin/env bash'; cat; } >"bin/$1"
    chmod +x "bin/$1"
}
stand_in scontrol <<'END'
echo "scontrol $*" >>asked
[ "$1" != show ] || echo "   StartTime=2030-01-01T00:00:00 EndTime=2030-01-01T01:00:00 Deadline=N/A"
END
stand_in qsub <<<'echo "qsub $*" >>asked'
stand_in bsub <<'END'
echo "bsub $NNTRAIN_RESTART $(grep -c nntrain_job)" >>asked
END
stand_in mpirun <<'END'
echo "mpirun $*" >>asked
echo "$OMP_NUM_THREADS $SLURM_JOB_END_TIME" >told
[ -z "${STEP:-}" ] || { mkdir -p run/checkpoints; touch "run/checkpoints/step-000000000$STEP.h5"; }
exit "$CODE"
END

# job CODE [NAME=VALUE...]: train.sbatch as SLURM would run it, with a launcher that ends with CODE.
job() {
    rm -f asked
    env CODE="$1" SLURM_JOB_ID=7 SLURM_NTASKS=4 SLURM_CPUS_PER_TASK=3 SLURM_JOB_NODELIST='n[1-2]' "${@:2}" \
        bash "$cluster/${template:-train.sbatch}" >log 2>&1
}
requeued() { grep -q '^scontrol requeue 7$' asked; }

for code in 75 4 8 1 12 6 11 137 139; do
    job $code
    [ $? = $code ] || fail "the script does not end with the program's exit code $code"
    requeued || fail "exit code $code does not put the job back into the queue"
done
for code in 0 2 3 5 7 9 10 126 127; do
    job $code
    [ $? = $code ] || fail "the script does not end with the program's exit code $code"
    requeued && fail "exit code $code puts the job back into the queue"
done
job 0
grep -q '^mpirun -n 4 program train c.yaml --run-dir run$' asked || { fail "another command is run"; cat asked; }
[ "$(cat told)" = "3 $(date -d 2030-01-01T01:00:00 +%s)" ] || fail "threads and end of the job: $(cat told)"
job 0 SLURM_NTASKS_PER_NODE=5 SLURM_JOB_NUM_NODES=2
grep -q '^mpirun -n 10 ' asked || fail "not five ranks on each of two nodes"

# Restarts: each with its cap, and no more than two without a newer checkpoint.
mkdir -p run
job 8 SLURM_RESTART_COUNT=1
requeued || fail "one idle restart is too many"
job 8 SLURM_RESTART_COUNT=2 STEP=5
requeued || fail "a restart that made a checkpoint is not followed by another"
job 8 SLURM_RESTART_COUNT=3
requeued || fail "progress does not begin the count of idle restarts anew"
job 8 SLURM_RESTART_COUNT=4
requeued && fail "two idle restarts in a row are followed by a third"
job 8
requeued || fail "a job that was submitted again does not begin anew"
job 75 SLURM_RESTART_COUNT=50 STEP=6
requeued && fail "more than 50 restarts"

# A lease that the attempt before still holds is waited for; that of another job is not.
stand_in sleep <<<'echo "sleep $*" >>asked; /bin/sleep 1'
job 10 SLURM_RESTART_COUNT=1 NNTRAIN_BUSY_SECONDS=1
[ "$(grep -c '^mpirun' asked)" -ge 2 ] || fail "a restarted job does not wait for the run directory"
job 10
[ "$(grep -c '^mpirun' asked)" = 1 ] || fail "a new job waits for a run directory that is in use"
rm bin/sleep

# Signals: USR1 is passed on, and the code that the launcher then ends with decides; TERM is passed on and ends the job.
stand_in mpirun <<'END'
trap 'echo "mpirun got USR1" >>asked; exit 75' USR1
trap 'echo "mpirun got TERM" >>asked; exit 143' TERM
echo started >>asked
for _ in $(seq 600); do sleep 0.1; done
END
for name in USR1 TERM; do
    rm -f asked
    job 0 &
    for _ in $(seq 200); do grep -q started asked 2>/dev/null && break; sleep 0.1; done
    kill "-$name" "$(pgrep -P $! -f train.sbatch)"
    wait $!
    code=$?
    grep -q "mpirun got $name" asked || fail "$name is not passed on"
    if [ $name = USR1 ]; then
        [ $code = 75 ] || fail "after USR1 the script ends with $code"
        requeued || fail "a job that stopped in time is not put back"
    else
        [ $code = 143 ] || fail "after TERM the script ends with $code"
        requeued && fail "a job that was ended by TERM puts itself back"
    fi
done

# PBS and LSF.
stand_in mpirun <<<'echo "mpirun $*" >>asked; exit 75'
mkdir -p scripts/examples/digits cluster
cp "$digits/digits.yaml" scripts/examples/digits
cp "$cluster"/train.* cluster
printf 'a\na\nb\n' >nodes
rm -f asked
PBS_JOBID=1 PBS_NODEFILE=nodes PBS_O_WORKDIR=$work NNTRAIN_RESTART=3 bash cluster/train.pbs >log 2>&1
[ $? = 75 ] || { fail "the PBS job does not end with 75"; cat log; }
grep -q '^mpirun -n 3 program train .* --run-dir runs/digits --time-limit 24:00:00$' asked || { fail PBS; cat asked; }
grep -q '^qsub -v NNTRAIN_RESTART=4 cluster/train.pbs$' asked || { fail "the PBS job is not submitted again"; cat asked; }
rm asked
LSB_JOBID=1 LSB_DJOB_NUMPROC=8 bash cluster/train.lsf >log 2>&1
grep -q '^mpirun -n 8 program train .* --time-limit 24:00:00$' asked || { fail LSF; cat asked; }
grep -q '^bsub 1 1$' asked || { fail "the LSF job is not submitted again"; cat asked; }
bash cluster/train.sbatch >log 2>&1
[ $? = 2 ] || fail "outside of a job the script ends with $?"
grep -q 'no job of SLURM' log || fail "outside of a job the script does not say so"

# A sweep: task 5 is the third line of settings with the second seed.
stand_in mpirun <<<'printf "[%s]" "$@" >asked'
template=array.sbatch job 0 SLURM_ARRAY_TASK_ID=5 SLURM_ARRAY_TASK_MAX=5
expected='[run/optimizer.adam.learning_rate=0.004,training.batch_size=128,seed=2]'
expected+='[--set][training.seed=2][--set][optimizer.adam.learning_rate=0.004][--set][training.batch_size=128]'
[[ $(cat asked) == *"[--run-dir]$expected" ]] || { fail "task 5 of the sweep is another run"; cat asked; }

# One list of packages.
diff <(sed -n '/^needs_build=(/,/^)/s/.*|\([^|"]*\)"$/\1/p' "$source_folder/scripts/setup.sh" | grep -v '^gcc$' | sort) \
    <(sed -n 's/^  - //p' "$cluster/spack.yaml" | sort) || fail "cluster/spack.yaml has not the packages of setup.sh"
finish
