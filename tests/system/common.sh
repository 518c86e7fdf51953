# Shared by the system tests. A test is called with the program's path and the build folder.
set -u
program=$(realpath "$1")
source_folder=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
digits=$source_folder/scripts/examples/digits
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export OMPI_MCA_rmaps_base_oversubscribe=1 OMP_WAIT_POLICY=passive
# Without a fabric Open MPI selects this component anyway; the search takes more than half of its start-up time.
export OMPI_MCA_pml=${OMPI_MCA_pml:-ob1}
if [ "$(id -u)" = 0 ]; then export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1; fi
failures=0

fail() {
    echo "FAIL: $*"
    failures=$((failures + 1))
}

finish() {
    if [ "$failures" -gt 0 ]; then
        echo "$failures failed"
        exit 1
    fi
    echo "all passed"
    exit 0
}

# use_engine FILE...: adds NN_TEST_TRAINING, such as "kernels: portable", to the training section of configurations.
use_engine() {
    [ -z "${NN_TEST_TRAINING:-}" ] || sed -i "s/^training: {/&$NN_TEST_TRAINING, /" "$@"
}

# train RANKS THREADS ARGUMENT...: output to train.log; the exit code is the program's
train() {
    local ranks=$1 threads=$2
    shift 2
    OMP_NUM_THREADS=$threads mpirun -n "$ranks" --bind-to none "$program" train "$@" >train.log 2>&1
}

# kill_a_rank LAUNCHER: kill -9 of one rank of a background run, shortly after its ranks have started; fails if the run
# has already ended.
kill_a_rank() {
    local victims=() tries
    for ((tries = 0; tries < 400; tries++)); do
        victims=($(pgrep -P "$1" -f "$program" || true))
        [ ${#victims[@]} -eq 0 ] || break
        kill -0 "$1" 2>/dev/null || return 1
        sleep 0.05
    done
    sleep "0.$((RANDOM % 500 + 100))"
    victims=($(pgrep -P "$1" -f "$program" || true))
    [ ${#victims[@]} -gt 0 ] && kill -9 "${victims[$((RANDOM % ${#victims[@]}))]}"
}

# wait_launcher PID: as wait. PMIx may hang mpirun if a rank is killed while it connects: an mpirun without ranks for 10
# s is ended, and counted.
hung_launchers=0
wait_launcher() {
    local idle=0
    while kill -0 "$1" 2>/dev/null && [ $idle -lt 100 ]; do
        sleep 0.1
        idle=$((idle + 1))
        if pgrep -P "$1" -f "$program" >/dev/null; then idle=0; fi
    done
    if [ $idle = 100 ]; then
        kill -9 "$1"
        hung_launchers=$((hung_launchers + 1))
    fi
    wait "$1"
}

# ends CODE RANKS THREADS ARGUMENT...: a training that must end with CODE
ends() {
    local code=$1 found
    shift
    train "$@"
    found=$?
    [ $found = "$code" ] || { fail "$* ended with $found, not $code"; cat train.log; }
}

# Sets `python` to a Python with h5py and numpy, which makes data for tests and inspects files; empty if there is none.
find_python() {
    local candidate
    python=
    for candidate in python3 /usr/bin/python3; do
        [ -z "$python" ] && "$candidate" -c 'import h5py, numpy' 2>/dev/null && python=$candidate
    done
    return 0
}

# find_interop_python MODULE...: sets `python` to a Python that can import these; empty if there is none.
find_interop_python() {
    local folder=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/nntrain candidate modules
    modules=$(IFS=,; echo "$*")
    python=
    for candidate in "${NN_INTEROP:-$folder/interop}" "${NN_PEERS:-$folder/peers}" /usr; do
        "$candidate/bin/python3" -c "import $modules" 2>/dev/null && python=$candidate/bin/python3 && break
    done
    return 0
}

# needs_interop_python MODULE...: the same; without such a Python the test is skipped.
needs_interop_python() {
    find_interop_python "$@"
    [ -n "$python" ] || { echo "skipped: no Python with $* (scripts/setup.sh interop)"; exit 77; }
}

fingerprint() { sed -n 's/^fingerprint: //p' train.log; }

# times_aside RUN: its metrics.jsonl without what may differ between two equal runs, the last member of each line
# Without --profile the times are a flat object, so that any program can leave them out.
times_aside() { sed 's/,"time":{[^{}]*}}$/}/' "$1/metrics.jsonl"; }

# The program without a launcher, output to log: run ARGUMENT... must end with 0; said TEXT: in that output;
# program_refuses CODE TEXT ARGUMENT... must end with CODE and print TEXT.
run() { "$program" "$@" >log 2>&1 || { fail "exit $?: $*"; cat log; }; }
said() { grep -qF -- "$1" log || { fail "not printed: $1"; cat log; }; }
program_refuses() {
    local code=$1 message=$2 found
    shift 2
    "$program" "$@" >log 2>&1
    found=$?
    [ $found = "$code" ] || { fail "exit $found, not $code: $*"; cat log; }
    said "$message"
}

# start PROGRAM RANKS DIRECTORY ARGUMENT...: starts a background run, output to DIRECTORY.log, and waits for its second
# epoch; then launcher and processes are set.
start() {
    local program=$1 ranks=$2 directory=$3 tries
    shift 3
    OMP_NUM_THREADS=1 mpirun -n "$ranks" --bind-to none "$program" train --run-dir "$directory" "$@" >"$directory.log" 2>&1 &
    launcher=$!
    for ((tries = 0; tries < 600; tries++)); do
        grep -q '^epoch 2/' "$directory.log" 2>/dev/null && break
        sleep 0.05
    done
    mapfile -t processes < <(pgrep -P $launcher)
}

process_of_rank() {
    local process
    for process in "${processes[@]}"; do
        if tr '\0' '\n' <"/proc/$process/environ" 2>/dev/null | grep -qx "OMPI_COMM_WORLD_RANK=$1"; then
            echo "$process"
        fi
    done
}

# gone SECONDS: whether launcher and ranks are all gone within this time
gone() {
    local tries process alive
    for ((tries = 0; tries < $1 * 20; tries++)); do
        alive=0
        for process in $launcher "${processes[@]}"; do
            # Zombies that only wait to be reaped count as gone.
            grep -qs '^State:.[^Z]' "/proc/$process/status" && alive=1
        done
        [ $alive = 0 ] && return 0
        sleep 0.05
    done
    return 1
}

# clear_away: ends what a failed test left running
clear_away() {
    kill -9 $launcher "${processes[@]}" 2>/dev/null
    wait $launcher 2>/dev/null
}

# A classifier: cross_entropy, adam, dropout, clipping, a short last batch with fewer leaves than 16 ranks.
classifier() {
    cat >classifier.yaml <<YAML
data:
  file: $digits/digits.h5
  train: {x: x_train, y: y_train}
  validation: {x: x_valid, y: y_valid}
  test: {x: x_test, y: y_test}
network:
  - flatten
  - dense: {units: 96, activation: relu}
  - dropout: 0.3
  - dense: {units: 64, activation: gelu}
  - dense: {units: classes}
loss: cross_entropy
metrics: [accuracy]
optimizer: {adam: {learning_rate: 0.002}}
training: {epochs: 3, batch_size: 72, microbatch_size: 4, clip_norm: 0.5}
checkpoint: {every: 3 steps, keep_last: 2}
YAML
}

# A regression on the same file: mse, sgd with momentum, standardised targets.
regression() {
    cat >regression.yaml <<YAML
data:
  file: $digits/digits.h5
  train: {x: x_train, y: y_train}
  split: {validation: 0.1, test: 0.1}
network:
  - dense: {units: 80, activation: tanh}
  - dense: {units: 1}
loss: mse
metrics: [rmse, mae]
optimizer: {sgd: {learning_rate: 0.02, momentum: 0.9}}
training: {epochs: 2, batch_size: 64, microbatch_size: 4}
YAML
}

# Two heads on the same file: classes with weights, and the same numbers as values; metrics with every kind of state.
heads() {
    cat >heads.yaml <<YAML
data:
  file: $digits/digits.h5
  train: {x: x_train, y: {label: y_train, size: y_train}}
  validation: {x: x_valid, y: {label: y_valid, size: y_valid}}
  test: {x: x_test, y: {label: y_test, size: y_test}}
  fields: {size: {kind: value}}
network:
  - flatten
  - dense: {units: 48, activation: relu, name: body}
  - dense: {units: classes, name: label}
  - dense: {units: 1, name: size, inputs: body}
losses:
  label: {cross_entropy: {class_weights: balanced, label_smoothing: 0.05}}
  size: {huber: {weight: 0.3}}
metrics: [label.accuracy, size.rmse, size.r2, label.f1, label.auc, label.confusion]
training: {epochs: 2, batch_size: 72, microbatch_size: 4, clip_norm: 0.5}
checkpoint: {every: 3 steps, keep_last: 2}
YAML
}
