/* Converts raw values to normalised numbers for the network, inside the training step. */
#include <math.h>

#include "base/least.h"
#include "base/memory.h"
#include "data/view.h"
#include "tensor/vectorize.h"

/* In double, as in prediction, so that both give the same bits. */
NN_VECTORIZED
static void view_scale(int64_t count, const double *values, const double *scales, const double *offsets,
                       nn_real *numbers)
{
    for (int64_t i = 0; i < count; i++) numbers[i] = (nn_real)(values[i] * scales[i] + offsets[i]);
}

NN_VECTORIZED
static void view_copy(int64_t count, const double *values, nn_real *numbers)
{
    for (int64_t i = 0; i < count; i++) numbers[i] = (nn_real)values[i];
}

/* 0 is the mean of a standardised column. */
static void view_fill(int64_t count, nn_real *numbers)
{
    for (int64_t i = 0; i < count; i++)
        if (isnan(numbers[i])) numbers[i] = 0;
}

void nn_view_numbers(const nn_view *view, const nn_array *array, const unsigned char *raw, nn_real *numbers)
{
    _Alignas(NN_ALIGNMENT) double values[NN_ARRAY_BLOCK];
    for (int64_t at = 0; at < view->values; at += NN_ARRAY_BLOCK) {
        int64_t count = nn_smaller(NN_ARRAY_BLOCK, view->values - at);
        nn_view_values(view, array, raw, at, count, values);
        if (view->scales) {
            int64_t column = at % view->scaling.columns;
            view_scale(count, values, view->scales + column, view->offsets + column, numbers + at);
        } else {
            view_copy(count, values, numbers + at);
        }
        if (view->encoding.fills) continue; /* the network replaces them */
        if (view->missing == NN_MISSING_MEAN || (view->missing == NN_MISSING_MASK && view->input))
            view_fill(count, numbers + at);
    }
}
