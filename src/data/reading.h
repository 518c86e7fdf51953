/* How a stream reads: rows at a time, blocks held, and how much more than the data that amounts to. Does not
 * affect the order of samples. Private to data. */
#ifndef NN_DATA_READING_H
#define NN_DATA_READING_H

#include "data/dataset_internal.h"

/* The fraction of a stream's memory for samples read ahead; the rest is for blocks. */
#define NN_READING_AHEAD 0.35

typedef struct nn_reading {
    int64_t rows;     /* per block */
    int64_t wanted;   /* blocks to hold so that none is read twice in a window of the order */
    int64_t capacity; /* blocks held, as memory allows; 0: rows are read one by one */
} nn_reading;

/* Plans the reading of the arrays whose bits are set, for a rank that gathers spans like this one. */
nn_reading nn_reading_plan(const nn_dataset *dataset, nn_part part, nn_data_span span, unsigned arrays);

#endif
