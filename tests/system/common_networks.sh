# Small networks of every kind, and their data; sourced after common.sh by tests that set `tools`. Each function prints a
# configuration. Each has a short last batch, with fewer leaves than 7 ranks.
kinds=(images sequences mixture labels text tied waves pairs)
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
    echo "$(fingerprint) $(times_aside "$1" | md5sum) $(grep '^test' train.log)"
}
