#!/usr/bin/env bash
# The batch scripts without a batch system: mock scripts replace mpirun, scontrol, qsub and bsub. Checks which exit
# codes requeue a job, that signals reach the launcher, that PBS and LSF jobs resubmit themselves, what a task of a
# sweep runs, and that cluster/spack.yaml lists the packages of scripts/setup.sh.
source "$(dirname "$0")/common.sh"
cluster=$source_folder/cluster
unset OMP_NUM_THREADS NNTRAIN_RESTART
mkdir bin
export PATH=$work/bin:$PATH NNTRAIN_PROJECT=$source_folder NNTRAIN_PROGRAM=program NNTRAIN_CONFIG=c.yaml
export NNTRAIN_RUN_DIR=run
touch c.yaml

# stand_in NAME: installs the mock program on stdin.
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

# job CODE [NAME=VALUE...]: runs train.sbatch as SLURM would, with a launcher that exits with CODE.
job() {
    rm -f asked
    env CODE="$1" SLURM_JOB_ID=7 SLURM_NTASKS=4 SLURM_CPUS_PER_TASK=3 SLURM_JOB_NODELIST='n[1-2]' "${@:2}" \
        bash "$cluster/${template:-train.sbatch}" >log 2>&1
}
requeued() { grep -q '^scontrol requeue 7$' asked; }

for code in 75 4 8 1 12 6 11 137 139; do
    job $code
    [ $? = $code ] || fail "the script does not end with the program's exit code $code"
    requeued || fail "exit code $code does not requeue the job"
done
for code in 0 2 3 5 7 9 10 126 127; do
    job $code
    [ $? = $code ] || fail "the script does not end with the program's exit code $code"
    requeued && fail "exit code $code requeues the job"
done
job 0
grep -q '^mpirun -n 4 program train c.yaml --run-dir run$' asked || { fail "a different command is run"; cat asked; }
[ "$(cat told)" = "3 $(date -d 2030-01-01T01:00:00 +%s)" ] || fail "threads and end of the job: $(cat told)"
job 0 SLURM_NTASKS_PER_NODE=5 SLURM_JOB_NUM_NODES=2
grep -q '^mpirun -n 10 ' asked || fail "not five ranks on each of two nodes"

# Restarts: at most 50, and at most two in a row without a newer checkpoint.
mkdir -p run
job 8 SLURM_RESTART_COUNT=1
requeued || fail "one idle restart is too many"
job 8 SLURM_RESTART_COUNT=2 STEP=5
requeued || fail "a restart that made a checkpoint is not followed by another"
job 8 SLURM_RESTART_COUNT=3
requeued || fail "progress does not reset the count of idle restarts"
job 8 SLURM_RESTART_COUNT=4
requeued && fail "two idle restarts in a row are followed by a third"
job 8
requeued || fail "a job that was submitted again does not start over"
stand_in find <<<'echo "find: run/checkpoints: Input/output error" >&2; exit 1'
for restart in 1 2 3 4; do
    job 8 SLURM_RESTART_COUNT=$restart
    requeued || { fail "checkpoints that cannot be listed count as no progress"; cat log; }
done
rm bin/find
job 75 SLURM_RESTART_COUNT=50 STEP=6
requeued && fail "more than 50 restarts"

# What scontrol may report as the end, and what the program then gets: a known good end is never lost.
# told EXPECTED TEXT...: for a job whose environment has the end 4000000000
told() {
    local expected=$1
    shift
    printf '%s\n' "$@" >shown
    stand_in scontrol <<<'[ "$1" != show ] || cat shown'
    job 0 SLURM_JOB_END_TIME=4000000000
    [ "$(cut -d' ' -f2 told)" = "$expected" ] || fail "scontrol prints '$*': $(cat told), not $expected"
}
stand_in sleep <<<:
soon=$(date -d '2 hours' +%FT%T)
told "$(date -d "$soon" +%s)" "   EndTime=$soon Deadline=N/A"
for odd in '' None N/A '(null)' now tomorrow 0 2030 01:00:00 2000-01-01T00:00:00 'slurm_load_jobs error: timeout' 1.Jan.2030; do
    told 4000000000 "   StartTime=2000-01-01T00:00:00 EndTime=$odd Deadline=$soon"
done
told 4000000000 ''
told '' '   EndTime=Unknown Deadline=N/A'
# The first task of an array: its id selects all tasks, and components with other ids.
told "$(date -d "$soon" +%s)" 'JobId=8 ArrayJobId=7' '   EndTime=2031-01-01T00:00:00' 'JobId=7 ArrayJobId=7' "   EndTime=$soon"
rm bin/sleep
stand_in scontrol <<'END'
echo "scontrol $*" >>asked
[ "$1" != show ] || echo "   StartTime=2030-01-01T00:00:00 EndTime=2030-01-01T01:00:00 Deadline=N/A"
END

# The launcher hides the exit code of the program; the run directory has it, for this attempt and not an older one.
stand_in mpirun <<'END'
echo mpirun >>asked
[ -z "$LINE" ] || echo "$LINE" >run/status
exit "$CODE"
END
rm -f run/status
ended() {
    local code=$1 expected=$2
    job "$code" LINE="$3"
    found=$?
    [ $found = "$expected" ] || fail "launcher $code, '$3': the script ends with $found, not $expected"
}
ended 1 75 '75 2026-01-01T00:00:00 n1:1 stopped on request after step 5'
requeued || fail "a run that was stopped and saved is not requeued if mpirun exits with 1"
ended 1 1 '' # nothing new: the old line does not count
ended 1 3 '3 2026-01-01T00:00:01 n1:2 NaN'
requeued && fail "a NaN hidden by the launcher's exit code 1 requeues the job"
ended 255 0 '0 2026-01-01T00:00:02 n1:3 trained to the end'
ended 1 1 'running 2026-01-01T00:00:03 n1:4 begun'
ended 9 137 'running 2026-01-01T00:00:04 n1:5 begun'
ended 9 9 '9 2026-01-01T00:00:05 n1:6 the checkpoints are damaged'
ended 4 4 'running 2026-01-01T00:00:06 n1:7 begun'
ended 10 10 '75 2026-01-01T00:00:07 n2:8 of the job that has the directory'
rm -f run/status
stand_in mpirun <<'END'
echo "mpirun $*" >>asked
[ -z "${STEP:-}" ] || { mkdir -p run/checkpoints; touch "run/checkpoints/step-000000000$STEP.h5"; }
exit "$CODE"
END

# A restarted job waits for the lease of its previous attempt; a new job does not wait for another's.
stand_in sleep <<<'echo "sleep $*" >>asked; /bin/sleep 1'
job 10 SLURM_RESTART_COUNT=1 NNTRAIN_BUSY_SECONDS=1
[ "$(grep -c '^mpirun' asked)" -ge 2 ] || fail "a restarted job does not wait for the run directory"
job 10
[ "$(grep -c '^mpirun' asked)" = 1 ] || fail "a new job waits for a run directory that is in use"
rm bin/sleep

# Signals: USR1 is passed on, and the launcher's exit code decides; TERM is passed on and ends the job.
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
        requeued || fail "a job that stopped in time is not requeued"
    else
        [ $code = 143 ] || fail "after TERM the script ends with $code"
        requeued && fail "a job that was ended by TERM requeues itself"
    fi
done

# A job of two nodes without a number of tasks has one rank per node.
stand_in mpirun <<<'echo "mpirun $*" >>asked; exit 0'
env -u SLURM_NTASKS SLURM_JOB_ID=7 SLURM_JOB_NUM_NODES=2 SLURM_JOB_NODELIST='n[1-2]' bash "$cluster/train.sbatch" >log 2>&1
grep -q '^mpirun -n 2 ' asked || fail "two nodes without a number of tasks: $(cat asked)"

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
PBS_JOBID=1 PBS_NODEFILE=nowhere PBS_O_WORKDIR=$work bash cluster/train.pbs >log 2>&1
[ $? = 2 ] && grep -q 'lists no nodes' log || { fail "a PBS job without its list of nodes"; cat log; }
rm asked
LSB_JOBID=1 LSB_DJOB_NUMPROC=8 bash cluster/train.lsf >log 2>&1
grep -q '^mpirun -n 8 program train .* --time-limit 24:00:00$' asked || { fail LSF; cat asked; }
grep -q '^bsub 1 1$' asked || { fail "the LSF job is not submitted again"; cat asked; }
bash cluster/train.sbatch >log 2>&1
[ $? = 2 ] || fail "outside of a job the script ends with $?"
grep -q 'not a job of SLURM' log || fail "outside of a job the script does not say so"

# A sweep: task 5 is the third line of settings with the second seed.
stand_in mpirun <<<'printf "[%s]" "$@" >asked'
template=array.sbatch job 0 SLURM_ARRAY_TASK_ID=5 SLURM_ARRAY_TASK_MAX=5 NNTRAIN_PROGRAM="$program"
expected='[run/optimizer.adam.learning_rate=0.004,training.batch_size=128,seed=2]'
expected+='[--set][optimizer.adam.learning_rate=0.004][--set][training.batch_size=128][--set][training.seed=2]'
[[ $(cat asked) == *"[--run-dir]$expected" ]] || { fail "task 5 of the sweep is a different run"; cat asked; }

# The list of `nntrain sweep`: the run and the name of its directory are those that `nntrain sweep --run` would have.
cat >list.txt <<'END'
loss={cross_entropy: {label_smoothing: 0.1}}; training.seed=4
loss=cross_entropy; training.seed=4
END
template=array.sbatch job 0 SLURM_ARRAY_TASK_ID=0 SLURM_ARRAY_TASK_MAX=1 NNTRAIN_PROGRAM="$program" NNTRAIN_SETTINGS=list.txt
expected="[run/$("$program" sweep --name "$(head -n 1 list.txt)")]"
expected+='[--set][loss={cross_entropy: {label_smoothing: 0.1}}][--set][training.seed=4]'
[[ $(cat asked) == *"[--run-dir]$expected" ]] || { fail "a task of a list is a different run"; cat asked; }

# The lists of packages agree.
diff <(sed -n '/^needs_build=(/,/^)/s/.*|\([^|"]*\)"$/\1/p' "$source_folder/scripts/setup.sh" | grep -v '^gcc$' | sort) \
    <(sed -n 's/^  - //p' "$cluster/spack.yaml" | sort) || fail "cluster/spack.yaml does not have the packages of setup.sh"
finish
