/*
 * Count, mean and sum of squared deviations of each channel over the rows of microbatches, in double: 1 + 2 x
 * channels values, the count n, then the means m, then the sums q of (x - m)^2. Two sets of rows are merged
 * without cancellation (Chan, Golub, LeVeque: Updating formulae and a pairwise algorithm for computing sample
 * variances, COMPSTAT 1982), d being the difference of their means:
 *     n = n1 + n2,  m = m1 + d n2 / n,  q = q1 + q2 + d^2 n1 n2 / n
 */
#ifndef NN_NN_MOMENTS_H
#define NN_NN_MOMENTS_H

#include "nn/layer.h"

/* Choices of the option `over` of layers with such statistics, NULL-terminated. */
enum { NN_OVER_AUTO, NN_OVER_BATCH, NN_OVER_MICROBATCH };
extern const char *const nn_over_names[];
#define NN_OVER_HELP                                                                                         \
    "samples that mean and variance are taken over in training: batch: the global batch, on all ranks; "     \
    "microbatch: less memory and no communication; auto: microbatch if it has at least 16 samples, "         \
    "otherwise batch"

/* 1 + 2 x channels. */
int64_t nn_moments_values(int64_t channels);

/* Computes the moments of the layer's first input over its rows without padding; channels are the last
 * extent. Returns them at the start of call->scratch. */
const double *nn_moments_measure(const nn_layer *layer, const nn_layer_call *call);

/* In two steps, of which threads may share the first: the sums of (x - origin) and of (x - origin)^2 of each
 * channel over some samples of the call, 2 x channels values, the origin being one row of the microbatch; and
 * the moments from such sums over the whole microbatch. */
void nn_moments_sum(const nn_layer *layer, const nn_layer_call *call, int64_t begin, int64_t end,
                    double *sums);
const double *nn_moments_of_sums(const nn_layer *layer, const nn_layer_call *call, const double *sums);

/* Merges right into left. */
void nn_moments_merge(int64_t channels, const double *right, double *left);

/* Whether in channel c the rows of `own`, a subset of those of `whole`, deviate from the mean of `whole` at
 * least as much as all rows do on average. At least one subset of a partition does. */
bool nn_moments_widen(int64_t channels, int64_t c, const double *own, const double *whole);

#endif
