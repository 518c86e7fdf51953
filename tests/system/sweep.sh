#!/usr/bin/env bash
# A sweep as a user meets it: mistakes are found before anything runs; the runs are trained one after another, on any
# number of ranks, as `nntrain train` would; one that fails does not keep the others from running, one that was stopped
# resumes; `nntrain info` shows mean and deviation over folds and seeds.
source "$(dirname "$0")/common.sh"
regression
sed -i "s/split: .*/split: {test: 0.1}/; s/epochs: 2/epochs: 1/" regression.yaml
use_engine regression.yaml
export OMP_NUM_THREADS=1

cat >wrong.yaml <<'END'
config: regression.yaml
settings:
  optimizer.sgd.learning_rat: [0.1]
  training.batch_size: [64, 0.5]
  data.train.x: [x_train, x_trian]
  training.clip_norm: {log: [0, 1], points: 2}
seeds: 2
END
program_refuses 2 'wrong.yaml:6:29: training.clip_norm: log needs numbers above 0' sweep wrong.yaml --run
sed -i 's/log: \[0, 1\]/log: [0.5, 2]/' wrong.yaml
program_refuses 2 "wrong.yaml:3:32: optimizer.sgd: unknown option 'learning_rat'; did you mean 'learning_rate'?" sweep wrong.yaml --run
said "wrong.yaml:4:29: training.batch_size: expected an integer, not '0.5'"
said 'data.train.x: dataset "x_trian" of'
[ ! -e runs ] || fail "a sweep with mistakes has begun"
echo "config: regression.yaml" >wrong.yaml
program_refuses 2 'wrong.yaml:1:1: nothing differs between runs' sweep wrong.yaml
program_refuses 2 'this is a configuration, not a sweep' sweep regression.yaml
for line in 3 'training.seed=1; 3' ''; do
    program_refuses 2 '--name takes a line of the list' sweep wrong.yaml --name "$line"
done
program_refuses 2 'give one of them' sweep wrong.yaml --run --name training.seed=1

# Values that are drawn cover the range, and are the same each time.
cat >drawn.yaml <<'END'
config: regression.yaml
search: {latin_hypercube: {runs: 5}}
settings:
  optimizer.sgd.momentum: {uniform: [0, 0.5]}
  network.0.units: {int: [10, 14]}
END
run sweep drawn.yaml -o drawn.txt
said 'NNTRAIN_CONFIG=regression.yaml NNTRAIN_RUN_DIR=runs/drawn NNTRAIN_SEEDS= NNTRAIN_SETTINGS=drawn.txt sbatch --array=0-4'
for command in check train lr-range; do
    program_refuses 2 'drawn.yaml:1:1: this is a sweep, not a configuration' $command drawn.yaml
done
# A list replaces a list alone.
cp regression.yaml before.yaml
cp "$digits/digits.h5" some.h5
for file in regression.yaml drawn.yaml some.h5; do
    program_refuses 2 "sweep: $file exists, and is not a list of runs" sweep drawn.yaml -o $file
done
cmp regression.yaml before.yaml || fail "a sweep has replaced its configuration"
run sweep drawn.yaml -o drawn.txt
# The hint can be pasted, whatever the names are.
cp drawn.yaml "it's drawn.yaml"
cat >sbatch <<'END'
#!/usr/bin/env bash
printf '%s\n' "$NNTRAIN_CONFIG" "$NNTRAIN_RUN_DIR" "$(wc -l <"$NNTRAIN_SETTINGS")" "$@"
[ -f "${@: -1}" ] && [ -f "$NNTRAIN_PROJECT/cluster/job.sh" ]
END
chmod +x sbatch
"$program" sweep "it's drawn.yaml" 2>hint >/dev/null
(nntrain() { "$program" "$@" 2>/dev/null; } && PATH=$PWD:$PATH && source <(grep '^  ' hint)) >pasted || fail "the hint cannot be pasted: $(cat hint)"
cmp <(head -4 pasted) <(printf '%s\n' regression.yaml "runs/it's drawn" 5 --array=0-4) || { fail "the hint means something else"; cat hint pasted; }
"$program" sweep drawn.yaml 2>/dev/null | cmp - drawn.txt || fail "the list is another one the second time"
[ "$(sed 's/.*units=//' drawn.txt | sort | tr '\n' ' ')" = "10 11 12 13 14 " ] || { fail "not one run per stratum"; cat drawn.txt; }
[ "$(sed 's/.*momentum=//; s/;.*//' drawn.txt | awk '{print int($1 * 10)}' | sort | tr '\n' ' ')" = "0 1 2 3 4 " ] ||
    { fail "not one run per stratum"; cat drawn.txt; }

# Four runs of which two diverge: 3 ranks, then 1 rank.
cat >four.yaml <<'END'
config: regression.yaml
settings: {optimizer.sgd.learning_rate: [1e30, 0.02]}
folds: 2
END
mpirun -n 3 --bind-to none "$program" sweep four.yaml --run >log 2>&1
[ $? = 3 ] || { fail "exit $?, not that of the run that failed"; cat log; }
said '4 runs: 2 trained, 0 complete before, 2 failed, 0 to do'
said '  optimizer.sgd.learning_rate=1e30,folds=2,fold=2: exit code 3: '
program_refuses 3 '4 runs: 0 trained, 2 complete before, 2 failed, 0 to do' sweep four.yaml --run
ends 0 1 2 regression.yaml --run-dir one --set optimizer.sgd.learning_rate=0.02 --set data.split.folds=2 --set data.split.fold=2
cmp <(times_aside one) <(times_aside runs/four/optimizer.sgd.learning_rate=0.02,folds=2,fold=2) || fail "a run of a sweep is another run"
program_refuses 2 'data.split.fold: was 2, is now 1' train regression.yaml --run-dir one --set optimizer.sgd.learning_rate=0.02 \
    --set data.split.folds=2 --set data.split.fold=1

# Stopped in the second of two runs, and continued: a change of the configuration is not taken for completion.
cat >long.yaml <<'END'
config: regression.yaml
settings: {training.epochs: 40}
seeds: [1, 2]
END
"$program" sweep long.yaml --run >log 2>&1 &
stopped=$!
for ((tries = 0; tries < 400; tries++)); do
    sed -n '/^run 2 of 2/,$p' log | grep -q '^epoch 1/' && break
    sleep 0.02
done
"$program" sweep long.yaml >list 2>&1 || { fail "no list while a run is in progress"; cat list; }
# Another job works through the same runs: the one in progress is left to the first.
sed 's/seeds: .*/seeds: [2]/; 1a run_dirs: runs/long' long.yaml >other.yaml
kill -STOP $stopped
run sweep other.yaml --run
said 'is in use by another job, left to it'
said '1 runs: 0 trained, 0 complete before, 0 failed, 0 to do, 1 in use by another job, left to it'
kill -CONT $stopped
kill -TERM $stopped
wait $stopped
code=$?
[ $code = 75 ] || [ $code = 0 ] || { fail "exit $code of a sweep that was stopped"; cat log; }
[ $code = 0 ] || said '2 runs: 1 trained, 0 complete before, 0 failed, 1 to do'
run sweep long.yaml --run
said 'run 1 of 2: runs/long/training.epochs=40,seed=1: complete'
ends 0 1 1 regression.yaml --run-dir two --set training.epochs=40 --set training.seed=2
cmp <(times_aside two) <(times_aside runs/long/training.epochs=40,seed=2) || fail "a run that was continued is another run"
sed -i 's/momentum: 0.9/momentum: 0.8/' regression.yaml
program_refuses 2 'optimizer.sgd.momentum: was 0.9, is now 0.8' sweep long.yaml --run

# One line for the folds, with their mean.
run info runs/four/optimizer.sgd.learning_rate=0.02,*
said '; 2 runs'
[ "$(grep -c 'runs/four' log)" = 1 ] || { fail "folds are not one line"; cat log; }
# What cannot be compared is in tables of its own, and what is not a run is an error; no line is wide.
wide='metrics=[mae, rmse, r2, mape, explained_variance]'
ends 0 1 1 regression.yaml --run-dir other --set loss=huber
program_refuses 2 'not run directories, and not in the table: some.h5' info one other some.h5
[ "$(grep -c 'is better; 1 run$' log)" = 2 ] || { fail "not two tables"; cat log; }
ends 0 1 1 regression.yaml --run-dir third --set checkpoint.best=mae
ends 0 1 1 regression.yaml --run-dir fourth --set checkpoint.best=mae --set loss=huber --set "$wide" --set training.clip_norm=0.5 \
    --set optimizer.sgd.momentum=0.87654321 --set lr_schedule=constant
run info third fourth
said 'is better; 2 runs'
said 'run of the best: fourth'
said 'optimizer.sgd.momentum: 0.87654321'
[ "$(wc -L <log)" -le 100 ] || { fail "a line of more than 100 columns"; cat log; }
"$program" info --json one other >log
said '{"tables":[{"figure":'
"$program" info --json runs/four/optimizer.sgd.learning_rate=0.02,* >log
said '"runs":2,"mean":'
said '"directory":"runs/four/optimizer.sgd.learning_rate=0.02,folds=2,fold=2","value":'
said '"best_epoch":1,"epochs":1,"ended":"all epochs"'
finish
