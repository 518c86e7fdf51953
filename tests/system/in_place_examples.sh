#!/usr/bin/env bash
# The examples that train in place: a solver that learns a closure, on several ranks, resumed; reinforcement learning.
build=$(realpath "$2")
source "$(dirname "$0")/common.sh"
examples=$source_folder/scripts/examples
export OMP_NUM_THREADS=1

# advection RANKS ARGUMENT...
advection() {
    mpirun -n "$1" --bind-to none "$build/tests/example_advection" "$examples/closure/closure.yaml" "${@:2}" >log 2>&1 ||
        { fail "advection $*"; cat log; }
}
result() { sed -n "s/^$1: //p" log; }
advection 1 alone
expected=$(result fingerprint) network=$(result 'mean error of a new wave, first order and network')
plain=$(result 'mean error of a new wave, first order')
awk -v n="$network" -v p="$plain" 'BEGIN {exit !(n != "" && n < 0.75 * p)}' || { fail "nothing was learned"; cat log; }
advection 4 together 1500
[ -f together/checkpoints/step-0000001500.h5 ] || fail "the solver did not save"
advection 3 together
[ "$(result fingerprint)" = "$expected" ] || { fail "on 4 and 3 ranks: other bits"; cat log; }
[ "$(result 'mean error of a new wave, first order and network')" = "$network" ] || fail "on 3 ranks: another error"

# The game is Gymnasium's, and a network learns it.
cartpole=$build/tests/example_cartpole
expected=$source_folder/tests/fixtures/cartpole.txt
head -n 2 "$expected" | "$cartpole" dynamics >states.txt || fail "the dynamics"
tail -n +3 "$expected" | paste -d ' ' states.txt - | awk '
    { for (i = 1; i <= 4; i++) if (!($i - $(i + 4) <= 1e-12 && $(i + 4) - $i <= 1e-12)) exit 1 }
    END { exit NR != 200 }' || fail "the dynamics are not those of Gymnasium"
"$cartpole" "$examples/cartpole/cartpole.yaml" 4 600 >log 2>&1 || { fail "seed 4 has not learned the game"; cat log; }
grep -q '^solved' log || fail "seed 4 is not solved"
finish
