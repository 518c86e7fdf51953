/*
 * Elements that a dataset has, but that no one has written: chunks without storage, parts of a virtual
 * dataset that no source covers, the end of a raw file that is too short. HDF5 reads them as the fill value,
 * without an error. What was allocated early, or lies in a chunk that was written in part, cannot be told
 * from values.
 */
#ifndef NN_STORE_GAPS_H
#define NN_STORE_GAPS_H

#include "store/store.h"

typedef struct nn_store_gaps nn_store_gaps;

/* As nn_store_array_open, but a virtual dataset may lack sources: they are gaps. */
nn_status nn_store_array_open_sparse(nn_store_file *file, const char *dataset, nn_store_array **array);

/* *gaps is owned by the caller, and NULL where every element was written. A source that is there and cannot
 * be read is a failure, not a gap. */
nn_status nn_store_gaps_find(nn_store_array *array, nn_store_gaps **gaps);
void nn_store_gaps_destroy(nn_store_gaps *gaps); /* accepts NULL */

int64_t nn_store_gaps_count(const nn_store_gaps *gaps); /* elements; 0 for NULL */
/* Why the first of them is one: "a chunk was never written". */
const char *nn_store_gaps_cause(const nn_store_gaps *gaps);

/* Sets the bytes of those among indices [first, first + count) of dimension `axis` that are gaps to 1, and
 * leaves the others; in the order in which nn_store_read_slab delivers values. */
nn_status nn_store_gaps_mark(const nn_store_gaps *gaps, int axis, int64_t first, int64_t count,
                             unsigned char *missing);

#endif
