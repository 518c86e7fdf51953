/* An HDF5 file created in memory. The same content gives the same bytes: no times are stored. */
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "host/pulse.h"
#include "store/image_buffer.h"
#include "store/seal.h"
#include "store/store_internal.h"

struct nn_store_image {
    hid_t file;
    hid_t links;   /* link creation: missing groups are created */
    hid_t dataset; /* dataset creation */
    hid_t placed;  /* the same for arrays that have their place in the file from the beginning */
    nn_store_buffer buffer;
};

static nn_status image_fail(const nn_store_image *image, const char *doing, const char *name)
{
    if (image->buffer.lacks_memory) return NN_ERROR_MEMORY;
    return nn_store_fail_hdf5(NN_ERROR_IO, "cannot %s \"%s\" in a checkpoint in memory", doing, name);
}

/* The same for the entire file. */
static nn_status image_fail_file(const nn_store_image *image, const char *doing)
{
    if (image->buffer.lacks_memory) return NN_ERROR_MEMORY;
    return nn_store_fail_hdf5(NN_ERROR_IO, "HDF5 cannot %s a checkpoint in memory", doing);
}

static nn_status image_make_file(nn_store_image *image)
{
    nn_status status = NN_OK;
    char name[NN_STORE_IMAGE_NAME];
    nn_store_image_name(name, image);
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    if (nn_store_buffer_set(access, &image->buffer))
        image->file = H5Fcreate(name, H5F_ACC_TRUNC, H5P_DEFAULT, access);
    if (image->file < 0) status = image_fail_file(image, "create");
    if (access >= 0) H5Pclose(access);
    return status;
}

static nn_status image_make_properties(nn_store_image *image)
{
    image->links = H5Pcreate(H5P_LINK_CREATE);
    image->dataset = H5Pcreate(H5P_DATASET_CREATE);
    bool made = image->links >= 0 && image->dataset >= 0 &&
                H5Pset_create_intermediate_group(image->links, 1) >= 0 &&
                H5Pset_obj_track_times(image->dataset, false) >= 0 &&
                H5Pset_fill_time(image->dataset, H5D_FILL_TIME_NEVER) >= 0;
    if (made) image->placed = H5Pcopy(image->dataset);
    made = made && image->placed >= 0 && H5Pset_alloc_time(image->placed, H5D_ALLOC_TIME_EARLY) >= 0;
    return made ? NN_OK : image_fail_file(image, "create");
}

static nn_status image_create(nn_store_image **image)
{
    nn_status status;
    *image = NULL;
    nn_store_image *made;
    NN_TRY(NN_ALLOCATE(&made, 1, "a checkpoint in memory"));
    *made = (nn_store_image){.file = H5I_INVALID_HID,
                             .links = H5I_INVALID_HID,
                             .dataset = H5I_INVALID_HID,
                             .placed = H5I_INVALID_HID};
    NN_TRY_TO(failed, status, image_make_file(made));
    NN_TRY_TO(failed, status, image_make_properties(made));
    *image = made;
    return NN_OK;
failed:
    nn_store_image_destroy(made);
    return status;
}

nn_status nn_store_image_create(nn_store_image **image)
{
    return NN_STORE_LOCKED(image_create(image));
}

void nn_store_image_destroy(nn_store_image *image)
{
    if (!image) return;
    nn_store_lock();
    if (image->placed >= 0) H5Pclose(image->placed);
    if (image->dataset >= 0) H5Pclose(image->dataset);
    if (image->links >= 0) H5Pclose(image->links);
    if (image->file >= 0) nn_store_note_close(H5Fclose(image->file));
    nn_store_unlock();
    nn_free(image->buffer.bytes);
    nn_free(image);
}

void nn_store_image_expect(nn_store_image *image, size_t size)
{
    image->buffer.expected = size;
}

static nn_status image_write_attribute(const nn_store_image *image, hid_t object, const char *name,
                                       hid_t type, const void *value)
{
    nn_status status = NN_OK;
    hid_t attribute = H5I_INVALID_HID, space = H5Screate(H5S_SCALAR);
    if (space >= 0) attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    if (attribute < 0 || H5Awrite(attribute, type, value) < 0)
        status = image_fail(image, "write the attribute", name);
    if (attribute >= 0 && H5Aclose(attribute) < 0 && status == NN_OK)
        status = image_fail(image, "close the attribute", name);
    if (space >= 0) H5Sclose(space);
    return status;
}

static nn_status image_write_dataset(nn_store_image *image, const char *name, hid_t type, hid_t space,
                                     const void *values, hid_t *dataset)
{
    *dataset = H5Dcreate2(image->file, name, type, space, image->links, image->dataset, H5P_DEFAULT);
    if (*dataset < 0) return image_fail(image, "create the dataset", name);
    if (H5Sget_simple_extent_npoints(space) > 0 &&
        H5Dwrite(*dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0)
        return image_fail(image, "write the dataset", name);
    return NN_OK;
}

static hid_t image_make_space(int dimensions, const int64_t *extents, size_t *count)
{
    hsize_t converted[NN_STORE_MAX_DIMENSIONS];
    *count = 1;
    for (int d = 0; d < dimensions; d++) {
        converted[d] = (hsize_t)extents[d];
        *count *= (size_t)extents[d];
    }
    return dimensions == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(dimensions, converted, NULL);
}

static nn_status image_expect_array(const char *dataset, nn_store_type type, int dimensions)
{
    if (!nn_store_type_is_numeric(type) || dimensions < 0 || dimensions > NN_STORE_MAX_DIMENSIONS)
        NN_FAIL(NN_ERROR_IO, "\"%s\" is not an array of numbers with at most %d dimensions", dataset,
                NN_STORE_MAX_DIMENSIONS);
    return NN_OK;
}

static nn_status image_put(nn_store_image *image, const char *dataset, nn_store_type type, int dimensions,
                           const int64_t *extents, const void *values)
{
    size_t count;
    hid_t id = H5I_INVALID_HID;
    NN_TRY(image_expect_array(dataset, type, dimensions));
    hid_t space = image_make_space(dimensions, extents, &count);
    if (space < 0) return image_fail(image, "create the shape of", dataset);
    nn_status status = image_write_dataset(image, dataset, nn_store_memory_type(type), space, values, &id);
    uint64_t hash = nn_hash(values, count * nn_store_type_size(type), 0);
    if (status == NN_OK)
        status = image_write_attribute(image, id, NN_STORE_HASH_ATTRIBUTE, H5T_NATIVE_UINT64, &hash);
    if (id >= 0 && H5Dclose(id) < 0 && status == NN_OK)
        status = image_fail(image, "close the dataset", dataset);
    H5Sclose(space);
    return status;
}

nn_status nn_store_image_put(nn_store_image *image, const char *dataset, nn_store_type type, int dimensions,
                             const int64_t *extents, const void *values)
{
    nn_pulse();
    return NN_STORE_LOCKED(image_put(image, dataset, type, dimensions, extents, values));
}

static nn_status image_put_link(nn_store_image *image, const char *name, const char *file, const char *target)
{
    if (H5Lcreate_external(file, target, image->file, name, image->links, H5P_DEFAULT) < 0)
        return image_fail(image, "create the link", name);
    return NN_OK;
}

nn_status nn_store_image_put_link(nn_store_image *image, const char *name, const char *file,
                                  const char *target)
{
    return NN_STORE_LOCKED(image_put_link(image, name, file, target));
}

/* A string type for the text and its final NUL. */
static nn_status image_make_text_type(const nn_store_image *image, const char *name, const char *text,
                                      hid_t *type)
{
    *type = nn_store_text_type(strlen(text) + 1);
    return *type >= 0 ? NN_OK : image_fail(image, "create the type of", name);
}

static nn_status image_write_text(nn_store_image *image, const char *name, hid_t type, const char *text)
{
    hid_t id = H5I_INVALID_HID, space = H5Screate(H5S_SCALAR);
    if (space < 0) return image_fail(image, "create the shape of", name);
    nn_status status = image_write_dataset(image, name, type, space, text, &id);
    if (id >= 0 && H5Dclose(id) < 0 && status == NN_OK) status = image_fail(image, "close the dataset", name);
    H5Sclose(space);
    return status;
}

static nn_status image_put_text(nn_store_image *image, const char *dataset, const char *text)
{
    hid_t type;
    NN_TRY(image_make_text_type(image, dataset, text, &type));
    nn_status status = image_write_text(image, dataset, type, text);
    nn_store_note_close(H5Tclose(type));
    return status;
}

nn_status nn_store_image_put_text(nn_store_image *image, const char *dataset, const char *text)
{
    return NN_STORE_LOCKED(image_put_text(image, dataset, text));
}

nn_status nn_store_image_take_text(nn_store_image *image, const char *dataset, nn_text *text)
{
    nn_status status =
        text->failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for the dataset %s of a checkpoint", dataset)
                     : nn_store_image_put_text(image, dataset, text->bytes ? text->bytes : "");
    nn_text_free(text);
    return status;
}

/* Of equal length, padded with zeros: the bytes depend only on the names. */
static nn_status image_put_names(nn_store_image *image, const char *dataset, size_t count, char *const *names)
{
    size_t longest = 1;
    char *texts;
    for (size_t i = 0; i < count; i++)
        if (strlen(names[i]) > longest) longest = strlen(names[i]);
    NN_TRY(nn_allocate((void **)&texts, count, longest, "a list of names"));
    for (size_t i = 0; i < count; i++) memcpy(texts + i * longest, names[i], strlen(names[i]));
    nn_status status = NN_OK;
    hid_t id = H5I_INVALID_HID, type = nn_store_text_type(longest),
          space = H5Screate_simple(1, (hsize_t[]){count}, NULL);
    if (type < 0 || space < 0 || H5Tset_strpad(type, H5T_STR_NULLPAD) < 0)
        status = image_fail(image, "create the type of", dataset);
    if (status == NN_OK) status = image_write_dataset(image, dataset, type, space, texts, &id);
    if (id >= 0 && H5Dclose(id) < 0 && status == NN_OK)
        status = image_fail(image, "close the dataset", dataset);
    if (space >= 0) H5Sclose(space);
    if (type >= 0) nn_store_note_close(H5Tclose(type));
    nn_free(texts);
    return status;
}

nn_status nn_store_image_put_names(nn_store_image *image, const char *dataset, size_t count,
                                   char *const *names)
{
    return NN_STORE_LOCKED(image_put_names(image, dataset, count, names));
}

static nn_status image_put_attribute(nn_store_image *image, const char *name, const char *text)
{
    hid_t type;
    if (strlen(text) > NN_STORE_LONGEST_ATTRIBUTE)
        NN_FAIL(NN_ERROR_IO,
                "the attribute \"%s\" of %zu bytes is longer than HDF5 allows: store it as a dataset", name,
                strlen(text));
    NN_TRY(image_make_text_type(image, name, text, &type));
    nn_status status = image_write_attribute(image, image->file, name, type, text);
    nn_store_note_close(H5Tclose(type));
    return status;
}

nn_status nn_store_image_put_attribute(nn_store_image *image, const char *name, const char *text)
{
    return NN_STORE_LOCKED(image_put_attribute(image, name, text));
}

/* ---- arrays that the caller fills ---- */

static nn_status image_place(nn_store_image *image, const char *dataset, nn_store_type type, int dimensions,
                             const int64_t *extents, size_t *offset)
{
    size_t count;
    haddr_t at = HADDR_UNDEF;
    const uint64_t no_hash = 0;
    NN_TRY(image_expect_array(dataset, type, dimensions));
    hid_t id = H5I_INVALID_HID, space = image_make_space(dimensions, extents, &count);
    if (space >= 0)
        id = H5Dcreate2(image->file, dataset, nn_store_memory_type(type), space, image->links, image->placed,
                        H5P_DEFAULT);
    if (id >= 0) at = H5Dget_offset(id);
    nn_status status = at == HADDR_UNDEF ? image_fail(image, "create the dataset", dataset) : NN_OK;
    if (status == NN_OK)
        status = image_write_attribute(image, id, NN_STORE_HASH_ATTRIBUTE, H5T_NATIVE_UINT64, &no_hash);
    if (id >= 0 && H5Dclose(id) < 0 && status == NN_OK)
        status = image_fail(image, "close the dataset", dataset);
    if (space >= 0) H5Sclose(space);
    *offset = (size_t)at;
    return status;
}

nn_status nn_store_image_place(nn_store_image *image, const char *dataset, nn_store_type type, int dimensions,
                               const int64_t *extents, size_t *offset)
{
    return NN_STORE_LOCKED(image_place(image, dataset, type, dimensions, extents, offset));
}

/* Flushing extends the block to the end of what has a place. */
static nn_status image_bytes(nn_store_image *image, unsigned char **bytes)
{
    if (H5Fflush(image->file, H5F_SCOPE_GLOBAL) < 0) return image_fail_file(image, "finish");
    *bytes = image->buffer.bytes;
    return NN_OK;
}

nn_status nn_store_image_bytes(nn_store_image *image, unsigned char **bytes)
{
    return NN_STORE_LOCKED(image_bytes(image, bytes));
}

static nn_status image_hash(nn_store_image *image, const char *dataset)
{
    hid_t attribute = H5I_INVALID_HID, id = H5Dopen2(image->file, dataset, H5P_DEFAULT);
    haddr_t at = id >= 0 ? H5Dget_offset(id) : HADDR_UNDEF;
    if (at != HADDR_UNDEF) attribute = H5Aopen(id, NN_STORE_HASH_ATTRIBUTE, H5P_DEFAULT);
    bool written = attribute >= 0;
    if (written) {
        uint64_t hash = nn_hash(image->buffer.bytes + at, (size_t)H5Dget_storage_size(id), 0);
        written = H5Awrite(attribute, H5T_NATIVE_UINT64, &hash) >= 0;
    }
    nn_status status = written ? NN_OK : image_fail(image, "write the checksum of", dataset);
    if (attribute >= 0 && H5Aclose(attribute) < 0 && status == NN_OK)
        status = image_fail(image, "close the checksum of", dataset);
    if (id >= 0 && H5Dclose(id) < 0 && status == NN_OK)
        status = image_fail(image, "close the dataset", dataset);
    return status;
}

nn_status nn_store_image_hash(nn_store_image *image, const char *dataset)
{
    nn_pulse();
    return NN_STORE_LOCKED(image_hash(image, dataset));
}

/* ---- the finished file ---- */

/* HDF5 closes the file without changing it any more, and leaves us its bytes. */
static nn_status image_take_bytes(nn_store_image *image, void **bytes, size_t *size)
{
    ssize_t length = -1;
    if (H5Fflush(image->file, H5F_SCOPE_GLOBAL) >= 0) length = H5Fget_file_image(image->file, NULL, 0);
    if (length < 0) return image_fail_file(image, "finish");
    herr_t closed = H5Fclose(image->file);
    nn_store_note_close(closed);
    image->file = H5I_INVALID_HID;
    if (closed < 0) return image_fail_file(image, "finish");
    *bytes = image->buffer.bytes;
    *size = (size_t)length;
    image->buffer = (nn_store_buffer){0};
    return NN_OK;
}

nn_status nn_store_image_seal(nn_store_image *image, void **bytes, size_t *size)
{
    *bytes = NULL;
    *size = 0;
    NN_TRY(NN_STORE_LOCKED(image_take_bytes(image, bytes, size)));
    nn_store_seal(*bytes, *size);
    *size += NN_STORE_SEAL_SIZE;
    return NN_OK;
}
