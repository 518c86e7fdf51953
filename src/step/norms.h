/*
 * Norms of the summed gradient, for clipping and for optimizers that measure tensors: trees over the blocks
 * of the flat vector, and over those of each tensor. The ranks have the blocks of their slices, and combine
 * by position, where consecutive ranks have consecutive blocks of each bucket (comm/combine.h).
 */
#ifndef NN_STEP_NORMS_H
#define NN_STEP_NORMS_H

#include "comm/combine.h"
#include "step/update.h"

typedef struct nn_norms nn_norms;

/* Of what `update` measures, which is borrowed. together: each rank measures its own blocks; otherwise every
 * rank measures all of them. */
nn_status nn_norms_create(nn_comm *comm, const nn_network *network, nn_update *update, bool together,
                          nn_norms **norms);
void nn_norms_destroy(nn_norms *norms); /* accepts NULL */

/* Where a step's measures go, as nn_update_measure writes them. */
double *nn_norms_measures(nn_norms *norms);

/* Sums the measures of all blocks. *squares: the sum of squares of the gradient. *of_tensors: for each of
 * update->tensors, the sums that the optimizer measures; borrowed, up to the next call. Collective if the
 * ranks measure together. */
nn_status nn_norms_sum(nn_norms *norms, double *squares, const double **of_tensors);

#endif
