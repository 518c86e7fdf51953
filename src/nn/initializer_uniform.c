/* Uniform values between -1 / sqrt(fan_in) and 1 / sqrt(fan_in) (LeCun, Bottou, Orr, Muller: Efficient
 * backprop; 1998). */
#include <math.h>

#include "nn/initializer.h"

static double uniform_bound(const nn_parameter *parameter)
{
    return 1 / sqrt((double)parameter->fan_in);
}

static double uniform_deviation(const nn_parameter *parameter)
{
    return uniform_bound(parameter) / sqrt(3.0);
}

static void uniform_fill(const nn_parameter *parameter, nn_random stream, int64_t begin, int64_t end,
                         nn_real *values)
{
    double bound = uniform_bound(parameter);
    for (int64_t i = begin; i < end; i++)
        values[i - begin] = (nn_real)(bound * (2 * nn_random_uniform(stream, (uint64_t)i) - 1));
}

const nn_initializer_type nn_initializer_uniform = {
    .name = "uniform",
    .summary = "uniform between -1 / sqrt(fan_in) and 1 / sqrt(fan_in), for any activation",
    .deviation = uniform_deviation,
    .fill = uniform_fill,
};
