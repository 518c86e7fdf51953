#include "plot/target_unit.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "loss/metric.h"
#include "model/checkpoint_names.h"
#include "store/kept.h"

/* "rmse" of "validation.label.rmse", and "label" before it; "y" where no target is named. */
static const char *unit_split(const char *metric, char target[NN_TARGET_UNIT])
{
    const char *dot = strrchr(metric, '.'), *begin = metric;
    snprintf(target, NN_TARGET_UNIT, "y");
    if (!dot) return metric;
    for (const char *at = metric; at < dot; at++)
        if (*at == '.') begin = at + 1;
    size_t length = (size_t)(dot - begin);
    bool part = (length == 5 && strncmp(begin, "train", 5) == 0) ||
                (length == 10 && strncmp(begin, "validation", 10) == 0) ||
                (length == 4 && strncmp(begin, "step", 4) == 0);
    if (!part) snprintf(target, NN_TARGET_UNIT, "%.*s", (int)length, begin);
    return dot + 1;
}

static nn_status unit_read(const nn_kept_checkpoint *opened, const char *target, char unit[NN_TARGET_UNIT])
{
    nn_names_set set = {0};
    nn_status status = nn_model_get_names(opened->file, &set);
    const nn_names *names = status == NN_OK ? nn_names_set_find(&set, target) : NULL;
    bool same = names && names->units.count > 0;
    for (size_t u = 1; same && u < names->units.count; u++)
        same = strcmp(names->units.items[u], names->units.items[0]) == 0;
    if (same) snprintf(unit, NN_TARGET_UNIT, "%.60s", names->units.items[0]);
    nn_names_set_release(&set);
    return status;
}

nn_status nn_target_unit(const char *run_directory, const char *metric, char unit[NN_TARGET_UNIT])
{
    char target[NN_TARGET_UNIT], path[NN_PATH_SIZE];
    const nn_metric_type *type = nn_metric_find(NN_SCALAR_F64, unit_split(metric, target));
    int64_t *steps = NULL;
    size_t count = 0;
    unit[0] = '\0';
    if (!type || !type->relative) return NN_OK;
    nn_kept_checkpoint opened = {0};
    nn_status status = nn_kept_list(run_directory, &steps, &count);
    if (status == NN_OK && count > 0) {
        nn_kept_path(run_directory, steps[0], path);
        status = nn_kept_open(path, steps[0], &opened);
        if (status == NN_OK) status = unit_read(&opened, target, unit);
        nn_kept_close(&opened);
    }
    nn_free(steps);
    return status == NN_ERROR_CHECKPOINT ? NN_OK : status; /* a damaged one: the axis goes without */
}
