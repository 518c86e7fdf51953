/* The range of values of each field in each part, to notice parts in different units. Private to data. */
#ifndef NN_DATA_RANGES_H
#define NN_DATA_RANGES_H

#include "base/real.h"
#include "comm/comm.h"
#include "data/dataset.h"

/* least > most: no value. */
typedef struct nn_range {
    double least, most;
} nn_range;

/* The range over all ranks. Collective. */
nn_status nn_range_join(nn_comm *comm, nn_range *range);

/* Warns of inputs and targets whose range in a part of its own is many times that in the train part, or a
 * small fraction of it, such as 0 to 1 next to 0 to 255: parts are normalised alike. */
void nn_ranges_warn(const nn_dataset *dataset);

#endif
