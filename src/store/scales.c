/* Reads dimension scales. */
#include "store/scales.h"

#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "store/store_internal.h"

#define AXES_NAME 1024

/* ---- one scale ---- */

static bool axes_is(nn_store_file *file, const char *dataset, const char *attribute, const char *text,
                    nn_status *status)
{
    char *found = NULL;
    if (*status == NN_OK) *status = nn_store_find_attribute(file, dataset, attribute, &found);
    bool same = found && strncmp(found, text, strlen(text)) == 0;
    nn_free(found);
    return same;
}

/* Whether an axis is time: its units count from a moment, an attribute says so, or it has the name alone. */
static nn_status axes_find_time(nn_store_file *file, nn_store_axis *axis)
{
    nn_status status = NN_OK;
    const char *slash = strrchr(axis->name, '/');
    axis->time = axis->units ? strstr(axis->units, " since ") != NULL
                             : strcasecmp(slash ? slash + 1 : axis->name, "time") == 0;
    axis->time = axis->time || axes_is(file, axis->name, "axis", "T", &status) ||
                 axes_is(file, axis->name, "standard_name", "time", &status);
    return status;
}

static nn_status axes_describe(nn_store_file *file, nn_store_axis *axis)
{
    nn_status status = NN_OK;
    axis->bare = axes_is(file, axis->name, "NAME", NN_STORE_BARE_SCALE, &status);
    NN_TRY(status);
    if (axis->bare) return axes_find_time(file, axis);
    NN_TRY(nn_store_find_attribute(file, axis->name, "units", &axis->units));
    NN_TRY(nn_store_find_attribute(file, axis->name, "bounds", &axis->bounds));
    return axes_find_time(file, axis);
}

/* ---- the scales of a dataset ---- */

/* The path of the object that a reference leads to; empty if it leads nowhere. */
static void axes_follow(hid_t dataset, const hobj_ref_t *reference, char *name)
{
    hid_t scale = H5Rdereference2(dataset, H5P_DEFAULT, H5R_OBJECT, reference);
    *name = '\0';
    if (scale < 0) return;
    if (H5Iget_type(scale) != H5I_DATASET || H5Iget_name(scale, name, AXES_NAME) <= 0) *name = '\0';
    nn_store_note_close(H5Oclose(scale));
}

static nn_status axes_take(hid_t dataset, int count, const hvl_t *lists, nn_store_axes *axes)
{
    char name[AXES_NAME];
    NN_TRY(NN_ALLOCATE(&axes->axes, count, "the axes of a dataset"));
    axes->count = count;
    for (int d = 0; d < count; d++) {
        if (lists[d].len == 0) continue;
        axes_follow(dataset, lists[d].p, name);
        if (*name) NN_TRY(nn_copy_text(nn_store_bare_name(name), &axes->axes[d].name));
    }
    return NN_OK;
}

/* Reads the attribute with a list of references for each dimension. */
static nn_status axes_read_list(hid_t dataset, int dimensions, nn_store_axes *axes)
{
    hvl_t lists[NN_STORE_MAX_DIMENSIONS];
    nn_status status = NN_OK;
    hid_t attribute = H5Aopen(dataset, "DIMENSION_LIST", H5P_DEFAULT);
    hid_t type = attribute >= 0 ? H5Aget_type(attribute) : H5I_INVALID_HID;
    hid_t space = attribute >= 0 ? H5Aget_space(attribute) : H5I_INVALID_HID;
    hid_t memory = H5Tvlen_create(H5T_STD_REF_OBJ);
    if (type >= 0 && space >= 0 && memory >= 0 && H5Tequal(type, memory) > 0 &&
        H5Sget_simple_extent_npoints(space) == dimensions && H5Aread(attribute, memory, lists) >= 0) {
        status = axes_take(dataset, dimensions, lists, axes);
        H5Dvlen_reclaim(memory, space, H5P_DEFAULT, lists);
    }
    if (memory >= 0) nn_store_note_close(H5Tclose(memory));
    if (space >= 0) H5Sclose(space);
    if (type >= 0) nn_store_note_close(H5Tclose(type));
    if (attribute >= 0) nn_store_note_close(H5Aclose(attribute));
    return status;
}

static nn_status axes_read_scales(hid_t dataset, const char *name, nn_store_axes *axes)
{
    hsize_t extents[NN_STORE_MAX_DIMENSIONS], most[NN_STORE_MAX_DIMENSIONS];
    hid_t space = H5Dget_space(dataset);
    int dimensions = space >= 0 ? H5Sget_simple_extent_dims(space, extents, most) : 0;
    nn_status status = NN_OK;
    if (space >= 0) H5Sclose(space);
    if (dimensions <= 0) return NN_OK;
    if (axes->scale && dimensions == 1) { /* along itself */
        NN_TRY(NN_ALLOCATE(&axes->axes, 1, "the axes of a dataset"));
        axes->count = 1;
        status = nn_copy_text(name, &axes->axes[0].name);
    } else if (H5Aexists(dataset, "DIMENSION_LIST") > 0) {
        status = axes_read_list(dataset, dimensions, axes);
    }
    for (int d = 0; d < axes->count; d++) axes->axes[d].unlimited = most[d] == H5S_UNLIMITED;
    return status;
}

static nn_status axes_read(nn_store_file *file, const char *name, nn_store_axes *axes)
{
    nn_status status = NN_OK;
    hid_t dataset;
    if (!nn_store_has_dataset(file, name)) return NN_OK;
    axes->scale = axes_is(file, name, "CLASS", "DIMENSION_SCALE", &status);
    axes->bare = axes->scale && axes_is(file, name, "NAME", NN_STORE_BARE_SCALE, &status);
    NN_TRY(status);
    NN_TRY(nn_store_dataset_open(file, name, &dataset));
    status = axes_read_scales(dataset, name, axes);
    nn_store_note_close(H5Dclose(dataset));
    for (int d = 0; d < axes->count && status == NN_OK; d++)
        if (axes->axes[d].name) status = axes_describe(file, &axes->axes[d]);
    return status;
}

nn_status nn_store_axes_read(nn_store_file *file, const char *dataset, nn_store_axes *axes)
{
    *axes = (nn_store_axes){0};
    return NN_STORE_LOCKED(axes_read(file, nn_store_bare_name(dataset), axes));
}

void nn_store_axes_release(nn_store_axes *axes)
{
    for (int d = 0; d < axes->count; d++) {
        nn_free(axes->axes[d].name);
        nn_free(axes->axes[d].units);
        nn_free(axes->axes[d].bounds);
    }
    nn_free(axes->axes);
    *axes = (nn_store_axes){0};
}
