/* The datasets of a file, and the arrays that layouts make of them. */
#include "data/layouts.h"

#include <string.h>

#include "base/memory.h"

static nn_status layouts_take(void *context, const char *name, const nn_store_info *info)
{
    nn_layouts *layouts = context;
    if (layouts->count == layouts->capacity) {
        size_t capacity = layouts->capacity > 0 ? 2 * layouts->capacity : 32;
        NN_TRY(nn_reallocate((void **)&layouts->datasets, layouts->capacity, capacity,
                             sizeof *layouts->datasets, "the datasets of a file"));
        layouts->capacity = capacity;
    }
    nn_layouts_dataset *dataset = &layouts->datasets[layouts->count];
    *dataset = (nn_layouts_dataset){.type = info->type, .dimensions = info->dimensions, .extents = {1, 1, 1}};
    for (int d = 0; d < info->dimensions && d < 3; d++) dataset->extents[d] = info->extents[d];
    NN_TRY(nn_copy_text(name, &dataset->name));
    layouts->count++;
    return NN_OK;
}

bool nn_layouts_is_list(const char *dataset)
{
    static const char *const tails[] = {"_columns", "_classes", "_units"};
    size_t length = strlen(dataset);
    if (strstr(dataset, "_categories/") || strstr(dataset, "/_i_")) return true; /* PyTables' indices */
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++)
        if (length > strlen(tails[i]) && strcmp(dataset + length - strlen(tails[i]), tails[i]) == 0)
            return true;
    return false;
}

bool nn_layouts_is_free(const nn_layouts_dataset *dataset, bool numbers)
{
    return !dataset->part && !nn_layouts_is_list(dataset->name) &&
           (!numbers || dataset->type < NN_STORE_TEXT);
}

void nn_layouts_take_group(nn_layouts *layouts, const char *group)
{
    size_t length = strlen(group);
    for (size_t i = 0; i < layouts->count; i++) {
        const char *name = layouts->datasets[i].name;
        if (strncmp(name, group, length) == 0 && name[length] == '/') layouts->datasets[i].part = true;
    }
}

nn_status nn_layouts_add(nn_store_file *file, nn_layouts *layouts, const nn_layouts_array *array, bool *added)
{
    const nn_store_spec spec = {.dataset = array->name, .members = array->members};
    nn_store_array *opened;
    nn_status status = nn_store_array_open_as(file, &spec, &opened);
    *added = status == NN_OK;
    if (status == NN_ERROR_MEMORY) return status;
    nn_error_clear();
    if (!*added) return NN_OK;
    nn_store_array_close(opened);
    NN_TRY(nn_reallocate((void **)&layouts->arrays, layouts->found, layouts->found + 1,
                         sizeof *layouts->arrays, "the arrays of a file"));
    nn_layouts_array *copy = &layouts->arrays[layouts->found++];
    *copy = (nn_layouts_array){.members = array->members, .texts = array->texts};
    NN_TRY(nn_copy_text(array->name, &copy->name));
    return array->option ? nn_copy_text(array->option, &copy->option) : NN_OK;
}

nn_status nn_layouts_find(nn_store_file *file, nn_layouts *layouts)
{
    NN_TRY(nn_store_visit(file, layouts_take, layouts));
    NN_TRY(nn_layouts_find_groups(file, layouts));
    NN_TRY(nn_layouts_find_members(file, layouts));
    return nn_layouts_find_sequences(file, layouts);
}

void nn_layouts_release(nn_layouts *layouts)
{
    for (size_t i = 0; i < layouts->count; i++) nn_free(layouts->datasets[i].name);
    for (size_t i = 0; i < layouts->found; i++) {
        nn_free(layouts->arrays[i].name);
        nn_free(layouts->arrays[i].option);
    }
    nn_free(layouts->datasets);
    nn_free(layouts->arrays);
    nn_free(layouts->series);
    *layouts = (nn_layouts){0};
}
