# shellcheck shell=bash
# Sourced by bench.sh: runs the same networks, batches and cores in nntrain and another program alternately. The only
# peer is PyTorch; NN_BENCH_PYTHON selects a Python that has it (default: python3).
peer_python=${NN_BENCH_PYTHON:-python3}

# peer_network NAME MICROBATCH: writes the configuration of a network of peer_pytorch.py, read from stdin, to NAME.yaml.
peer_network() {
    local name=$1 microbatch=$2
    sed "s/MICROBATCH/$microbatch/" >"$name.yaml"
}

peer_prepare() {
    quiet "$tools/make_data" images28.h5 5120 784 10
    quiet "$tools/make_data" images32.h5 2560 3072 10
    # 1,500 sequences of 64 random symbols out of 96.
    awk 'BEGIN {srand(1); for (i = 0; i < 1501; i++) {for (j = 0; j < 63; j++) printf "%c", 32 + int(rand() * 95); print ""}}' >text.txt
    quiet "$program" import text text.txt --overwrite -o text.h5
    peer_network mlp 32 <<'YAML'
data: {file: images28.h5, train: {x: x, y: y}}
network:
  - dense: {units: 512, activation: relu}
  - dense: {units: 512, activation: relu}
  - dense: {units: classes}
loss: cross_entropy
training: {epochs: 6, batch_size: 256, microbatch_size: MICROBATCH, peak_seconds: 1}
checkpoint: {every: 1000 epochs, keep_last: 1}
YAML
    peer_network cnn 32 <<'YAML'
data: {file: images28.h5, train: {x: x, y: y}}
network:
  - reshape: {shape: [28, 28, 1]}
  - conv2d: {filters: 32, kernel: 3, padding: same, activation: relu}
  - conv2d: {filters: 64, kernel: 3, padding: same, activation: relu}
  - max_pool: 2
  - dense: {units: 128, activation: relu}
  - dense: {units: classes}
loss: cross_entropy
training: {epochs: 2, batch_size: 64, microbatch_size: MICROBATCH, limit_batches: 40, peak_seconds: 1}
checkpoint: {every: 1000 epochs, keep_last: 1}
YAML
    peer_network resnet20 32 <<'YAML'
data: {file: images32.h5, train: {x: x, y: y}}
network:
  - reshape: {shape: [32, 32, 3]}
  - conv2d: {filters: 16, kernel: 3, padding: 1, bias: false}
  - batch_norm: {activation: relu}
  - repeat:
      with: {f: [16, 32, 64], s: [1, 2, 2], shortcut: [identity, conv, conv]}
      layers:
        - residual_block: {filters: $f, stride: $s, shortcut: $shortcut}
        - residual_block: {filters: $f}
        - residual_block: {filters: $f}
  - global_average_pool
  - dense: {units: classes}
loss: cross_entropy
training: {epochs: 2, batch_size: 64, microbatch_size: MICROBATCH, limit_batches: 20, peak_seconds: 1}
checkpoint: {every: 1000 epochs, keep_last: 1}
YAML
    peer_network lstm 16 <<'YAML'
data:
  file: text.h5
  train: {x: text}
  window: {length: 64, stride: 64, target: every_step}
  fields: {x: {normalize: none}}
network:
  - embedding: {symbols: 96, units: 128}
  - lstm: {units: 256, output: sequence}
  - lstm: {units: 256, output: sequence}
  - dense: {units: classes, per_step: true}
loss: cross_entropy
training: {epochs: 2, batch_size: 32, microbatch_size: MICROBATCH, limit_batches: 20, clip_norm: 0, peak_seconds: 1}
checkpoint: {every: 1000 epochs, keep_last: 1}
YAML
}

# peer_round NAME STEPS: one run of each; appends a line "ours theirs utilisation ratio" to peer-NAME.
peer_round() {
    local theirs
    quiet env OMP_NUM_THREADS=1 mpirun -n 2 --bind-to none "$program" train "$1.yaml" --run-dir "run-$1" --fresh
    theirs=$(OMP_NUM_THREADS=1 "$peer_python" "$root/scripts/peer_pytorch.py" "$1" "$2")
    sed -n '$s/.*"samples_per_second":\([0-9.]*\),"utilisation":\([0-9.]*\).*/\1 \2/p' "run-$1/metrics.jsonl" |
        awk -v theirs="$theirs" '{print $1, theirs, $2, $1 / theirs}' >>"peer-$1"
}

peer_show() {
    printf '%-12s %12.0f %12.0f %10.2f %14.1f %%\n' "$1" "$(median "peer-$1" 1)" "$(median "peer-$1" 2)" \
        "$(median "peer-$1" 4)" "$(awk -v u="$(median "peer-$1" 3)" 'BEGIN {print 100 * u}')"
}

bench_peer() {
    local round version
    version=$("$peer_python" "$root/scripts/peer_pytorch.py" version) || {
        echo "$peer_python has no PyTorch: set NN_BENCH_PYTHON to a Python that has it" >&2
        exit 1
    }
    peer_prepare
    for ((round = 0; round < rounds; round++)); do
        peer_round mlp 60
        peer_round cnn 40
        peer_round resnet20 20
        peer_round lstm 20
    done
    echo
    echo "Against PyTorch $version (DistributedDataParallel, gloo), both 2 ranks x 1 thread; medians of $rounds alternating rounds;"
    echo "microbatches of 32 (LSTM: 16)"
    printf '%-12s %12s %12s %10s %16s\n' network "nntrain /s" "PyTorch /s" ratio "of sgemm rate"
    peer_show mlp
    peer_show cnn
    peer_show resnet20
    peer_show lstm
}
