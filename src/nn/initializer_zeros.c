/* Zeros, for biases. */
#include <string.h>

#include "nn/initializer.h"

static double zeros_deviation(const nn_parameter *parameter)
{
    (void)parameter;
    return 0.0;
}

static void zeros_fill(const nn_parameter *parameter, nn_random stream, int64_t begin, int64_t end,
                       nn_real *values)
{
    (void)parameter;
    (void)stream;
    memset(values, 0, (size_t)(end - begin) * sizeof *values);
}

const nn_initializer_type nn_initializer_zeros = {
    .name = "zeros",
    .summary = "zeros: for biases",
    .deviation = zeros_deviation,
    .fill = zeros_fill,
};
