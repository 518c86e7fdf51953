#!/usr/bin/env bash
# The example of a solver in Fortran, as a user of an installed nntrain runs it: the network must halve the error of the flux
# limiter, nearly, after a quarter of the training.
build=$(realpath "$2")
source "$(dirname "$0")/common_fortran.sh"
install_tree
export PATH=$tree/bin:$PATH FC=$fortran
must nntrain init advection example
cd example || exit 1
must ./prepare.sh
must mpirun -n 2 --bind-to none nntrain advection.yaml --set training.epochs=5
must ./solver run runs/advection
awk '/van Leer/ { limiter = $3 } /network/ { network = $2 } END { exit !(network > 0 && network < 0.65 * limiter) }' log ||
    { fail "the network is hardly better than the limiter"; cat log; }
./solver run nowhere >log 2>&1 && fail "a network that is not there is taken"
said 'nntrain: nowhere'
finish
