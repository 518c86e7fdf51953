/* The samples sorted by class, to draw every class equally often. */
#include "base/memory.h"
#include "data/blocks.h"
#include "data/dataset_internal.h"

static nn_status balance_keys(const nn_samples *train, int array, int32_t *keys)
{
    nn_blocks *blocks = NULL;
    NN_TRY(nn_blocks_create(train->source, 1u << array, 2, &blocks));
    nn_status status = NN_OK;
    for (int64_t s = 0; s < train->count && status == NN_OK; s++)
        status = nn_blocks_copy(blocks, array, nn_samples_row(train, s), 1, (unsigned char *)(keys + s));
    nn_blocks_destroy(blocks);
    return status;
}

/* With data.check: none, labels have not been checked yet. */
static nn_status balance_check(const nn_samples *train, int array, int64_t classes, const int32_t *keys)
{
    for (int64_t s = 0; s < train->count; s++)
        if (keys[s] != NN_LABEL_IGNORED && (keys[s] < 0 || keys[s] >= classes))
            return nn_array_context(&train->source->arrays[array],
                                    nn_fail(NN_ERROR_DATA,
                                            "the label of sample %lld is not one of the %lld classes: repair "
                                            "the labels or set data.fields.y.classes",
                                            (long long)nn_samples_row(train, s), (long long)classes));
    return NN_OK;
}

/* Fills the table: where each class that has samples begins, then the samples by class. */
static nn_status balance_fill(const nn_dataset *dataset, int64_t classes, int64_t *table)
{
    const nn_samples *train = &dataset->parts[NN_TRAIN];
    int array = nn_source_class_array(train->source);
    int64_t *begin = table + 1, *samples = begin + classes + 1, *next = NULL;
    int32_t *keys = NULL;
    nn_status status;
    NN_TRY_TO(done, status, NN_ALLOCATE(&keys, train->count, "the samples by class"));
    NN_TRY_TO(done, status, NN_ALLOCATE(&next, classes + 1, "the samples by class"));
    NN_TRY_TO(done, status, balance_keys(train, array, keys));
    NN_TRY_TO(done, status, balance_check(train, array, classes, keys));
    for (int64_t s = 0; s < train->count; s++)
        if (keys[s] != NN_LABEL_IGNORED) next[keys[s] + 1]++;
    for (int64_t c = 0; c < classes; c++) next[c + 1] += next[c];
    int64_t present = 0;
    for (int64_t c = 0; c < classes; c++)
        if (next[c + 1] > next[c]) begin[present++] = next[c];
    begin[present] = next[classes];
    table[0] = present;
    for (int64_t s = 0; s < train->count; s++)
        if (keys[s] != NN_LABEL_IGNORED) samples[next[keys[s]]++] = s;
done:
    nn_free(keys);
    nn_free(next);
    return status;
}

nn_status nn_balance_create(nn_comm *comm, nn_dataset *dataset)
{
    nn_node_memory *memory = &dataset->balance_table;
    const nn_view *view = &dataset->views[nn_source_class_array(dataset->parts[NN_TRAIN].source)];
    int64_t classes = dataset->targets[view->target].field.classes, count = dataset->parts[NN_TRAIN].count;
    size_t size = (size_t)(1 + classes + 1 + count) * sizeof(int64_t);
    NN_TRY(nn_node_memory_create(comm, size, "the samples by class", memory));
    nn_status status = memory->writes ? balance_fill(dataset, classes, memory->bytes) : NN_OK;
    NN_TRY(nn_node_memory_publish(comm, memory, status));
    const int64_t *table = memory->bytes;
    dataset->order.classes = table[0];
    dataset->order.class_begin = table + 1;
    dataset->order.by_class = table + 1 + classes + 1;
    return NN_OK;
}
