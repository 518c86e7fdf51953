#!/usr/bin/env bash
# Reinforcement learning is reliable: of five seeds, four or more learn the game, on one rank and on two.
build=$(realpath "$2")
source "$(dirname "$0")/../system/common.sh"
export OMP_NUM_THREADS=1
solved=0
for seed in 1 2 3 4 5; do
    "$build/tests/example_cartpole" "$source_folder/scripts/examples/cartpole/cartpole.yaml" $seed 600 >log 2>&1 &&
        solved=$((solved + 1))
    tail -n 2 log | head -n 1
done
[ $solved -ge 4 ] || fail "$solved of 5 seeds have learned the game"
sed 's/microbatch_size: 64/microbatch_size: 32/' "$source_folder/scripts/examples/cartpole/cartpole.yaml" >two.yaml
mpirun -n 2 --bind-to none "$build/tests/example_cartpole" two.yaml 1 600 >log 2>&1 ||
    { fail "two ranks have not learned the game"; cat log; }
finish
