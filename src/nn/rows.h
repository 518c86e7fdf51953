/*
 * A microbatch as rows of channels, the last extent, block by block: for layers that take statistics over
 * positions. Rows of steps behind the end of a sequence are left out.
 */
#ifndef NN_NN_ROWS_H
#define NN_NN_ROWS_H

#include "nn/layer.h"

typedef struct nn_rows {
    int64_t channels;
    int64_t rows;  /* of a sample */
    int64_t steps; /* of a sample, which lengths count; 0: it has no steps */
    int64_t block; /* rows that are handled at a time: few enough to stay in the first-level cache */
} nn_rows;

nn_rows nn_rows_of(nn_shape shape);

/* Rows of sample `sample` that are real; and of all. */
int64_t nn_rows_real(const nn_rows *rows, const nn_layer_call *call, int64_t sample);
int64_t nn_rows_count(const nn_rows *rows, const nn_layer_call *call);

/* Calls `work` with the first row, counted over the microbatch, and the number of rows of each block of real
 * rows, in order: of the microbatch, or of one sample. */
typedef void nn_rows_work(const nn_layer *layer, const nn_layer_call *call, int64_t row, int64_t count);
void nn_rows_walk(const nn_rows *rows, const nn_layer *layer, const nn_layer_call *call, nn_rows_work *work);
void nn_rows_walk_sample(const nn_rows *rows, const nn_layer *layer, const nn_layer_call *call,
                         int64_t sample, nn_rows_work *work);

/* 0 to the rows that are not real; values may be NULL. */
void nn_rows_clear_padding(const nn_rows *rows, const nn_layer_call *call, nn_real *values);

#endif
