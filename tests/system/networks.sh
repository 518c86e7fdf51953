#!/usr/bin/env bash
# The promise for every kind of network: fingerprint, test metrics and metrics.jsonl (except times) are those of one
# rank on any number of ranks and threads, in small waves, after a stop in the middle of an epoch, and from a stream;
# and eval and predict accept the result. Each kind has a short last batch with fewer leaves than 7 ranks.
tools=$(realpath "$2")/tests
source "$(dirname "$0")/common.sh"
"$tools/make_networks" "$work" || fail "make_networks"

images() { # a CNN with averaged weights, running statistics and a frozen layer
    cat <<YAML
data:
  file: $digits/digits.h5
  train: {x: x_train, y: y_train}
  validation: {x: x_valid, y: y_valid}
  test: {x: x_test, y: y_test}
  fields: {x: {layout: NHW}}
network:
  - conv2d: {filters: 6, kernel: 3, padding: same, bias: false}
  - batch_norm: {activation: relu}
  - max_pool: 2
  - conv2d: {filters: 6, kernel: 3, padding: same, freeze: true, activation: relu}
  - dropout: 0.2
  - residual_block: {filters: 8, stride: 2}
  - global_average_pool
  - dense: {units: classes}
loss: cross_entropy
metrics: [accuracy]
training: {epochs: 1, batch_size: 74, microbatch_size: 6, average: 0.9}
YAML
}

sequences() { # a bidirectional LSTM on sequences of different lengths
    cat <<YAML
data:
  file: sequences.h5
  train: {x: x, y: y, lengths: lengths}
  split: {validation: 0.1, test: 0.1}
  bucket_by_length: true
network:
  - conv1d: {filters: 5, kernel: 3, padding: same}
  - batch_norm: {activation: relu}
  - lstm: {units: 6, bidirectional: true, output: sequence}
  - lstm: {units: 5, bidirectional: true}
  - dense: {units: classes}
loss: cross_entropy
metrics: [accuracy]
training: {epochs: 2, batch_size: 27, microbatch_size: 3}
YAML
}

mixture() { # one label per sequence and one per step; two layers share a normalisation
    cat <<YAML
data:
  file: sequences.h5
  train: {x: x, y: {label: y, step: steps}, lengths: lengths}
  split: {validation: 0.15, test: 0.2}
  fields: {step: {kind: class, ignored_label: -1}, label: {kind: class}}
  bucket_by_length: true
network:
  - conv1d: {filters: 6, kernel: 3, padding: same}
  - batch_norm: {activation: gelu, name: first}
  - lstm: {units: 3, bidirectional: true, output: sequence, name: walk}
  - batch_norm: {share: first, activation: gelu, name: second}
  - multi_head_attention: {heads: 2, dropout: 0.2, inputs: [second, first]}
  - group_norm: {groups: 2}
  - dense: {units: classes, per_step: true, name: step}
  - global_average_pool: {inputs: walk}
  - dense: {units: classes, name: label}
losses: {label: cross_entropy, step: {cross_entropy: {weight: 0.5}}}
metrics: [label.accuracy, step.accuracy, step.f1, label.auc]
training: {epochs: 2, batch_size: 27, microbatch_size: 3, average: 0.8}
YAML
}

labels() { # one label per step of such a sequence, by attention
    cat <<YAML
data:
  file: sequences.h5
  train: {x: x, y: steps, lengths: lengths}
  split: {validation: 0.1, test: 0.1}
  fields: {y: {ignored_label: -1}}
network:
  - gru: {units: 6, output: sequence}
  - transformer_block: {heads: 2, dropout: 0.1}
  - layer_norm
  - dense: {units: classes, per_step: true}
loss: cross_entropy
metrics: [accuracy]
training: {epochs: 2, batch_size: 27, microbatch_size: 3}
YAML
}

text() { # a causal transformer on characters
    cat <<YAML
data:
  file: text.h5
  train: {x: text_train}
  validation: {x: text_validation}
  test: {x: text_test}
  window: {length: 16, stride: 12, target: every_step}
  fields: {x: {kind: index}}
network:
  - embedding: {symbols: classes, units: 8, name: words}
  - positional_encoding
  - repeat: {times: 2, layers: [transformer_block: {heads: 2, causal: true, dropout: 0.1}]}
  - layer_norm
  - dense: {units: classes, per_step: true, name: next${1:-}}
loss: cross_entropy
metrics: [accuracy, perplexity]
training: {epochs: 1, batch_size: 46, microbatch_size: 4}
YAML
}

tied() { text ', bias: false, share: words'; }

waves() { # an LSTM whose state is carried from window to window
    cat <<YAML
data:
  file: waves.h5
  train: {x: s}
  split: {validation: 0.15, test: 0.15}
  window: {length: 5, stride: 5, target: every_step}
  shuffle: stateful
network:
  - lstm: {units: 7, carry: true, output: sequence}
  - gru: {units: 5, carry: true, output: sequence}
  - dense: {units: 3, per_step: true}
loss: mse
metrics: [rmse]
training: {epochs: 3, batch_size: 14, microbatch_size: 2, last_batch: drop}
YAML
}

pairs() { # two inputs by name; two heads, with ignored labels, missing values and weights
    cat <<YAML
data:
  file: pairs.h5
  train: {x: {image: image, table: table}, y: {label: label, size: size}, weights: weights}
  split: {validation: 0.1, test: 0.1}
  fields: {label: {kind: class, ignored_label: 255}, size: {kind: value, missing: mask}}
network:
  - conv2d: {filters: 4, kernel: 3, inputs: image, activation: relu}
  - flatten: {name: seen}
  - dense: {units: 12, inputs: table, activation: tanh, name: told}
  - concat: {inputs: [seen, told]}
  - dense: {units: 12, activation: relu, name: body}
  - dense: {units: 12, name: again, share: body, inputs: concat1}
  - dense: {units: classes, name: label, inputs: body}
  - dense: {units: 2, name: size, inputs: again}
losses:
  label: {cross_entropy: {class_weights: balanced}}
  size: {mae: {weight: 0.3}}
metrics: [label.accuracy, label.f1, size.rmse, size.mae]
training: {epochs: 2, batch_size: 27, microbatch_size: 3}
YAML
}

for i in $(seq 400); do echo "line $((i * 7919 % 1009)) of the text, and $((i * 31 % 97)) words"; done >text.txt
"$program" import text text.txt --validation 0.1 --test 0.1 --chronological -o text.h5 >import.log 2>&1 ||
    { cat import.log; fail "import text"; }

figures() { # RUN_DIR: all results of a run
    echo "$(fingerprint) $(sed 's/,"time":{[^}]*}//' "$1/metrics.jsonl" | md5sum) $(grep '^test' train.log)"
}

# compare NAME WHAT REFERENCE RANKS THREADS ARGUMENT...: trains, or resumes, and compares; the run stays in `run`. Every
# step is verified for silent corruption, and none may be reported.
compare() {
    local name=$1 what=$2 reference=$3 ranks=$4 threads=$5
    shift 5
    train "$ranks" "$threads" "$name.yaml" --run-dir run --set training.peak_seconds=0 \
        --set training.verify_every=1 "$@" ||
        { fail "$name, $what, on $ranks x $threads ended with $?"; cat train.log; return; }
    [ "$(figures run)" = "$reference" ] || fail "$name, $what, on $ranks x $threads: $(figures run), not $reference"
}

# A run stopped at a step: a copy of a complete one, without the checkpoints of later steps.
stop_at_half() {
    local checkpoints=(run/checkpoints/*)
    local kept=$((${#checkpoints[@]} / 2 - 1))
    [ "$kept" -gt 0 ] || fail "$1: only ${#checkpoints[@]} checkpoints"
    rm -f "${checkpoints[@]:$kept}"
}

check_kind() {
    local name=$1 reference double best
    $name >"$name.yaml"
    rm -rf run
    train 1 1 "$name.yaml" --run-dir run --set training.peak_seconds=0 \
        --set 'checkpoint={every: 1 step, keep_last: 1000}' ||
        { fail "$name ended with $?"; cat train.log; return; }
    reference=$(figures run)
    echo "$name: $(fingerprint), $(grep '^test, best' train.log)"
    [ -n "$(fingerprint)" ] || fail "$name: no fingerprint"

    # Stopped in the middle of an epoch, then continued on other ranks.
    stop_at_half "$name"
    compare "$name" resumed "$reference" 3 2
    grep -q resuming train.log || fail "$name: not resumed"
    "$program" eval run >eval.log 2>&1 || { fail "$name: eval ended with $?"; cat eval.log; }
    best=$(sed -n 's/^test, best.*: //p' train.log)
    [ -n "$best" ] && grep -q "test part: $best" eval.log || { fail "$name: eval differs from $best"; cat eval.log; }
    mpirun -n 3 --bind-to none "$program" eval run >eval-3.log 2>&1
    cmp -s eval.log eval-3.log || { fail "$name: eval on 3 ranks"; cat eval-3.log; }
    "$program" predict run -o predictions.csv >predict.log 2>&1 ||
        { fail "$name: predict ended with $?"; cat predict.log; }
    [ "$(wc -l <predictions.csv)" -gt 10 ] || fail "$name: $(wc -l <predictions.csv) lines of predictions"
    grep -qi 'nan' <(cut -d, -f1,3 predictions.csv) && fail "$name: predictions are not numbers"

    for ranks in 1 2 3 4 7; do
        for threads in 1 2; do
            [ "$ranks $threads" = '1 1' ] && continue
            rm -rf run
            compare "$name" whole "$reference" $ranks $threads
        done
    done
    rm -rf run
    compare "$name" 'small waves' "$reference" 2 2 --set training.memory=0.001
    rm -rf run
    compare "$name" streamed "$reference" 2 1 --set data.cache=stream --set data.memory=1

    rm -rf run
    train 1 2 "$name.yaml" --run-dir run --set training.precision=float64
    double=$(figures run)
    [ -n "$(fingerprint)" ] || { fail "$name in float64"; cat train.log; }
    rm -rf run
    compare "$name" 'in float64' "$double" 7 1 --set training.precision=float64
    [ "$double" != "$reference" ] || fail "$name: float64 has the bits of float32"
}

for name in images sequences mixture labels text tied waves pairs; do check_kind $name; done

# kill -9 of a rank while state is carried: a checkpoint contains all of it.
killed=(--set training.epochs=400 --set training.peak_seconds=0 --set 'checkpoint={every: 17 steps, keep_last: 2}')
train 2 1 waves.yaml --run-dir whole "${killed[@]}" || { cat train.log; fail "waves, whole"; }
reference=$(figures whole)
seed=${NN_KILL_SEED:-$(date +%N | sed 's/^0*//')}
echo "seed $seed"
RANDOM=$((seed % 32768))
kills=0
for ranks in 3 1 2 3; do
    OMP_NUM_THREADS=1 mpirun -n $ranks --bind-to none "$program" train waves.yaml --run-dir killed "${killed[@]}" \
        >killed.log 2>&1 &
    kill_a_rank $! && kills=$((kills + 1))
    wait $!
done
[ "$kills" -gt 0 ] || fail "no rank was killed: the run is too short"
train 4 1 waves.yaml --run-dir killed "${killed[@]}" || { cat train.log; fail "waves, the last resume"; }
[ "$(figures killed)" = "$reference" ] || fail "waves after $kills kills: $(figures killed), not $reference"
finish
