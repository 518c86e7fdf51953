/* Normal values, a compromise between preserving the variance forward and backward (Glorot, Bengio:
 * Understanding the difficulty of training deep feedforward neural networks; AISTATS 2010). */
#include <math.h>

#include "nn/initializer.h"

static double xavier_deviation(const nn_parameter *parameter)
{
    return parameter->gain * sqrt(2.0 / ((double)parameter->fan_in + (double)parameter->fan_out));
}

static void xavier_fill(const nn_parameter *parameter, nn_random stream, int64_t begin, int64_t end,
                        nn_real *values)
{
    double deviation = xavier_deviation(parameter);
    for (int64_t i = begin; i < end; i++)
        values[i - begin] = (nn_real)(deviation * nn_random_normal(stream, (uint64_t)i));
}

const nn_initializer_type nn_initializer_xavier = {
    .name = "xavier",
    .summary = "normal, standard deviation gain * sqrt(2 / (fan_in + fan_out)): for tanh and no activation",
    .deviation = xavier_deviation,
    .fill = xavier_fill,
};
