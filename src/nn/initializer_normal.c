/* Normal values with standard deviation 0.02 in every layer, as in language models (Radford et al.: Improving
 * language understanding by generative pre-training; 2018). */
#include "nn/initializer.h"

#define NORMAL_DEVIATION 0.02

static double normal_deviation(const nn_parameter *parameter)
{
    (void)parameter;
    return NORMAL_DEVIATION;
}

static void normal_fill(const nn_parameter *parameter, nn_random stream, int64_t begin, int64_t end,
                        nn_real *values)
{
    (void)parameter;
    for (int64_t i = begin; i < end; i++)
        values[i - begin] = (nn_real)(NORMAL_DEVIATION * nn_random_normal(stream, (uint64_t)i));
}

const nn_initializer_type nn_initializer_normal = {
    .name = "normal",
    .summary = "normal, standard deviation 0.02 in every layer: as in language models",
    .deviation = normal_deviation,
    .fill = normal_fill,
};
