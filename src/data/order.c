/* The order of samples, without a table. */
#include "data/internal.h"

int64_t nn_dataset_order(const nn_dataset *dataset, nn_part part, int64_t epoch, int64_t position)
{
    if (part != NN_TRAIN) return position;
    nn_random stream = {.seed = dataset->seed, .purpose = NN_RANDOM_ORDER, .step = (uint32_t)epoch};
    return (int64_t)nn_random_permute(stream, (uint64_t)dataset->parts[part].count, (uint64_t)position);
}
