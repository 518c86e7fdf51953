/* What is measured on the train part, with the same bits on any number of ranks. Private to data. */
#ifndef NN_DATA_STATISTICS_H
#define NN_DATA_STATISTICS_H

#include "data/split.h"

#define nn_statistics_mean NN_REAL_SYMBOL(nn_statistics_mean)
#define nn_statistics_scaling NN_REAL_SYMBOL(nn_statistics_scaling)

/* Mean of each column of an array (NN_X or NN_Y): value i of a sample is in column i % columns. Collective.
 */
nn_status nn_statistics_mean(nn_comm *comm, const nn_samples *samples, int array, int64_t columns,
                             double *mean);

/* Scale and offset of each column, into a scaling that has room for them: to mean 0 and deviation 1, or to 0
 * .. 1. A column without variance is only moved to 0. Fails on all ranks
 * alike where a scale would be 0 or not finite. Collective. */
nn_status nn_statistics_scaling(nn_comm *comm, const nn_samples *samples, int array, nn_normalize normalize,
                                nn_scaling *scaling);

#endif
