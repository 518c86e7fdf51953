/* How a stream reads: so many rows at a time, so many blocks held; and how much more than the data that is.
 * Nothing here decides about the order of samples. Private to data. */
#ifndef NN_DATA_READING_H
#define NN_DATA_READING_H

#include "data/dataset_internal.h"

/* The share of a stream's memory that is for samples read ahead; the rest is for blocks. */
#define NN_READING_AHEAD 0.35

typedef struct nn_reading {
    int64_t rows;     /* of a block */
    int64_t wanted;   /* blocks to be held so that none is read twice in a window of the order */
    int64_t capacity; /* blocks held, as far as memory goes; 0: rows are read one by one */
} nn_reading;

/* For a rank that gathers spans like this one, of the arrays whose bits are set. */
nn_reading nn_reading_plan(const nn_dataset *dataset, nn_part part, nn_data_span span, unsigned arrays);

#endif
