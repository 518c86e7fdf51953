/* What is known of a data set, and its streams. */
#include "data/dataset_internal.h"

const nn_field *nn_dataset_input(const nn_dataset *dataset)
{
    return &dataset->input;
}

int nn_dataset_target_count(const nn_dataset *dataset)
{
    return dataset->target_count;
}

const nn_field *nn_dataset_target(const nn_dataset *dataset, int target)
{
    return &dataset->targets[target].field;
}

const nn_scaling *nn_dataset_input_scaling(const nn_dataset *dataset)
{
    return &dataset->input_scaling;
}

const nn_scaling *nn_dataset_target_scaling(const nn_dataset *dataset, int target)
{
    return &dataset->targets[target].scaling;
}

const nn_names_set *nn_dataset_names(const nn_dataset *dataset)
{
    return &dataset->names;
}

int64_t nn_dataset_count(const nn_dataset *dataset, nn_part part)
{
    return dataset->parts[part].count;
}

size_t nn_dataset_stored(const nn_dataset *dataset)
{
    return nn_node_memory_wanted(dataset->sources);
}

size_t nn_dataset_memory(const nn_dataset *dataset)
{
    size_t bytes = dataset->memory.on_node + dataset->split_table.on_node + dataset->balance_table.on_node;
    for (int p = 0; p < NN_PARTS; p++) bytes += dataset->lengths[p].on_node + dataset->weights[p].on_node;
    return bytes;
}

/* ---- streams ---- */

bool nn_dataset_streams(const nn_dataset *dataset)
{
    return dataset->streams;
}

nn_status nn_dataset_follow(nn_dataset *dataset, nn_part part, nn_data_schedule schedule, const void *context,
                            int64_t first, int64_t depth, bool inputs)
{
    if (!dataset->streams || dataset->describes) return NN_OK;
    nn_dataset_unfollow(dataset, part);
    return nn_feed_create(dataset, part, schedule, context, first, depth, inputs, &dataset->feeds[part]);
}

void nn_dataset_release(nn_dataset *dataset, nn_part part, int64_t index)
{
    if (dataset->feeds[part]) nn_feed_release(dataset->feeds[part], index);
}

void nn_dataset_unfollow(nn_dataset *dataset, nn_part part)
{
    nn_feed_destroy(dataset->feeds[part]);
    dataset->feeds[part] = NULL;
}

nn_status nn_dataset_status(nn_dataset *dataset, nn_part part)
{
    return dataset->feeds[part] ? nn_feed_status(dataset->feeds[part]) : NN_OK;
}

double nn_dataset_waited(const nn_dataset *dataset, nn_part part)
{
    return dataset->feeds[part] ? nn_feed_waited(dataset->feeds[part]) : 0;
}
