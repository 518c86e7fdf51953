/* An HDF5 file created in memory. The same content gives the same bytes: no times are stored. */
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "host/pulse.h"
#include "store/seal.h"
#include "store/store_internal.h"

/* The increment by which HDF5 grows the file in memory. */
#define IMAGE_INCREMENT ((size_t)4 << 20)

struct nn_store_image {
    hid_t file;
    hid_t links;   /* link creation: missing groups are created */
    hid_t dataset; /* dataset creation */
};

static nn_status image_fail(const char *doing, const char *name)
{
    return nn_store_fail_hdf5(NN_ERROR_IO, "cannot %s \"%s\" in a checkpoint in memory", doing, name);
}

static nn_status image_make_file(nn_store_image *image)
{
    nn_status status = NN_OK;
    char name[NN_STORE_IMAGE_NAME];
    nn_store_image_name(name, image);
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    if (access >= 0 && H5Pset_fapl_core(access, IMAGE_INCREMENT, false) >= 0)
        image->file = H5Fcreate(name, H5F_ACC_TRUNC, H5P_DEFAULT, access);
    if (image->file < 0) status = nn_store_fail_hdf5(NN_ERROR_IO, "HDF5 cannot create a file in memory");
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
    return made ? NN_OK : nn_store_fail_hdf5(NN_ERROR_IO, "HDF5 cannot create a file in memory");
}

static nn_status image_create(nn_store_image **image)
{
    nn_status status;
    *image = NULL;
    nn_store_image *made;
    NN_TRY(NN_ALLOCATE(&made, 1, "a checkpoint in memory"));
    *made = (nn_store_image){.file = H5I_INVALID_HID, .links = H5I_INVALID_HID, .dataset = H5I_INVALID_HID};
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
    if (image->dataset >= 0) H5Pclose(image->dataset);
    if (image->links >= 0) H5Pclose(image->links);
    if (image->file >= 0) nn_store_note_close(H5Fclose(image->file));
    nn_store_unlock();
    nn_free(image);
}

static nn_status image_write_attribute(hid_t object, const char *name, hid_t type, const void *value)
{
    nn_status status = NN_OK;
    hid_t attribute = H5I_INVALID_HID, space = H5Screate(H5S_SCALAR);
    if (space >= 0) attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    if (attribute < 0 || H5Awrite(attribute, type, value) < 0)
        status = image_fail("write the attribute", name);
    if (attribute >= 0 && H5Aclose(attribute) < 0 && status == NN_OK)
        status = image_fail("close the attribute", name);
    if (space >= 0) H5Sclose(space);
    return status;
}

static nn_status image_write_dataset(nn_store_image *image, const char *name, hid_t type, hid_t space,
                                     const void *values, hid_t *dataset)
{
    *dataset = H5Dcreate2(image->file, name, type, space, image->links, image->dataset, H5P_DEFAULT);
    if (*dataset < 0) return image_fail("create the dataset", name);
    if (H5Sget_simple_extent_npoints(space) > 0 &&
        H5Dwrite(*dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0)
        return image_fail("write the dataset", name);
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

static nn_status image_put(nn_store_image *image, const char *dataset, nn_store_type type, int dimensions,
                           const int64_t *extents, const void *values)
{
    size_t count;
    hid_t id = H5I_INVALID_HID;
    if (!nn_store_type_is_numeric(type) || dimensions < 0 || dimensions > NN_STORE_MAX_DIMENSIONS)
        NN_FAIL(NN_ERROR_IO, "\"%s\" is not an array of numbers with at most %d dimensions", dataset,
                NN_STORE_MAX_DIMENSIONS);
    hid_t space = image_make_space(dimensions, extents, &count);
    if (space < 0) return image_fail("create the shape of", dataset);
    nn_status status = image_write_dataset(image, dataset, nn_store_memory_type(type), space, values, &id);
    uint64_t hash = nn_hash(values, count * nn_store_type_size(type), 0);
    if (status == NN_OK)
        status = image_write_attribute(id, NN_STORE_HASH_ATTRIBUTE, H5T_NATIVE_UINT64, &hash);
    if (id >= 0 && H5Dclose(id) < 0 && status == NN_OK) status = image_fail("close the dataset", dataset);
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
        return image_fail("create the link", name);
    return NN_OK;
}

nn_status nn_store_image_put_link(nn_store_image *image, const char *name, const char *file,
                                  const char *target)
{
    return NN_STORE_LOCKED(image_put_link(image, name, file, target));
}

/* A string type for the text and its final NUL. */
static nn_status image_make_text_type(const char *name, const char *text, hid_t *type)
{
    *type = nn_store_text_type(strlen(text) + 1);
    return *type >= 0 ? NN_OK : image_fail("create the type of", name);
}

static nn_status image_write_text(nn_store_image *image, const char *name, hid_t type, const char *text)
{
    hid_t id = H5I_INVALID_HID, space = H5Screate(H5S_SCALAR);
    if (space < 0) return image_fail("create the shape of", name);
    nn_status status = image_write_dataset(image, name, type, space, text, &id);
    if (id >= 0 && H5Dclose(id) < 0 && status == NN_OK) status = image_fail("close the dataset", name);
    H5Sclose(space);
    return status;
}

static nn_status image_put_text(nn_store_image *image, const char *dataset, const char *text)
{
    hid_t type;
    NN_TRY(image_make_text_type(dataset, text, &type));
    nn_status status = image_write_text(image, dataset, type, text);
    nn_store_note_close(H5Tclose(type));
    return status;
}

nn_status nn_store_image_put_text(nn_store_image *image, const char *dataset, const char *text)
{
    return NN_STORE_LOCKED(image_put_text(image, dataset, text));
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
        status = image_fail("create the type of", dataset);
    if (status == NN_OK) status = image_write_dataset(image, dataset, type, space, texts, &id);
    if (id >= 0 && H5Dclose(id) < 0 && status == NN_OK) status = image_fail("close the dataset", dataset);
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
    NN_TRY(image_make_text_type(name, text, &type));
    nn_status status = image_write_attribute(image->file, name, type, text);
    nn_store_note_close(H5Tclose(type));
    return status;
}

nn_status nn_store_image_put_attribute(nn_store_image *image, const char *name, const char *text)
{
    return NN_STORE_LOCKED(image_put_attribute(image, name, text));
}

static nn_status image_take_bytes(nn_store_image *image, void **bytes, size_t *size)
{
    ssize_t length = -1;
    if (H5Fflush(image->file, H5F_SCOPE_GLOBAL) >= 0) length = H5Fget_file_image(image->file, NULL, 0);
    if (length < 0) return nn_store_fail_hdf5(NN_ERROR_IO, "HDF5 cannot finish a checkpoint in memory");
    void *taken;
    NN_TRY(nn_allocate(&taken, (size_t)length + NN_STORE_SEAL_SIZE, 1, "the bytes of a checkpoint"));
    if (H5Fget_file_image(image->file, taken, (size_t)length) != length) {
        nn_status status =
            nn_store_fail_hdf5(NN_ERROR_IO, "HDF5 cannot return the bytes of a checkpoint in memory");
        nn_free(taken);
        return status;
    }
    nn_store_note_close(H5Fclose(image->file)); /* its memory is freed; we already have the bytes */
    image->file = H5I_INVALID_HID;
    *bytes = taken;
    *size = (size_t)length;
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
