/* One number per sample, in memory on every node: the length of its sequence, and its weight. */
#include <float.h>

#include "base/memory.h"
#include "data/blocks.h"
#include "data/dataset_internal.h"

/* ---- lengths ---- */

static nn_status per_sample_fill_lengths(const nn_dataset *dataset, int part, void *memory)
{
    const nn_samples *samples = &dataset->parts[part];
    const nn_array *array = &samples->source->arrays[NN_DATA_LENGTH];
    int32_t *lengths = memory;
    int64_t steps = dataset->views[0].shape.extents[0];
    nn_blocks *blocks = NULL;
    NN_TRY(nn_blocks_create(samples->source, 1u << NN_DATA_LENGTH, 2, &blocks));
    nn_status status = NN_OK;
    for (int64_t s = 0; s < samples->count && status == NN_OK; s++) {
        int64_t row = nn_samples_row(samples, s);
        status = nn_blocks_copy(blocks, NN_DATA_LENGTH, row, 1, (unsigned char *)(lengths + s));
        if (status == NN_OK && (lengths[s] < 1 || lengths[s] > steps))
            status = nn_array_context(
                array,
                nn_fail(NN_ERROR_DATA,
                        "the length of sample %lld is not an integer from 1 to %lld, the steps of a sequence",
                        (long long)row, (long long)steps));
    }
    nn_blocks_destroy(blocks);
    return status;
}

bool nn_dataset_has_lengths(const nn_dataset *dataset, nn_part part)
{
    return dataset->lengths[part].bytes != NULL;
}

int64_t nn_dataset_length(const nn_dataset *dataset, nn_part part, int64_t sample)
{
    const int32_t *lengths = dataset->lengths[part].bytes;
    return lengths ? lengths[sample] : INT64_MAX;
}

/* ---- weights ---- */

static nn_status per_sample_check_weight(const nn_array *array, int64_t row, double weight)
{
    if (weight >= 0 && weight <= FLT_MAX) return NN_OK;
    return nn_array_context(
        array,
        nn_fail(NN_ERROR_DATA, "the weight of sample %lld is %.17g: weights must be finite and at least 0",
                (long long)row, weight));
}

static nn_status per_sample_fill_weights(const nn_dataset *dataset, int part, void *memory)
{
    const nn_samples *samples = &dataset->parts[part];
    const nn_array *array = &samples->source->arrays[NN_DATA_WEIGHT];
    nn_real *weights = memory;
    double raw, weight, largest = 0;
    nn_blocks *blocks = NULL;
    NN_TRY(nn_blocks_create(samples->source, 1u << NN_DATA_WEIGHT, 2, &blocks));
    nn_status status = NN_OK;
    for (int64_t s = 0; s < samples->count && status == NN_OK; s++) {
        int64_t row = nn_samples_row(samples, s);
        status = nn_blocks_copy(blocks, NN_DATA_WEIGHT, row, 1, (unsigned char *)&raw);
        if (status != NN_OK) break;
        nn_array_convert(array, (unsigned char *)&raw, 0, 1, &weight);
        status = per_sample_check_weight(array, row, weight);
        nn_scalar_put(dataset->scalar, weights, (size_t)s, weight);
        if (weight > largest) largest = weight;
    }
    nn_blocks_destroy(blocks);
    if (status == NN_OK && largest == 0)
        status = nn_array_context(
            array, nn_fail(NN_ERROR_DATA, "all samples have weight 0: there is nothing to train on"));
    return status;
}

bool nn_dataset_has_weights(const nn_dataset *dataset, nn_part part)
{
    return dataset->weights[part].bytes != NULL;
}

/* ---- both ---- */

static nn_status per_sample_load(nn_comm *comm, const nn_dataset *dataset, int array, size_t size,
                                 const char *what, nn_status (*fill)(const nn_dataset *, int, void *),
                                 nn_node_memory *memories)
{
    for (int p = 0; p < NN_PARTS; p++) {
        const nn_samples *samples = &dataset->parts[p];
        nn_node_memory *memory = &memories[p];
        if (samples->count == 0 || !samples->source->arrays[array].given) continue;
        NN_TRY(nn_node_memory_create(comm, (size_t)samples->count * size, what, memory));
        NN_TRY(
            nn_node_memory_publish(comm, memory, memory->writes ? fill(dataset, p, memory->bytes) : NN_OK));
    }
    return NN_OK;
}

nn_status nn_per_sample_load(nn_comm *comm, nn_dataset *dataset)
{
    NN_TRY(per_sample_load(comm, dataset, NN_DATA_LENGTH, sizeof(int32_t), "the lengths of sequences",
                           per_sample_fill_lengths, dataset->lengths));
    return per_sample_load(comm, dataset, NN_DATA_WEIGHT, nn_scalar_size(dataset->scalar),
                           "the weights of samples", per_sample_fill_weights, dataset->weights);
}
