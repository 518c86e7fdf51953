/* Weights with NaN or Inf are neither saved nor evaluated. */
#ifndef NN_RUNDIR_FINITE_H
#define NN_RUNDIR_FINITE_H

#include "rundir/checkpoint.h"
#include "rundir/rundir.h"

/* NN_ERROR_NONFINITE unless the weights and their average are finite; the message names the layer and the
 * last good checkpoint. Collective. */
nn_status nn_finite_check(nn_rundir *directory, const nn_checkpoint_parts *parts);

/* The smallest of the ranks' values; negative: none has one. Collective. */
nn_status nn_finite_first(nn_comm *comm, int64_t own, int64_t *first);

/* The layer whose parameters a block is of. Borrowed. */
const nn_layer *nn_finite_layer_of(const nn_network *network, int64_t block);

#endif
