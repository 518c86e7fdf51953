/* The range of values of each field in each part, to detect parts in different units. Private to data. */
#ifndef NN_DATA_RANGES_H
#define NN_DATA_RANGES_H

#include "base/real.h"
#include "comm/comm.h"
#include "data/dataset.h"

/* least > most: no values. */
typedef struct nn_range {
    double least, most;
} nn_range;

/* Extends the range to that over all ranks. Collective. */
nn_status nn_range_join(nn_comm *comm, nn_range *range);

/* Warns about inputs and targets whose range in a separate part is many times larger or smaller than in the
 * train part, such as 0 to 1 against 0 to 255: all parts are normalised alike. */
void nn_ranges_warn(const nn_dataset *dataset);

#endif
