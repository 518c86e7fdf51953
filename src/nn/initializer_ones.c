/* Ones times the gain: for the scales of normalisation, and for any tensor that starts as a constant. */
#include "nn/initializer.h"

static double ones_deviation(const nn_parameter *parameter)
{
    (void)parameter;
    return 0.0;
}

static void ones_fill(const nn_parameter *parameter, nn_random stream, int64_t begin, int64_t end,
                      nn_real *values)
{
    (void)stream;
    for (int64_t i = 0; i < end - begin; i++) values[i] = (nn_real)parameter->gain;
}

const nn_initializer_type nn_initializer_ones = {
    .name = "ones",
    .summary = "ones: for the scales of normalisation",
    .mean = 1,
    .deviation = ones_deviation,
    .fill = ones_fill,
};
