/* Lists the datasets of a file, and explains a name that is not one of them. */
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "store/store_internal.h"

#define VISIT_LISTED 20

typedef struct visit_names {
    hid_t file;
    bool in_memory;
    char **items;
    size_t count, capacity;
    nn_status status;
} visit_names;

static H5I_type_t visit_kind(hid_t place, const char *name)
{
    hid_t object = H5Oopen(place, name, H5P_DEFAULT);
    if (object < 0) return H5I_BADID;
    H5I_type_t kind = H5Iget_type(object);
    nn_store_note_close(H5Oclose(object));
    return kind;
}

static nn_status visit_add(visit_names *names, const char *name)
{
    if (names->count == names->capacity) {
        size_t capacity = names->capacity > 0 ? 2 * names->capacity : 32;
        NN_TRY(nn_reallocate((void **)&names->items, names->capacity, capacity, sizeof *names->items,
                             "names of datasets"));
        names->capacity = capacity;
    }
    NN_TRY(nn_copy_text(name, &names->items[names->count]));
    names->count++;
    return NN_OK;
}

/* Skips a link that leads nowhere, and what MATLAB keeps for the references of cell arrays. A file in memory
 * is next to no other. */
static herr_t visit_take_link(hid_t group, const char *name, const H5L_info_t *link, void *context)
{
    visit_names *names = context;
    if (names->in_memory && link->type == H5L_TYPE_EXTERNAL) return 0;
    if (strncmp(name, "#refs#/", strlen("#refs#/")) == 0) return 0;
    if (visit_kind(group, name) != H5I_DATASET) return 0;
    names->status = visit_add(names, name);
    return names->status == NN_OK ? 0 : -1;
}

static void visit_release(visit_names *names)
{
    for (size_t i = 0; i < names->count; i++) nn_free(names->items[i]);
    nn_free(names->items);
}

/* Collects all names before any is used, so that nothing a visitor does can disturb HDF5's iteration. */
static nn_status visit_collect(nn_store_file *file, visit_names *names)
{
    *names = (visit_names){.file = file->id, .in_memory = file->image != NULL};
    herr_t walked = H5Lvisit(file->id, H5_INDEX_NAME, H5_ITER_INC, visit_take_link, names);
    if (walked < 0 && names->status == NN_OK)
        names->status = nn_store_fail_hdf5(
            NN_ERROR_DATA, "the groups of %s cannot be read: the file is damaged; copy or recreate it",
            file->path);
    if (names->status != NN_OK) visit_release(names);
    return names->status;
}

static nn_status visit_describe(nn_store_file *file, const char *name, nn_store_info *info)
{
    hid_t dataset;
    NN_TRY(nn_store_dataset_open(file, name, &dataset));
    nn_status status = nn_store_describe(file, dataset, name, info);
    nn_store_note_close(H5Dclose(dataset));
    return status;
}

/* The lock is released while visiting, which may take long. */
static nn_status visit_one(nn_store_file *file, const char *name, nn_store_visitor visit, void *context)
{
    nn_store_info info;
    NN_TRY(NN_STORE_LOCKED(visit_describe(file, name, &info)));
    return visit(context, name, &info);
}

nn_status nn_store_visit(nn_store_file *file, nn_store_visitor visit, void *context)
{
    visit_names names;
    nn_status status = NN_OK;
    NN_TRY(NN_STORE_LOCKED(visit_collect(file, &names)));
    for (size_t i = 0; i < names.count && status == NN_OK; i++)
        status = visit_one(file, names.items[i], visit, context);
    visit_release(&names);
    return status;
}

const char *nn_store_bare_name(const char *dataset)
{
    while (*dataset == '/') dataset++;
    return dataset;
}

bool nn_store_has_dataset(nn_store_file *file, const char *dataset)
{
    const char *name = nn_store_bare_name(dataset);
    return *dataset == '@' ? H5Aexists(file->id, dataset + 1) > 0
                           : *name && visit_kind(file->id, name) == H5I_DATASET;
}

bool nn_store_is_numeric_dataset(nn_store_file *file, const char *name)
{
    nn_store_info info = {.type = NN_STORE_UNSUPPORTED};
    hid_t dataset = H5Dopen2(file->id, name, H5P_DEFAULT);
    hid_t type = dataset >= 0 ? H5Dget_type(dataset) : H5I_INVALID_HID;
    if (type >= 0) nn_store_describe_type(type, &info);
    if (type >= 0) nn_store_note_close(H5Tclose(type));
    if (dataset >= 0) nn_store_note_close(H5Dclose(dataset));
    return nn_store_type_is_numeric(info.type);
}

bool nn_store_has_group(nn_store_file *file, const char *group)
{
    const char *name = nn_store_bare_name(group);
    nn_store_lock();
    bool has = *name && visit_kind(file->id, name) == H5I_GROUP;
    nn_store_unlock();
    return has;
}

/* ": a, b, c and 4 more": the names that start with `prefix`, `first` before the others. */
static void visit_list(nn_text *text, const visit_names *names, const char *prefix, const char *first)
{
    size_t listed = 0, left = 0;
    if (first) nn_text_append(text, "%s%s", listed++ > 0 ? ", " : ": ", first);
    for (size_t i = 0; i < names->count; i++) {
        const char *name = names->items[i];
        if (name == first || strncmp(name, prefix, strlen(prefix)) != 0) continue;
        if (listed == VISIT_LISTED)
            left++;
        else
            nn_text_append(text, "%s%s", listed++ > 0 ? ", " : ": ", name);
    }
    if (left > 0) nn_text_append(text, " and %zu more", left);
    if (listed == 0) nn_text_append(text, " no datasets");
}

static void visit_explain_group(nn_text *text, const visit_names *names, const char *name)
{
    nn_text prefix = {0};
    size_t length = strlen(name);
    bool ends_in_slash = length == 0 || name[length - 1] == '/';
    nn_text_append(&prefix, "%s%s", name, ends_in_slash ? "" : "/");
    nn_text_append(text, "is a group, not a dataset: give a dataset in it; it contains");
    visit_list(text, names, prefix.bytes ? prefix.bytes : "", NULL);
    nn_text_free(&prefix);
}

static void visit_explain_missing(nn_text *text, const visit_names *names, const char *name)
{
    const char *nearest = nn_nearest(name, (const char *const *)names->items, names->count);
    nn_text_append(text, "does not exist");
    if (nearest) nn_text_append(text, " (did you mean \"%s\"?)", nearest);
    nn_text_append(text, "; the file contains");
    visit_list(text, names, "", nearest);
}

nn_status nn_store_fail_not_dataset(nn_store_file *file, const char *name)
{
    visit_names names;
    nn_text text = {0};
    NN_TRY(nn_store_check_links(file, name));
    bool linked = *name && H5Lexists(file->id, name, H5P_DEFAULT) > 0;
    H5I_type_t kind = *name ? visit_kind(file->id, name) : H5I_GROUP;
    if (linked && kind == H5I_BADID)
        return nn_store_fail_hdf5(NN_ERROR_DATA,
                                  "\"%s\" of %s cannot be opened: it is damaged, or a link to a dataset that "
                                  "does not exist",
                                  name, file->path);
    if (linked && kind != H5I_GROUP)
        NN_FAIL(NN_ERROR_DATA, "\"%s\" of %s is not a dataset: give a dataset", name, file->path);
    NN_TRY(visit_collect(file, &names));
    if (kind == H5I_GROUP)
        visit_explain_group(&text, &names, name);
    else
        visit_explain_missing(&text, &names, name);
    visit_release(&names);
    nn_status status = nn_fail(NN_ERROR_DATA, "dataset \"%s\" of %s %s", name, file->path,
                               text.bytes ? text.bytes : "is missing");
    nn_text_free(&text);
    return status;
}
