/* The number of steps of each sequence, in memory on every node. */
#include "base/memory.h"
#include "data/blocks.h"
#include "data/internal.h"

static nn_status lengths_fill(const nn_dataset *dataset, int part, int32_t *lengths)
{
    const nn_samples *samples = &dataset->parts[part];
    const nn_array *array = &samples->source->arrays[NN_DATA_LENGTH];
    int64_t steps = dataset->input.shape.extents[0];
    nn_blocks *blocks = NULL;
    NN_TRY(nn_blocks_create(samples->source, 1u << NN_DATA_LENGTH, 2, &blocks));
    nn_status status = NN_OK;
    for (int64_t s = 0; s < samples->count && status == NN_OK; s++) {
        int64_t row = nn_samples_row(samples, s);
        status = nn_blocks_copy(blocks, NN_DATA_LENGTH, row, 1, (unsigned char *)(lengths + s));
        if (status == NN_OK && (lengths[s] < 1 || lengths[s] > steps))
            status = nn_array_context(array,
                                      nn_fail(NN_ERROR_DATA,
                                              "the length of sample %lld is not a whole number from 1 to the "
                                              "%lld steps of a sequence",
                                              (long long)row, (long long)steps));
    }
    nn_blocks_destroy(blocks);
    return status;
}

nn_status nn_lengths_load(nn_comm *comm, nn_dataset *dataset)
{
    for (int p = 0; p < NN_PARTS; p++) {
        const nn_samples *samples = &dataset->parts[p];
        nn_data_memory *memory = &dataset->lengths[p];
        if (samples->count == 0 || !samples->source->arrays[NN_DATA_LENGTH].given) continue;
        size_t size = (size_t)samples->count * sizeof(int32_t);
        NN_TRY(nn_memory_create(comm, size, "the lengths of sequences", memory));
        NN_TRY(nn_memory_publish(comm, memory,
                                 memory->writes ? lengths_fill(dataset, p, memory->bytes) : NN_OK));
    }
    return NN_OK;
}

bool nn_dataset_has_lengths(const nn_dataset *dataset, nn_part part)
{
    return dataset->lengths[part].bytes != NULL;
}
