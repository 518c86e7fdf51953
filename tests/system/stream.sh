#!/usr/bin/env bash
# A stream trains with bounded memory, and with the same bits as in memory. NN_STREAM_GIB=20 uses files of 20 GiB
# (default 0.1), and then leaves out the runs in memory.
source "$(dirname "$0")/common.sh"
columns=3072
samples=$(awk -v gib="${NN_STREAM_GIB:-0.1}" -v columns=$columns 'BEGIN {print int(gib * 2 ^ 30 / columns)}')
large=$(awk -v gib="${NN_STREAM_GIB:-0.1}" 'BEGIN {print (gib >= 2)}')
limit_mib=300

# Prints the peak resident memory of all ranks of the run launched as $!, in MiB.
watch_ranks() {
    local launcher=$1 process now most=0
    while kill -0 "$launcher" 2>/dev/null; do
        for process in $(pgrep -P "$launcher"); do
            now=$(awk '/^VmHWM:/ {print int($2 / 1024)}' "/proc/$process/status" 2>/dev/null)
            [ "${now:-0}" -gt "$most" ] && most=$now
        done
        sleep 0.2
    done
    echo "$most"
}

configuration() {
    cat >stream.yaml <<YAML
data:
  file: data.h5
  train: {x: x, y: y}
  split: {validation: 0.05, test: 0.01}
  shuffle: block
  shuffle_window: $1
network:
  - dense: {units: 16, activation: relu}
  - dense: {units: classes}
loss: cross_entropy
metrics: [accuracy]
optimizer: {sgd: {learning_rate: 0.01}}
training: {epochs: 1, batch_size: 512, microbatch_size: 32, peak_seconds: 0}
checkpoint: {every: 40 %}
YAML
}

# stream RANKS THREADS CACHE: the fingerprint, and the memory of a stream.
stream() {
    local most
    OMP_NUM_THREADS=$2 mpirun -n "$1" --bind-to none "$program" train stream.yaml --fresh --set data.cache="$3" \
        >train.log 2>&1 &
    local launcher=$!
    most=$(watch_ranks $launcher)
    wait $launcher || { cat train.log; fail "the run on $1 ranks from $3"; }
    echo "$1 x $2, $3: at most $most MiB resident, $(grep -o 'waited [0-9.]* %' train.log | tail -n 1), $(fingerprint)"
    if [ "$3" = stream ]; then
        [ "$most" -gt 0 ] && [ "$most" -lt $limit_mib ] || fail "a rank of $1 took $most MiB of $limit_mib"
    fi
}

# same RANKS THREADS CACHE
same() {
    stream "$@"
    [ "$(fingerprint)" = "$expected" ] || fail "$1 ranks x $2 threads, $3: $(fingerprint), not $expected"
}

for layout in "0 0" "100 1"; do
    echo "chunks of rows, deflate: $layout; $samples samples of $columns bytes"
    # shellcheck disable=SC2086 # two numbers
    "$2/tests/make_data" data.h5 "$samples" $columns 10 $layout || fail "making the data"
    configuration "$([ "$large" = 1 ] && echo 64 || echo 4)"
    stream 2 1 stream
    expected=$(fingerprint)
    if [ "$large" = 0 ]; then
        same 1 2 stream
        same 3 1 stream
        same 7 1 stream
        same 2 1 memory
        same 3 1 memory
    fi
done
# Ten billion samples, most of them unwritten: no table of them, and the same bits on any ranks.
"$2/tests/make_data" data.h5 10000000000 4 2 262144 0 1000 || fail "making the sparse data"
cat >stream.yaml <<YAML
data:
  file: data.h5
  train: {x: x, y: y}
  split: {validation: 0.000000001}
  check: none
  fields: {x: {normalize: none, unwritten: fill_value}, y: {classes: 2, unwritten: fill_value}}
network: [{dense: {units: 8}}, {dense: {units: classes}}]
loss: cross_entropy
training: {epochs: 2, batch_size: 256, microbatch_size: 32, limit_batches: 4, peak_seconds: 0}
YAML
for shuffle in none block full; do
    sed -i "/shuffle:/d; s/^  check:/  shuffle: $shuffle\n  check:/" stream.yaml
    stream 1 1 stream
    expected=$(fingerprint)
    same 3 1 stream
done
finish
