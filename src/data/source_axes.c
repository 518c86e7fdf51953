/* Whether the samples of all arrays lie along the same dimension, where files name their dimensions. */
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "data/source.h"
#include "store/scales.h"

/* The dataset of an array, the first of those that are joined. The caller owns *name. */
static nn_status axes_name_dataset(const nn_array *array, char **name)
{
    bool joined = array->dataset[0] == '[';
    NN_TRY(nn_copy_text(array->dataset + (joined ? 1 : 0), name));
    if (joined) (*name)[strcspn(*name, ",]")] = '\0';
    return NN_OK;
}

/* The name of the dimension along which samples lie; NULL: it has none. The caller owns *axis. */
static nn_status axes_find(const nn_source *source, int which, char **axis)
{
    const nn_array *array = &source->arrays[which];
    nn_store_file *file = nn_source_file(&source->pieces[0], which);
    nn_store_axes axes;
    char *dataset;
    *axis = NULL;
    if (!array->sound || !file) return NN_OK;
    NN_TRY(axes_name_dataset(array, &dataset));
    nn_status status = nn_store_axes_read(file, dataset, &axes);
    if (status == NN_OK && array->axis < axes.count && axes.axes[array->axis].name) {
        const char *path = axes.axes[array->axis].name, *slash = strrchr(path, '/');
        status = nn_copy_text(slash ? slash + 1 : path, axis);
    }
    nn_store_axes_release(&axes);
    nn_free(dataset);
    return status;
}

void nn_source_warn_axes(const nn_source *source)
{
    char *first = NULL, *axis;
    int of_first = 0;
    for (int a = 0; a < source->fields && source->piece_count > 0 && !source->silent; a++) {
        if (axes_find(source, a, &axis) != NN_OK || !axis) continue; /* reading it fails elsewhere */
        const nn_array *array = &source->arrays[a];
        if (!first) {
            first = axis;
            of_first = a;
            continue;
        }
        if (strcmp(axis, first) != 0)
            nn_log_warning(
                "data.%s: samples lie along \"%s\" in \"%s\", but along \"%s\" in \"%s\": they are "
                "paired by position: check that they belong together",
                array->part, first, source->arrays[of_first].dataset, axis, array->dataset);
        nn_free(axis);
    }
    nn_free(first);
    nn_error_clear();
}
