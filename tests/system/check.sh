#!/usr/bin/env bash
# nntrain check: reports every mistake of a job at once, on a machine where MPI cannot even start; and what the job will
# need, with the same numbers as the job itself.
tools=$(realpath "$2")/tests
source "$(dirname "$0")/common.sh"
classifier

# Without a launcher or a usable MPI: a nonexistent transport makes MPI_Init fail.
without_mpi() { env OMPI_MCA_btl=none OMPI_MCA_pml=none OMPI_MCA_ess=none "$@"; }

# look CODE ARGUMENT...: check ends with CODE; output in check.log
look() {
    local code=$1 found
    shift
    without_mpi timeout 60 "$program" check "$@" >check.log 2>&1
    found=$?
    [ $found = "$code" ] || { fail "exit $found, not $code: check $*"; cat check.log; }
}

# finds COUNT PATTERN ARGUMENT...: check reports COUNT problems, and one of them is PATTERN
finds() {
    local count=$1 pattern=$2
    shift 2
    look 2 "$@"
    grep -q -E ": $count problems?(, [0-9]+ warnings?)?$" check.log || { fail "not $count problems: check $*"; cat check.log; }
    [ "$(grep -c -E -e "^  - .*$pattern" check.log)" = 1 ] || { fail "not once: '$pattern': check $*"; cat check.log; }
}

says() { grep -q -E -e "$1" check.log || { fail "no message about '$1'"; cat check.log; }; }

without_mpi timeout 60 "$program" train classifier.yaml --run-dir nompi >train.log 2>&1 &&
    { fail "training runs where MPI cannot start: this test shows nothing"; cat train.log; }
rm -rf nompi

# ---- a good job ----
look 0 classifier.yaml -n 3 --run-dir new/run
# A CPU that is newer than OpenBLAS is worth a warning of its own.
says "^classifier.yaml: no problems, $((1 + $(grep -c 'does not know this CPU' check.log))) warnings?$"
says '^  - warning: the run has only 54 steps'
says '^  steps +18 per epoch x 3 epochs = 54$'
says '5 to 7 microbatches per rank|6 microbatches per rank'
says '^  time, about '
says '^  microbatches  of 1 instead of 4: .*; of 2: .*; of 8: '
[ -e new ] && fail "check made the run directory"
[ "$(grep -vc '^warning' check.log)" -le 25 ] || fail "$(wc -l <check.log) lines"
SLURM_NTASKS=4 look 0 classifier.yaml -n 4
[ -e runs ] && fail "check made runs"

# ---- five mistakes of five kinds, together and alone ----
sed 's/activation: gelu/activtion: gelu/; s/adam:/adamm:/; s/x_valid/x_vaild/' classifier.yaml >five.yaml
touch file
finds 5 'five.yaml:[0-9]+:[0-9]+: .*activtion.*activation' five.yaml --run-dir file/run \
    -n 12 --set training.microbatch_size=8
says "^  - five.yaml:[0-9]+:[0-9]+: unknown optimizer 'adamm'; did you mean 'adam'"
says '^  - .*x_vaild.*x_valid'
says '^  - file: is not a folder; move it away, or choose another folder'
says '^  - --set training.microbatch_size=8: 12 ranks, but .* 9 microbatches'
finds 1 'nowhere.yaml' nowhere.yaml
sed 's/metrics:/metrisc:/' classifier.yaml >one.yaml
finds 1 "one.yaml:[0-9]+:[0-9]+: .*metrisc.*metrics" one.yaml
finds 1 "optimizer.adam.learning_rat.*learning_rate" classifier.yaml --set optimizer.adam.learning_rat=0.1
finds 1 'nothing.h5' classifier.yaml --set data.file=nothing.h5
sed 's/x: x_train/x: x_trian/' classifier.yaml >one.yaml
finds 1 'x_trian.*x_train' one.yaml
finds 1 'network: .*|dense.*units|3' classifier.yaml --set network.4.units=3
grep -v validation: classifier.yaml >one.yaml
finds 1 'early_stopping needs results on the validation part' one.yaml \
    --set 'training.early_stopping={patience: 3 epochs}'
# Nothing is reported that follows from another mistake.
sed '/validation:/d; /test:/d' classifier.yaml >whole.yaml
split=(--set data.split.stratified=true --set data.split.test=0.2)
finds 1 "unknown metric 'acuracy'" whole.yaml "${split[@]}" --set 'metrics=[acuracy]'
finds 1 'metrics.accuracy.threshold' whole.yaml "${split[@]}" --set data.balanced=true --set 'metrics=[accuracy: {threshold: 2}]'
finds 1 "unknown loss 'cross_entropi'" whole.yaml "${split[@]}" --set loss=cross_entropi --set 'data.fields.y.labels=[0, 1]'
finds 1 'data.train.y={.*: needs the path' whole.yaml --set 'data.train.y={a: }'
for folds in 'folds=5' 'folds=5 fold=6' 'folds=1 fold=1' 'folds=five fold=2' 'fold=2' 'folds=2 fold=1 validation=0.9'; do
    finds 1 'data.split.(fold|folds|validation): ' whole.yaml "${split[@]}" --set training.early_stopping.patience=2 \
        $(printf -- '--set data.split.%s ' $folds)
done
# All metrics that do not fit are reported at once.
finds 2 'metric iou .*average: positive.*has 10' one.yaml --set 'metrics=[f1: {average: positive}, accuracy, iou: {average: positive}]'
finds 1 'init_from: .*no such run directory or checkpoint' classifier.yaml --set init_from.run=never
finds 1 '19 ranks, but .* 18 microbatches' classifier.yaml -n 19
finds 1 'no layer has trainable parameters' classifier.yaml --set 'network=[flatten, dense: {units: classes, freeze: true}]'
big=(--set 'network=[flatten, dense: 2000, dense: 2000, dense: {units: classes}]')
finds 1 'has .* free, but checkpoints take .*keep_last' classifier.yaml "${big[@]}" --set checkpoint.keep_last=1000000
finds 1 'ranks of a node need .* memory of a node .--node-memory. is 20.0 MiB' classifier.yaml -n 2 "${big[@]}" --node-memory 20M
look 0 classifier.yaml -n 2 --node-memory 1G
look 2 classifier.yaml -n none
says 'nntrain: check: -n takes an integer'
look 2 classifier.yaml --nodes 2
look 2 classifier.yaml -n 2 --nodes 2 --network 10
look 2 classifier.yaml -n 2 --nodes 2 --latency -1us
look 2 classifier.yaml --time-limit soon

# ---- what a network costs ----
# adds NETWORK: what communication adds to a step, in microseconds
adds() {
    look 0 classifier.yaml -n 2 --nodes 2 --network "$1" --latency 50us
    sed -n 's/^ *adds \([0-9.e+]*\) ms: about .* samples.s, .* % of what computing alone would allow$/\1/p' check.log |
        awk '{ printf "%d", 1000 * $1 }'
}
slow=$(adds 10Mb/s)
fast=$(adds 10GB/s)
says '^  communication .* ms per step, .* ms of it on the wire; [0-9]+ % is hidden behind .* ms of computing$'
says '^ +with 80 Gb/s per node and 0.05 ms per message$'
[ "$fast" -ge 50 ] && [ "$slow" -gt $((2 * fast)) ] || fail "10 Mb/s adds $slow us to a step, 80 Gb/s $fast"
look 0 classifier.yaml -n 2 --nodes 2
says 'assumed: see --network and --latency'
head -c 4000 "$digits/digits.h5" >cut.h5
finds 1 'cut.h5' classifier.yaml --set data.file=cut.h5
look 0 classifier.yaml -n 16 --set training.threads=2
says 'warning: a batch has only 18 microbatches for 32 threads'
says '^ +14 of 32 threads are idle'
look 0 classifier.yaml -n 16 --set training.threads=2 --set training.kernels=portable
grep -q 'threads are idle\|microbatches for 32 threads' check.log && fail "threads that share microbatches are called idle"

# A mistake in the data does not hide one in the network.
"$tools/make_data" odd.h5 500 16 3
cat >odd.yaml <<'YAML'
data: {file: odd.h5, train: {x: x, y: y}, fields: {y: {classes: 2}}}
network: [dense: {units: 7}]
loss: cross_entropy
YAML
finds 2 'contains the label 2, but there are only 2 classes' odd.yaml
says '^  - .*7'

# ---- the time limit ----
look 0 classifier.yaml --time-limit 10:00
says '^  time limit +10 min 0 s: one job is enough$'
# A job reserves some seconds for its end, so train would stop at once.
finds 1 'too short to make progress' classifier.yaml --time-limit '1 s'
long=(--set training.epochs=300000000)
finds 1 'too short to make progress' classifier.yaml "${long[@]}" --time-limit '4 s'
look 0 classifier.yaml "${long[@]}" --time-limit 1-00:00:00
says 'must be requeued [0-9]+ times?$'
seconds() { # "1 d 3 h": in seconds
    awk '{ for (i = 1; i < NF; i += 2) s += $i * ($(i + 1) == "d" ? 86400 : $(i + 1) == "h" ? 3600 : $(i + 1) == "min" ? 60 : 1);
           print int(s) }'
}
whole=$(sed -n 's/^  time, about.* per epoch, \(.*\) for the run$/\1/p' check.log | seconds)
kept=$(sed -n 's/^  time limit.* each reserving \(.*\) for its last.*/\1/p' check.log | seconds)
jobs=$(sed -n 's/^  time limit.* takes \([0-9]*\) jobs.*/\1/p' check.log)
awk -v whole="$whole" -v kept="$kept" -v jobs="$jobs" 'BEGIN {
    wanted = whole / (86400 - kept); exit !(jobs >= wanted - 1 && jobs <= wanted + 2 && jobs > 1) }' ||
    fail "$jobs jobs of a day that keep $kept s, for $whole s"

# ---- the run directory ----
mkdir taken && (flock -x 9 && echo "host here, process 1" >&9 && touch locked && sleep 30) 9>taken/lease &
holder=$!
for _ in $(seq 100); do [ -e locked ] && break; sleep 0.1; done
finds 1 'taken is in use by another job .host here, process 1' classifier.yaml --run-dir taken
kill $holder
wait $holder 2>/dev/null

train 2 1 classifier.yaml --run-dir trained --set training.epochs=2 || fail "training"
find trained -type f -printf '%p %s %T@\n' | sort >before
look 0 classifier.yaml --run-dir trained -n 5
says '36 of them are done'
grep -q '^  microbatches' check.log && fail "another microbatch size for a run that has begun"
OMP_NUM_THREADS=1 look 0 classifier.yaml -n 1 --set training.microbatch_size=36
says '^  microbatches  of 9 instead of 36: [^;]*; of 18: [^;]*; of 72: [^;]*$'
finds 1 'was made with different settings' classifier.yaml --run-dir trained --set optimizer.adam.learning_rate=0.5
says '^      optimizer.adam.learning_rate: was 0.002, is now 0.5'
look 0 classifier.yaml --run-dir trained --fresh --set optimizer.adam.learning_rate=0.5
look 0 classifier.yaml --run-dir begun --set init_from.run="$work/trained"
find trained -type f -printf '%p %s %T@\n' | sort >after
cmp -s before after || { fail "check wrote to the run directory"; diff before after; }
if [ "$(id -u)" != 0 ]; then
    mkdir closed && chmod 500 closed
    finds 1 'cannot create the folder closed/run' classifier.yaml --run-dir closed/run
    finds 1 'closed: cannot be read and written' classifier.yaml --run-dir closed
fi

# ---- the numbers are those of the job ----
"$tools/make_networks" "$work" || fail "make_networks"
for i in $(seq 400); do echo "line $((i * 7919 % 1009)) of the text, and $((i * 31 % 97)) words"; done >text.txt
"$program" import text text.txt --validation 0.1 --test 0.1 --chronological -o text.h5 >import.log 2>&1 || fail "import"
cat >images.yaml <<YAML
data:
  file: $digits/digits.h5
  train: {x: x_train, y: y_train}
  split: {validation: 0.2, stratified: true}
  fields: {x: {layout: NHW}}
network:
  - conv2d: {filters: 16, kernel: 3, padding: same}
  - batch_norm: {activation: relu}
  - max_pool: 2
  - conv2d: {filters: 32, kernel: 3, activation: relu}
  - dense: {units: classes}
loss: cross_entropy
training: {epochs: 1, batch_size: 74, microbatch_size: 6, average: 0.9}
YAML
cat >sequences.yaml <<'YAML'
data:
  file: sequences.h5
  train: {x: x, y: y, lengths: lengths}
  split: {validation: 0.1, test: 0.1}
network:
  - lstm: {units: 64, bidirectional: true}
  - dense: {units: classes}
loss: cross_entropy
optimizer: sgd
training: {epochs: 1, batch_size: 27, microbatch_size: 3}
YAML
cat >text.yaml <<'YAML'
data:
  file: text.h5
  train: {x: text_train}
  validation: {x: text_validation}
  window: {length: 16, stride: 12, target: every_step}
  fields: {x: {kind: index}}
network:
  - embedding: {symbols: classes, units: 32}
  - positional_encoding
  - transformer_block: {heads: 2, causal: true}
  - layer_norm
  - dense: {units: classes, per_step: true}
loss: cross_entropy
training: {epochs: 1, batch_size: 46, microbatch_size: 4}
YAML

bytes() { # "1.5 MiB": in bytes
    awk '{ printf "%.0f\n", $1 * ($2 == "KiB" ? 1024 : $2 == "MiB" ? 1048576 : $2 == "GiB" ? 1073741824 : 1) }'
}
part() { sed -n "s/$2/\\1/p" "$1"; }

# same NAME RANKS THREADS ARGUMENT...: check and the job report the same parameters, samples, steps and memory
same() {
    local name=$1 ranks=$2 threads=$3 told said
    shift 3
    rm -rf same
    OMP_NUM_THREADS=$threads look 0 "$name.yaml" -n "$ranks" --run-dir same "$@"
    train "$ranks" "$threads" "$name.yaml" --run-dir same "$@" || { fail "$name on $ranks"; cat train.log; return; }
    told="$(part check.log '^  parameters *\([0-9]*\)$') $(part check.log '^  steps *\([0-9]*\) per epoch.*')"
    told="$told $(part check.log '^  samples *\(.*\)$' | sed 's/ test$//')"
    told="$told $(part check.log '.* per rank, \(.*\) of data per node.*') $(part check.log '.*rank 0 needs \(.*\) more while.*')"
    said="$(part train.log '^\([0-9]*\) parameters,.*') $(part train.log '.*; \([0-9]*\) steps per epoch.*')"
    said="$said $(part train.log '^\([0-9]* training, .*\) test samples.*')"
    said="$said $(part train.log '^memory: .* per rank, \(.*\) of data per node.*') $(part train.log '.*rank 0 needs \(.*\) more while.*')"
    [ "$told" = "$said" ] || { fail "$name on $ranks x $threads: '$told', not '$said'"; cat check.log; }
    told=$(part check.log '^  memory *\(.*\) per rank, .*' | bytes)
    said=$(part train.log '^memory: \(.*\) per rank, .*' | bytes)
    # Both show one decimal, which is 104,858 bytes for MiB.
    awk -v a="$told" -v b="$said" 'BEGIN { d = a - b; if (d < 0) d = -d; exit !(a > 0 && d <= b * 0.03 + (b < 1048576 ? 24576 : 104858)) }' ||
        fail "$name on $ranks x $threads: $told bytes per rank, not $said"
    told=$(part check.log '^  checkpoint *\(.*\); the checkpoints to keep.*' | bytes)
    said=$(stat -c %s same/checkpoints/* | sort -n | tail -1)
    awk -v a="$told" -v b="$said" 'BEGIN { d = a - b; if (d < 0) d = -d; exit !(d <= b * 0.1 + 65536) }' ||
        fail "$name: a checkpoint of $told bytes, not $said"
}

for name in classifier images sequences text; do
    same $name 1 1
    same $name 3 2
done
same classifier 4 1 "${big[@]}" --set training.epochs=1
same classifier 3 1 --set training.allreduce=mpi --set training.epochs=1
same text 2 1 --set data.cache=stream
same images 2 1 --set training.precision=float64 --set training.memory=1

# ---- ranks in several NUMA domains: a node has one copy of the weights in each, however the ranks are divided ----
# node_kib DOMAINS RANKS ARGUMENT...: memory of a node
node_kib() {
    local domains=$1 ranks=$2
    shift 2
    NN_FAULT=check.domains=value:$domains OMP_NUM_THREADS=1 without_mpi "$tools/nntrain_faults" check classifier.yaml \
        -n "$ranks" "${big[@]}" "$@" >check.log 2>&1 || { fail "check with $domains domains"; cat check.log; }
    part check.log '^ *\(.*\) on a node with .*' | bytes | awk '{ print int($1 / 1024) }'
}
node_kib 1 5 >/dev/null
weights=$(($(part check.log '^  parameters *\([0-9]*\)$') * 4 / 1024))
for domains in 2 4 8; do
    one=$(node_kib 1 5)
    several=$(node_kib $domains 5)
    copies=$((domains < 5 ? domains : 5))
    awk -v one="$one" -v several="$several" -v expected=$(((copies - 1) * weights)) 'BEGIN {
        d = several - one - expected; exit !(expected > 10240 && d < 512 && d > -512) }' ||
        fail "$copies copies of $weights KiB: $several KiB, and $one with one copy"
done
node_kib 4 5 >/dev/null
says ' on a node with 5 ranks in 4 NUMA domains; '
[ "$(node_kib 4 5 --set training.allreduce=mpi)" = "$(node_kib 1 5 --set training.allreduce=mpi)" ] ||
    fail "domains matter where each rank has its own copy of the weights"

# ---- a large file: its inputs are not read ----
"$tools/make_data" large.h5 27000000 784 10 1024 1 20000
cat >large.yaml <<'YAML'
data: {file: large.h5, train: {x: x, y: y}, split: {validation: 0.01, stratified: true},
       fields: {x: {unwritten: fill_value}, y: {unwritten: fill_value}}}
network: [dense: {units: 64, activation: relu}, dense: {units: classes}]
loss: cross_entropy
YAML
# Only the labels are read: empty classes are reported as in training.
"$tools/make_data" middle.h5 400000 784 10 1024 1 20000
cat >middle.yaml <<'YAML'
data: {file: middle.h5, train: {x: x, y: y}, split: {validation: 0.01, stratified: true},
       fields: {x: {unwritten: fill_value}, y: {unwritten: fill_value, classes: 12}}}
network: [dense: {units: classes}]
loss: cross_entropy
YAML
look 0 middle.yaml
says 'warning: 2 of 12 classes have no training sample \(the first: class 10\)'
says '^ +300.6 MiB of data were not checked'
ulimit -S -v 2000000 # after everything that uses mpirun
look 0 large.yaml -n 8 --nodes 2 --set data.cache=stream
says '^  samples +26730000 training, 270000 validation'
says 'the data is streamed'
finish
