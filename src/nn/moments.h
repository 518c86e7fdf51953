/*
 * Count, mean and sum of squared deviations of each channel over the rows of microbatches, in double: 1 + 2 x
 * channels values, the count n first, then the means m, then the sums q of (x - m)^2. Two sets of rows merge
 * without a difference of large numbers (Chan, Golub, LeVeque: Updating formulae and a pairwise algorithm for
 * computing sample variances, COMPSTAT 1982), d being the difference of their means:
 *     n = n1 + n2,  m = m1 + d n2 / n,  q = q1 + q2 + d^2 n1 n2 / n
 */
#ifndef NN_NN_MOMENTS_H
#define NN_NN_MOMENTS_H

#include "nn/layer.h"

/* The option `over` of layers that take such statistics: NULL-terminated. */
enum { NN_OVER_AUTO, NN_OVER_BATCH, NN_OVER_MICROBATCH };
extern const char *const nn_over_names[];
#define NN_OVER_HELP                                                                                         \
    "what mean and variance are taken over in training: batch: all samples of a step, on all ranks; "        \
    "microbatch: less memory and no messages; auto: microbatch where that has 16 samples or more, else "     \
    "batch"

int64_t nn_moments_values(int64_t channels);

/* Those of the real rows of the layer's first input, the last extent being channels; they are left at the
 * beginning of call->scratch. */
const double *nn_moments_measure(const nn_layer *layer, const nn_layer_call *call);

/* left becomes the moments of both. */
void nn_moments_merge(int64_t channels, const double *right, double *left);

/* Whether the rows of `own`, a part of those of `whole`, are at least as far from the whole's mean as its
 * rows are on average, in channel c: some part always is. */
bool nn_moments_widen(int64_t channels, int64_t c, const double *own, const double *whole);

#endif
