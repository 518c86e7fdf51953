/* A microbatch as rows of channels. */
#include "nn/rows.h"

#include <string.h>

/* Values per block, but at least ROWS_MULTIPLE rows: the kernels process several rows at a time. */
#define ROWS_BLOCK_VALUES 2048
#define ROWS_MULTIPLE 16

nn_rows nn_rows_of(nn_shape shape)
{
    nn_rows rows = {.channels = shape.dimensions > 0 ? shape.extents[shape.dimensions - 1] : 1,
                    .steps = shape.dimensions > 1 ? shape.extents[0] : 0};
    rows.rows = nn_shape_count(shape) / rows.channels;
    int64_t multiples = ROWS_BLOCK_VALUES / rows.channels / ROWS_MULTIPLE;
    rows.block = (multiples > 0 ? multiples : 1) * ROWS_MULTIPLE;
    return rows;
}

static bool rows_have_lengths(const nn_rows *rows, const nn_layer_call *call)
{
    return call->lengths && rows->steps > 0;
}

int64_t nn_rows_real(const nn_rows *rows, const nn_layer_call *call, int64_t sample)
{
    if (!rows_have_lengths(rows, call)) return rows->rows;
    return call->lengths[sample] * (rows->rows / rows->steps);
}

int64_t nn_rows_count(const nn_rows *rows, const nn_layer_call *call)
{
    if (!rows_have_lengths(rows, call)) return call->samples * rows->rows;
    int64_t count = 0;
    for (int64_t i = 0; i < call->samples; i++) count += nn_rows_real(rows, call, i);
    return count;
}

int64_t nn_rows_count_all(const nn_rows *rows, const nn_layer_call *call)
{
    nn_layer_call all = *call;
    all.samples = call->microbatch_samples;
    if (call->lengths) all.lengths = call->lengths - call->first;
    return nn_rows_count(rows, &all);
}

static void rows_walk_range(const nn_rows *rows, const nn_layer *layer, const nn_layer_call *call,
                            int64_t begin, int64_t end, nn_rows_work *work)
{
    for (int64_t row = begin; row < end; row += rows->block)
        work(layer, call, row, end - row < rows->block ? end - row : rows->block);
}

void nn_rows_walk_sample(const nn_rows *rows, const nn_layer *layer, const nn_layer_call *call,
                         int64_t sample, nn_rows_work *work)
{
    int64_t begin = sample * rows->rows;
    rows_walk_range(rows, layer, call, begin, begin + nn_rows_real(rows, call, sample), work);
}

void nn_rows_walk(const nn_rows *rows, const nn_layer *layer, const nn_layer_call *call, nn_rows_work *work)
{
    if (!rows_have_lengths(rows, call))
        rows_walk_range(rows, layer, call, 0, call->samples * rows->rows, work);
    else
        for (int64_t i = 0; i < call->samples; i++) nn_rows_walk_sample(rows, layer, call, i, work);
}

void nn_rows_clear_padding(const nn_rows *rows, const nn_layer_call *call, nn_real *values)
{
    if (!values || !rows_have_lengths(rows, call)) return;
    for (int64_t i = 0; i < call->samples; i++) {
        int64_t real = nn_rows_real(rows, call, i);
        memset(values + (i * rows->rows + real) * rows->channels, 0,
               (size_t)((rows->rows - real) * rows->channels) * sizeof *values);
    }
}
