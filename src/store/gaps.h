/*
 * Elements of a dataset that were never written: chunks without storage, parts of a virtual dataset that no
 * source covers, the end of a raw file that is too short. HDF5 reads them as the fill value, without an
 * error. Elements that were allocated early, or that are in a partly written chunk, cannot be told from
 * values.
 */
#ifndef NN_STORE_GAPS_H
#define NN_STORE_GAPS_H

#include "base/parcel.h"
#include "store/store.h"

typedef struct nn_store_gaps nn_store_gaps;

/* The caller owns *gaps, which is NULL if every element was written. A source that exists but cannot be read
 * is a failure, not a gap. */
nn_status nn_store_gaps_find(nn_store_array *array, nn_store_gaps **gaps);
void nn_store_gaps_destroy(nn_store_gaps *gaps); /* accepts NULL */

int64_t nn_store_gaps_count(const nn_store_gaps *gaps); /* elements; 0 for NULL */
/* The cause of the first gap: "a chunk was never written". */
const char *nn_store_gaps_cause(const nn_store_gaps *gaps);

/* Sets the bytes of gaps among indices [first, first + count) of dimension `axis` to 1, and leaves the
 * others, in the order in which nn_store_read_slab delivers values. */
void nn_store_gaps_mark(const nn_store_gaps *gaps, int axis, int64_t first, int64_t count,
                        unsigned char *missing);

/* Send gaps, NULL too, to other processes, which take them as their own (returned owned). */
void nn_store_gaps_put(const nn_store_gaps *gaps, nn_parcel *parcel);
nn_status nn_store_gaps_take(nn_parcel *parcel, nn_store_gaps **gaps);

#endif
