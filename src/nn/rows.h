/*
 * A microbatch as rows of channels (the last extent), processed in blocks: for layers with statistics over
 * positions. Rows past the end of a sequence are skipped.
 */
#ifndef NN_NN_ROWS_H
#define NN_NN_ROWS_H

#include "nn/layer.h"

typedef struct nn_rows {
    int64_t channels;
    int64_t rows;  /* per sample, padding included */
    int64_t steps; /* per sample, as counted by lengths; 0: it has no steps */
    int64_t block; /* rows per block: few enough to stay in the first-level cache */
} nn_rows;

/* The rows of samples of this shape; the first of several extents counts steps. */
nn_rows nn_rows_of(nn_shape shape);

/* Number of rows without padding: of sample `sample`; of all samples. */
int64_t nn_rows_real(const nn_rows *rows, const nn_layer_call *call, int64_t sample);
int64_t nn_rows_count(const nn_rows *rows, const nn_layer_call *call);

/* Number of rows of all samples of the microbatch of the call. */
int64_t nn_rows_count_all(const nn_rows *rows, const nn_layer_call *call);

/* Calls `work` for each block of rows without padding, in order, with the block's first row (counted over the
 * microbatch) and its number of rows: for the microbatch, or for one sample. */
typedef void nn_rows_work(const nn_layer *layer, const nn_layer_call *call, int64_t row, int64_t count);
void nn_rows_walk(const nn_rows *rows, const nn_layer *layer, const nn_layer_call *call, nn_rows_work *work);
void nn_rows_walk_sample(const nn_rows *rows, const nn_layer *layer, const nn_layer_call *call,
                         int64_t sample, nn_rows_work *work);

/* Clears the padding rows; values may be NULL. */
void nn_rows_clear_padding(const nn_rows *rows, const nn_layer_call *call, nn_real *values);

#endif
