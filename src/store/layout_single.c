/* A dataset that is one sample, in a file of its own: its dimensions are those of the sample. */
#include "store/layout.h"

static bool single_recognise(nn_store_file *file, const nn_store_spec *spec)
{
    const char *name = nn_store_bare_name(spec->dataset);
    return spec->members == NN_STORE_MEMBERS_SAMPLES && *name && nn_store_is_numeric_dataset(file, name);
}

static nn_status single_open(nn_store_array *array, nn_store_file *file, const nn_store_spec *spec)
{
    nn_store_array *sample;
    nn_store_info *info = &array->info;
    NN_TRY(nn_store_array_open_as(
        file, &(nn_store_spec){.dataset = spec->dataset, .incomplete = spec->incomplete}, &sample));
    array->state = sample;
    NN_TRY(nn_layout_check_part(sample));
    *info = sample->info;
    if (info->dimensions == NN_STORE_MAX_DIMENSIONS)
        NN_FAIL(NN_ERROR_DATA, "dataset \"%s\" of %s has too many dimensions", array->name, file->path);
    for (int d = info->dimensions; d > 0; d--) {
        info->extents[d] = info->extents[d - 1];
        info->chunk[d] = info->chunk[d - 1];
    }
    info->extents[0] = info->chunk[0] = 1;
    info->dimensions++;
    return NN_OK;
}

static void single_close(nn_store_array *array)
{
    nn_store_array_close(array->state);
}

static bool single_read(nn_store_array *array, const int64_t *start, const int64_t *count, nn_store_type type,
                        void *values, char *reason)
{
    return nn_store_read_block(array->state, start + 1, count + 1, type, values, reason);
}

const nn_store_layout nn_layout_single = {
    .name = "single",
    .recognise = single_recognise,
    .open = single_open,
    .close = single_close,
    .read = single_read,
};
