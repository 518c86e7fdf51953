/* Inspects a dataset of a file that may be malformed, in a process that may crash: what HDF5 does not survive
 * must come to light here. */
#include "base/memory.h"
#include "store/store_internal.h"

/* How many elements are read, evenly spread from the first to the last: each loads the chunk around it. */
#define TOUCH_ELEMENTS 16
/* Largest size in bytes of a dataset that is read completely. */
#define TOUCH_WHOLE_BYTES ((hssize_t)4 << 20)
/* Largest number of chunks whose index is traversed. */
#define TOUCH_CHUNKS 20000.0

typedef struct touch {
    const nn_store_file *file;
    const char *name;
    hid_t dataset, type, space;
    nn_store_info info;
} touch;

static nn_status touch_fail(const touch *self)
{
    return nn_store_fail_hdf5(NN_ERROR_DATA, "cannot read dataset \"%s\" of %s", self->name,
                              self->file->path);
}

/* Reads with the type stored in the file, and releases what HDF5 allocates for it; reads numbers also with
 * conversion. */
static bool touch_read(const touch *self, hid_t memory, hid_t selected, void *values)
{
    bool read = H5Dread(self->dataset, self->type, memory, selected, H5P_DEFAULT, values) >= 0;
    if (read) H5Dvlen_reclaim(self->type, memory, H5P_DEFAULT, values);
    if (!nn_store_type_is_numeric(self->info.type)) return read;
    const hid_t types[] = {nn_store_memory_type(self->info.type), H5T_NATIVE_DOUBLE};
    for (size_t i = 0; i < sizeof types / sizeof *types && read; i++)
        read = H5Dread(self->dataset, types[i], memory, selected, H5P_DEFAULT, values) >= 0;
    return read;
}

static nn_status touch_whole(const touch *self, hssize_t count, size_t size)
{
    void *values;
    NN_TRY(nn_allocate(&values, (size_t)count, size, "a dataset"));
    nn_status status = touch_read(self, self->space, self->space, values) ? NN_OK : touch_fail(self);
    nn_free(values);
    return status;
}

static bool touch_element(const touch *self, hid_t memory, int dimensions, const hsize_t *extents,
                          hsize_t number, void *value)
{
    hsize_t at[NN_STORE_MAX_DIMENSIONS], one[NN_STORE_MAX_DIMENSIONS];
    for (int d = 0; d < dimensions; d++) {
        hsize_t last = extents[d] - 1, part = TOUCH_ELEMENTS - 1;
        at[d] = last / part * number + last % part * number / part;
        one[d] = 1;
    }
    return H5Sselect_hyperslab(self->space, H5S_SELECT_SET, at, NULL, one, NULL) >= 0 &&
           touch_read(self, memory, self->space, value);
}

static nn_status touch_some(const touch *self, size_t size)
{
    hsize_t extents[NN_STORE_MAX_DIMENSIONS];
    int dimensions = H5Sget_simple_extent_dims(self->space, extents, NULL);
    void *value;
    NN_TRY(nn_allocate(&value, 1, size, "an element"));
    hid_t memory = H5Screate(H5S_SCALAR);
    bool read = memory >= 0;
    for (hsize_t i = 0; i < TOUCH_ELEMENTS && read && dimensions > 0; i++)
        read = touch_element(self, memory, dimensions, extents, i, value);
    nn_status status = read ? NN_OK : touch_fail(self);
    if (memory >= 0) H5Sclose(memory);
    nn_free(value);
    return status;
}

static nn_status touch_index(const touch *self)
{
#if H5_VERSION_GE(1, 10, 5)
    const nn_store_info *info = &self->info;
    hsize_t count;
    double chunks = 1;
    if (!info->chunked) return NN_OK;
    for (int d = 0; d < info->dimensions; d++)
        chunks *= (double)info->extents[d] / (double)info->chunk[d] + 1;
    if (chunks <= TOUCH_CHUNKS && H5Dget_num_chunks(self->dataset, self->space, &count) < 0)
        return touch_fail(self);
#endif
    return NN_OK;
}

static nn_status touch_all(touch *self)
{
    if (self->type < 0 || self->space < 0)
        return nn_store_fail_hdf5(NN_ERROR_DATA, "cannot read dataset \"%s\" of %s: it is damaged",
                                  self->name, self->file->path);
    NN_TRY(nn_store_describe(self->file, self->dataset, self->name, &self->info));
    NN_TRY(touch_index(self));
    hssize_t count = H5Sget_simple_extent_npoints(self->space), size = (hssize_t)H5Tget_size(self->type);
    if (count <= 0 || size <= 0) return NN_OK;
    if (size < (hssize_t)sizeof(double)) size = sizeof(double);
    bool small = count <= TOUCH_WHOLE_BYTES / size;
    return small ? touch_whole(self, count, (size_t)size) : touch_some(self, (size_t)size);
}

static nn_status touch_dataset(nn_store_file *file, const char *name)
{
    touch self = {.file = file, .name = name};
    NN_TRY(nn_store_dataset_open(file, name, &self.dataset));
    self.type = H5Dget_type(self.dataset);
    self.space = H5Dget_space(self.dataset);
    nn_status status = touch_all(&self);
    if (self.space >= 0) H5Sclose(self.space);
    if (self.type >= 0) nn_store_note_close(H5Tclose(self.type));
    nn_store_note_close(H5Dclose(self.dataset));
    return status;
}

nn_status nn_store_touch(nn_store_file *file, const char *dataset)
{
    return NN_STORE_LOCKED(touch_dataset(file, nn_store_bare_name(dataset)));
}
