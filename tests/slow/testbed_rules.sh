#!/usr/bin/env bash
# A real SLURM of three nodes: which exit codes requeue a job, when restarts end, that a job stops before its time limit
# and continues, and that a sweep trains the right settings. To test only the rules, a mock script replaces the program.
source "$(dirname "$0")/testbed_common.bash"
start_testbed
one=(--nodes=1 --ntasks-per-node=1)

classifier

# A job of several hours with a limit of one minute, while the rest of this test runs. SLURM sends no signal here: the
# program knows when its time ends.
sed 's/epochs: 3,/epochs: 100000, peak_seconds: 0,/; s/every: 3 steps/every: 5 s/' classifier.yaml >endless.yaml
config=endless.yaml
submit train.sbatch limited "${one[@]}" --time=1 --signal=B:CONT@1
limited_job=$job limited_log=$log

# ---- failures that a restart does not fix ----

sed 's/epochs: 3,/epochs: none,/' classifier.yaml >mistake.yaml
sed 's/adam: {learning_rate: 0.002}/sgd: {learning_rate: 1e30}/; s/, clip_norm: 0.5//' classifier.yaml >diverges.yaml
for case in mistake:2 diverges:3; do
    config=${case%:*}.yaml
    submit train.sbatch "${case%:*}" --nodes=2 --ntasks-per-node=1
    wait_for_end
    expect_log "${case%:*}" "exit code ${case#*:}: a restart would not help"
    expect_restarts "${case%:*}" 0
    [ "$(job_field ExitCode)" = "${case#*:}:0" ] || fail "${case%:*}: SLURM sees $(job_field ExitCode)"
done
config=absent.yaml
submit train.sbatch absent "${one[@]}"
wait_for_end
expect_log absent 'cannot read .*absent.yaml'
expect_restarts absent 0

# ---- restarts end: without progress, and at the cap ----

# stand_in NAME: replaces the program by the script on stdin, which gets its run directory as $dir.
stand_in() {
    { echo '#!/usr/bin/env bash'; echo "dir=$work/$1; mkdir -p \"\$dir/checkpoints\""; cat; } >"$1.sh"
    chmod +x "$1.sh"
    export NNTRAIN_PROGRAM=$work/$1.sh
}

# shellcheck disable=SC2034 # submit reads it
config=classifier.yaml
stand_in idle <<<'exit 8'
submit train.sbatch idle "${one[@]}"
idle_job=$job idle_log=$log
stand_in capped <<'END'
touch "$dir/checkpoints/step-$(printf '%010d' $((8 + ${SLURM_RESTART_COUNT:-0}))).h5"
exit 75
END
NNTRAIN_RESTARTS=1 submit train.sbatch capped "${one[@]}"
capped_job=$job capped_log=$log
stand_in told <<'END'
echo "the end is in $((SLURM_JOB_END_TIME - $(date +%s))) s"
END
submit train.sbatch told "${one[@]}" --time=7
wait_for_end
left=$(sed -n 's/^the end is in \(.*\) s$/\1/p' "$log")
if [ "${left:-0}" -le 240 ] || [ "$left" -gt 420 ]; then fail "of 7 minutes the program gets ${left:-nothing}"; fi
job=$idle_job log=$idle_log
wait_for_end
expect_restarts "without progress" 2
expect_log "without progress" 'exit code 8: no checkpoint newer than step 0 after 2 restarts in a row'
job=$capped_job log=$capped_log
wait_for_end
expect_restarts "with progress, at the cap" 1
expect_log "with progress, at the cap" 'exit code 75 at step 8: requeued as restart 1'
expect_log "with progress, at the cap" 'exit code 75: restarted 1 times'

job=$limited_job log=$limited_log
is_restarted() { log_says 'restart 1: '; }
wait_for 180 is_restarted || { fail "a job does not continue after its time limit"; cat "$log"; }
slurm scancel "$job"
wait_for_end
expect_log "a job of one minute" "stopped before the job's time ends"
expect_log "a job of one minute" 'exit code 75 at step [1-9][0-9]*: requeued as restart 1'
expect_no_ranks "a job of one minute"

# ---- a sweep ----

export NNTRAIN_PROGRAM=$program
sed -i 's/epochs: 3,/epochs: 1, peak_seconds: 0,/' classifier.yaml
printf '%s\n' optimizer.adam.learning_rate=0.001 'optimizer.adam.learning_rate=0.004; training.batch_size=48' >sweep.txt
NNTRAIN_SETTINGS=sweep.txt submit array.sbatch sweep --array=0-4 --nodes=1 --ntasks-per-node=2
array=$job
array_is_over() { [ -z "$(slurm squeue -h -j "$array" 2>/dev/null)" ]; }
wait_for 300 array_is_over || fail "the array does not end"
[ "$(grep -c '^fingerprint: ' "$log")" = 4 ] || { fail "not 4 of 4 runs were trained"; cat "$log"; }
[ "$(sed -n 's/^fingerprint: //p' "$log" | sort -u | wc -l)" = 4 ] || fail "two runs of the sweep are the same"
expect_log "a task too many" 'task 4 has nothing to do: --array=0-3 is enough'
train 1 1 classifier.yaml --run-dir alone --set optimizer.adam.learning_rate=0.004 --set training.batch_size=48 \
    --set training.seed=2
reference=$(fingerprint)
"$program" info 'sweep/optimizer.adam.learning_rate=0.004,training.batch_size=48,seed=2' >info.log
grep -q "fingerprint.*$reference" info.log || { fail "a task of the sweep is not the run in its name"; cat info.log; }
finish
