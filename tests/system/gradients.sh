#!/usr/bin/env bash
# nntrain check --gradients: the derivatives of networks of every kind are right, with lengths, shared and frozen weights,
# several inputs and losses; nothing is said at kinks.
tools=$(realpath "$2")/tests
here=$(realpath "$(dirname "$0")")
source "$here/common.sh"
source "$here/common_networks.sh"
for kind in "${kinds[@]}"; do
    $kind >"$kind.yaml"
    run check --gradients "$kind.yaml"
    said "$kind.yaml: the derivatives agree"
    grep -qE 'not checked|all are 0' log && { fail "$kind: not everything was compared"; cat log; }
done

# The same numbers each time, whatever the precision of the run; without files, too; and problems in place of a table.
"$program" check --gradients pairs.yaml >first
run check --gradients pairs.yaml --set training.precision=float32
cmp -s first log || fail "not the same twice"
cat >in_place.yaml <<'YAML'
data: {in_place: {x: [6], y: [2]}, fields: {x: {normalize: none}, y: {normalize: none}}}
network: [dense: {units: 5, activation: tanh}, batch_norm, prelu, dense: {units: 2}]
loss: huber
training: {batch_size: 8}
YAML
run check --gradients in_place.yaml
said 'in_place.yaml: the derivatives agree'
program_refuses 2 "unknown layer 'denze'" check --gradients in_place.yaml --set 'network=[denze: 3]'
said '1 problem'
finish
