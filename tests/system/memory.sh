#!/usr/bin/env bash
# A rank uses the memory announced in the summary, within 10 %, for a network of more than 200 MB.
source "$(dirname "$0")/common.sh"
"$2/tests/make_data" data.h5 640 784 10 >/dev/null
cat >large.yaml <<YAML
data: {file: data.h5, train: {x: x, y: y}}
network:
  - dense: {units: 5000, activation: relu}
  - dense: {units: 9500, activation: relu}
  - dense: {units: classes}
loss: cross_entropy
optimizer: {adam: {learning_rate: 0.0001}}
training: {epochs: 3, batch_size: 128, microbatch_size: 16, peak_seconds: 0}
checkpoint: {every: 100 epochs}
YAML
# The proportional set size: memory mapped by two ranks of a node counts half in each.
resident_mib() { awk '/^Pss:/ {print int($2 / 1024)}' "/proc/$1/smaps_rollup" 2>/dev/null; }
rank_of() { (tr "\0" "\n" <"/proc/$1/environ" | sed -n "s/^OMPI_COMM_WORLD_RANK=//p") 2>/dev/null; }

OMP_NUM_THREADS=1 mpirun -n 2 --bind-to none "$program" train large.yaml >train.log 2>&1 &
launcher=$!
most=0
while kill -0 $launcher 2>/dev/null && ! grep -q '^epoch 3' train.log; do
    for process in $(pgrep -P $launcher); do
        [ "$(rank_of "$process")" = 1 ] || continue
        now=$(resident_mib "$process")
        [ "${now:-0}" -gt "$most" ] && most=$now
    done
    sleep 0.5
done
wait $launcher || { cat train.log; fail "the run"; }
announced=$(sed -n 's/^memory: \([0-9.]* [MG]iB\) per rank.*/\1/p' train.log)
echo "announced $announced per rank, resident at most $most MiB"
awk -v announced="$announced" -v most="$most" 'BEGIN {
    split(announced, part, " ")
    expected = part[1] * (part[2] == "GiB" ? 1024 : 1)
    used = most - 25 # memory of program and MPI before any allocation, and the data of the node
    exit !(expected > 200 && used > 0.9 * expected && used < 1.1 * expected) }' ||
    fail "the announcement is off by more than 10 %"
finish
