/* Normal values that preserve the variance in the forward pass (He, Zhang, Ren, Sun: Delving deep into
 * rectifiers; ICCV 2015): deviation gain / sqrt(fan_in), where the gain of relu is sqrt(2). */
#include <math.h>

#include "nn/initializer.h"

static double he_deviation(const nn_parameter *parameter)
{
    return parameter->gain / sqrt((double)parameter->fan_in);
}

static void he_fill(const nn_parameter *parameter, nn_random stream, int64_t begin, int64_t end,
                    nn_real *values)
{
    double deviation = he_deviation(parameter);
    for (int64_t i = begin; i < end; i++)
        values[i - begin] = (nn_real)(deviation * nn_random_normal(stream, (uint64_t)i));
}

const nn_initializer_type nn_initializer_he = {
    .name = "he",
    .summary = "normal, standard deviation gain / sqrt(fan_in): for relu and similar activations",
    .deviation = he_deviation,
    .fill = he_fill,
};
