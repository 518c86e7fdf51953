/* The range of values of each field in each part, to detect parts in different units. Private to data. */
#ifndef NN_DATA_RANGES_H
#define NN_DATA_RANGES_H

#include "comm/comm.h"
#include "data/source.h"

/* least > most: no values. */
typedef struct nn_range {
    double least, most;
} nn_range;

/* Extends each range to that over all ranks. Collective. */
nn_status nn_ranges_join(nn_comm *comm, int64_t count, nn_range *ranges);

/* Warns if the range of an array in a separate part is many times larger or smaller than in the train part,
 * such as 0 to 1 against 0 to 255: all parts are normalised alike. */
void nn_range_warn(const nn_array *array, const nn_range *train, const nn_range *own);

/* The same for the files of a part, of which there is a range each: names the two that differ most. */
void nn_range_warn_files(const nn_source *source, int which, const nn_range *ranges);

/* A range without values, and one that is extended by another. */
nn_range nn_range_empty(void);
void nn_range_extend(nn_range *range, const nn_range *other);

#endif
