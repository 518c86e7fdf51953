/* Open arrays, whatever their layout. */
#include <inttypes.h>
#include <stdio.h>

#include "base/memory.h"
#include "store/gaps.h"
#include "store/layout.h"

static const nn_store_layout *const array_layouts[] = {
#define NN_LAYOUT(name) &nn_layout_##name,
#include "store/layout_list.h"
#undef NN_LAYOUT
};
#define ARRAY_LAYOUTS (sizeof array_layouts / sizeof *array_layouts)

/* A dataset of numbers is the common case, and is recognised without asking the others. */
static const nn_store_layout *array_find_layout(nn_store_file *file, const nn_store_spec *spec)
{
    for (size_t i = 0; i < ARRAY_LAYOUTS; i++)
        if (array_layouts[i]->recognise(file, spec)) return array_layouts[i];
    return &nn_layout_plain;
}

static nn_status array_open(nn_store_file *file, const nn_store_spec *spec, nn_store_array **array)
{
    nn_status status;
    *array = NULL;
    nn_store_array *made;
    NN_TRY(NN_ALLOCATE(&made, 1, "an open array"));
    made->id = made->space = H5I_INVALID_HID;
    made->file = file;
    made->layout = array_find_layout(file, spec);
    NN_TRY_TO(failed, status, nn_copy_text(nn_store_bare_name(spec->dataset), &made->name));
    NN_TRY_TO(failed, status, made->layout->open(made, file, spec));
    if (made->layout != &nn_layout_plain && !made->layout->transparent)
        snprintf(made->info.layout, sizeof made->info.layout, "%s", made->layout->name);
    *array = made;
    return NN_OK;
failed:
    nn_store_array_close(made);
    return status;
}

nn_status nn_store_array_open_as(nn_store_file *file, const nn_store_spec *spec, nn_store_array **array)
{
    return NN_STORE_LOCKED(array_open(file, spec, array));
}

bool nn_store_has_array(nn_store_file *file, const char *name)
{
    const nn_store_spec spec = {.dataset = name, .codes = true};
    bool found = nn_store_has(file, name);
    nn_store_lock();
    for (size_t i = 0; i < ARRAY_LAYOUTS && !found; i++)
        found = array_layouts[i]->recognise(file, &spec) &&
                (!array_layouts[i]->exists || array_layouts[i]->exists(file, &spec));
    nn_store_unlock();
    return found;
}

nn_status nn_store_array_open(nn_store_file *file, const char *dataset, nn_store_array **array)
{
    const nn_store_spec spec = {.dataset = dataset};
    return nn_store_array_open_as(file, &spec, array);
}

bool nn_store_has(nn_store_file *file, const char *dataset)
{
    const nn_store_spec spec = {.dataset = dataset};
    nn_store_lock();
    bool has = nn_store_has_dataset(file, dataset);
    for (size_t i = 0; i < ARRAY_LAYOUTS && !has; i++)
        has = array_layouts[i]->recognise(file, &spec) &&
              (!array_layouts[i]->exists || array_layouts[i]->exists(file, &spec));
    nn_store_unlock();
    return has;
}

void nn_store_array_close(nn_store_array *array)
{
    if (!array) return;
    nn_store_lock();
    array->layout->close(array);
    nn_store_unlock();
    nn_free(array->facts.bytes);
    nn_free(array->name);
    nn_free(array);
}

const nn_store_info *nn_store_array_info(const nn_store_array *array)
{
    return &array->info;
}

nn_store_facts nn_store_array_facts(const nn_store_array *array)
{
    return array->facts;
}

bool nn_store_array_sequences(const nn_store_array *array, nn_store_sequences *sequences)
{
    if (array->layout->sequences) array->layout->sequences(array, sequences);
    return array->layout->sequences != NULL;
}

bool nn_store_array_members(const nn_store_array *array, nn_store_members *found)
{
    if (array->layout->members) array->layout->members(array, found);
    return array->layout->members != NULL;
}

void nn_store_array_describe(const nn_store_array *array, nn_text *text)
{
    if (array->layout->describe) array->layout->describe(array, text);
}

nn_status nn_store_array_classes(const nn_store_array *array, nn_text_list *names)
{
    return array->layout->classes ? array->layout->classes(array, names) : NN_OK;
}

int64_t nn_store_array_occurrences(const nn_store_array *array, int64_t number)
{
    return array->layout->occurrences ? array->layout->occurrences(array, number) : 0;
}

nn_status nn_store_array_columns(const nn_store_array *array, nn_text_list *names)
{
    return array->layout->columns ? array->layout->columns(array, names) : NN_OK;
}

nn_status nn_store_array_expect_numeric(const nn_store_array *array, nn_store_type type)
{
    if (nn_store_type_is_numeric(array->info.type) && nn_store_type_is_numeric(type)) return NN_OK;
    NN_FAIL(NN_ERROR_DATA,
            "dataset \"%s\" of %s has elements of type %s, which cannot be read as numbers: "
            "store it as integers or floats",
            array->name, array->file->path, array->info.type_name);
}

nn_status nn_store_array_expect(const nn_store_array *array, nn_store_type type, size_t count)
{
    NN_TRY(nn_store_array_expect_numeric(array, type));
    int64_t found = nn_store_count(&array->info);
    if ((uint64_t)found != count)
        NN_FAIL(NN_ERROR_DATA, "dataset \"%s\" of %s has %" PRId64 " elements, but %zu are expected",
                array->name, array->file->path, found, count);
    return NN_OK;
}
