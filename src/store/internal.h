/* What the files of this folder share. Every function closes the HDF5 handles that it opened, always. */
#ifndef NN_STORE_INTERNAL_H
#define NN_STORE_INTERNAL_H

#include <hdf5.h>

#include "store/errors.h"
#include "store/store.h"

struct nn_store_file {
    hid_t id;
    char *path;        /* for messages */
    const void *image; /* borrowed; NULL for a file on disk */
    size_t image_size;
};

struct nn_store_array {
    hid_t id, space;
    nn_store_info info;
    const nn_store_file *file; /* borrowed */
    char *name;
};

/* The name of a file in memory: unique while open and sure not to exist on disk, as HDF5 insists. */
#define NN_STORE_IMAGE_NAME 64
void nn_store_image_name(char *buffer, const void *owner);

#define NN_STORE_HASH_ATTRIBUTE "xxh64"

/* ---- element types ---- */
/* The HDF5 type of a numeric element in memory; borrowed. */
hid_t nn_store_memory_type(nn_store_type type);
bool nn_store_type_is_numeric(nn_store_type type);
/* Fills info->type and info->type_name. */
void nn_store_describe_type(hid_t type, nn_store_info *info);

/* ---- datasets ---- */
/* Fills `info` of an open dataset; `name` and `file` are for the message. */
nn_status nn_store_describe(const nn_store_file *file, hid_t dataset, const char *name, nn_store_info *info);
/* Number of elements, or -1 when it exceeds int64_t. */
int64_t nn_store_count(const nn_store_info *info);
/* Without a leading '/'. */
const char *nn_store_bare_name(const char *dataset);
/* The failure for a name that opens as no dataset: missing, a group, a broken link. */
nn_status nn_store_fail_not_dataset(nn_store_file *file, const char *name);
/* Opens a dataset by its bare name; the failure says what there is instead. */
nn_status nn_store_dataset_open(nn_store_file *file, const char *name, hid_t *dataset);
/* As nn_store_read, of an open array. */
nn_status nn_store_array_read(nn_store_array *array, nn_store_type type, size_t count, void *values);
/* That the array is numeric and has exactly `count` elements. */
nn_status nn_store_array_expect(const nn_store_array *array, nn_store_type type, size_t count);

#endif
