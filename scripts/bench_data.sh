#!/usr/bin/env bash
# Measures the cost of feeding data on this machine: reading against dd, streaming against memory, and the time to the
# first step. Every result compares alternating runs. NN_BENCH_ROUNDS: rounds, default 5; NN_BENCH_GIB: size of the
# files, default 1.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
export LC_ALL=C
rounds=${NN_BENCH_ROUNDS:-5}
gib=${NN_BENCH_GIB:-1}
"$root/scripts/setup.sh"
build_preset release >/dev/null
program=$root/build/release/nntrain
tools=$root/build/release/tests
prepare_mpirun 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

quiet() { "$@" >log 2>&1 || { cat log >&2; exit 1; }; }

median() {
    sort -n "$1" | awk '{v[NR] = $1} END {print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2}'
}

# ---- reading, with a warm cache ----

dd_rate() {
    dd if="$1" of=/dev/null bs=1M 2>&1 | awk '/copied/ {for (i = 1; i < NF; i++) if ($(i + 1) ~ /^s,/) print $1 / $i}'
}

bench_reading() {
    local round
    for ((round = 0; round <= rounds; round++)); do
        [ "$round" = 1 ] && rm -f dd.rates ours.rates # the first round only warms the cache
        dd_rate raw.h5 >>dd.rates
        "$tools/read_rows" raw.h5 x 1048576 >>ours.rates
    done
    awk -v dd="$(median dd.rates)" -v ours="$(median ours.rates)" 'BEGIN {
        printf "contiguous reading: %.2f GB/s, dd bs=1M %.2f GB/s: ratio %.0f %%\n", ours / 1e9, dd / 1e9, 100 * ours / dd}'
}

# ---- streaming against memory ----

configuration() {
    cat >stream.yaml <<YAML
data: {train: {x: x, y: y}, shuffle: block}
network:
  - dense: {units: 512, activation: relu}
  - dense: {units: 512, activation: relu}
  - dense: {units: classes}
loss: cross_entropy
training: {epochs: 2, batch_size: 256, microbatch_size: 32, peak_seconds: 0, limit_batches: 200}
checkpoint: {every: 1000 epochs, keep_last: 1}
YAML
}

# epoch FILE CACHE OUT: samples per second and per cent of time waited for data, in the second epoch.
epoch() {
    quiet env OMP_NUM_THREADS=1 mpirun -n 2 --bind-to none "$program" train stream.yaml --run-dir run --fresh \
        --set data.file="$1" --set data.cache="$2"
    sed -n '$s/.*"seconds":\([0-9.]*\),"samples_per_second":\([0-9.]*\),.*"waited_for_data":\([0-9.]*\).*/\2 \1 \3/p' \
        run/metrics.jsonl | awk '{print $1 > "/dev/stderr"; print 100 * $3 / $2}' 2>>"$3.rates" >>"$3.waits"
}

bench_stream() {
    local round file
    configuration
    for file in raw deflated; do
        for ((round = 0; round < rounds; round++)); do
            epoch "$work/$file.h5" memory "$file.memory"
            epoch "$work/$file.h5" stream "$file.stream"
        done
        awk -v memory="$(median $file.memory.rates)" -v stream="$(median $file.stream.rates)" \
            -v waited="$(median $file.stream.waits)" -v file=$file 'BEGIN {
            printf "%-9s stream %6.0f samples/s, memory %6.0f: ratio %.3f; waited %.2f %% for data\n", file, stream,
                memory, stream / memory, waited}'
    done
}

# ---- the quality of the shuffle in the hardest case: samples sorted by class ----

shuffled() {
    quiet env OMP_NUM_THREADS=1 mpirun -n 2 --bind-to none "$program" train sorted.yaml --run-dir sorted --fresh \
        --set data.shuffle="$1" --set data.shuffle_window="$2" </dev/null
    sed -n '$s/.*"validation":{[^}]*"accuracy":\([0-9.]*\).*/\1/p' sorted/metrics.jsonl
}

bench_shuffle() {
    local kind window
    quiet "$tools/make_data" sorted.h5 60000 3072 10 0 0 60000 1
    cat >sorted.yaml <<YAML
data: {file: $work/sorted.h5, train: {x: x, y: y}, split: {validation: 0.05}, fields: {x: {normalize: unit_range}}}
network: [{dense: {units: 10}}]
loss: cross_entropy
metrics: [accuracy]
optimizer: {sgd: {learning_rate: 0.001, momentum: 0}}
lr_schedule: constant
training: {epochs: 1, batch_size: 64, microbatch_size: 8, peak_seconds: 0}
YAML
    echo "176 MiB sorted by class, validation accuracy after one epoch:"
    while read -r kind window; do
        echo "    shuffle: $kind, shuffle_window: $window: $(shuffled "$kind" "$window")"
    done <<<"full 64
block 64
block 16
block 4
none 64"
}

# ---- the first step ----

bench_start() {
    local round
    cat >start.yaml <<YAML
data: {file: $work/images.h5, train: {x: x, y: y}}
network: [{dense: {units: 128, activation: relu}}, {dense: {units: classes}}]
loss: cross_entropy
training: {epochs: 1, batch_size: 64, peak_seconds: 0, limit_batches: 1}
YAML
    for ((round = 0; round <= rounds; round++)); do
        [ "$round" = 1 ] && rm -f start.times
        local begin=${EPOCHREALTIME/./}
        mpirun -n 2 "$program" train start.yaml --run-dir start --fresh 2>/dev/null |
            while read -r line; do
                case $line in epoch*) echo "$(((${EPOCHREALTIME/./} - begin) / 1000))" >>start.times ;; esac
            done
    done
    echo "60,000 images, 2 ranks: $(median start.times) ms from mpirun to the end of the first step"
}

samples=$(awk -v gib="$gib" 'BEGIN {print int(gib * 2 ^ 30 / 3072)}')
quiet "$tools/make_data" raw.h5 "$samples" 3072 10
quiet "$tools/make_data" deflated.h5 "$samples" 3072 10 100 1
quiet "$tools/make_data" images.h5 60000 784 10
echo "files of $gib GiB, medians of $rounds alternating runs"
bench_reading
bench_stream
bench_shuffle
bench_start
