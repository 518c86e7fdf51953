/* Opens a file on disk or in memory, with a clear message when it cannot be opened. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "host/files.h"
#include "store/store_internal.h"
#include "store/zarr.h"

/* Returns 0 or the error; a file that ends before its size is an error, too. */
static int file_read_signature(int descriptor, off_t at, off_t size, unsigned char found[8])
{
    off_t done = 0, wanted = size - at < 8 ? size - at : 8;
    memset(found, 0, 8);
    while (done < wanted) {
        ssize_t got = pread(descriptor, found + done, (size_t)(wanted - done), at + done);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return got < 0 ? errno : EIO;
        done += got;
    }
    return 0;
}

/* The signature is at offset 0, or at 512, 1024, 2048, ... after a user block. */
static int file_find_signature(int descriptor, off_t size, bool *is_hdf5, bool *is_classic)
{
    static const unsigned char signature[8] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
    *is_hdf5 = *is_classic = false;
    for (off_t at = 0; at < size && !*is_hdf5; at = at > 0 ? 2 * at : 512) {
        unsigned char found[sizeof signature];
        int error = file_read_signature(descriptor, at, size, found);
        if (error != 0) return error;
        *is_hdf5 = memcmp(found, signature, sizeof found) == 0;
        if (at == 0)
            *is_classic = memcmp(found, "CDF", 3) == 0 && (found[3] == 1 || found[3] == 2 || found[3] == 5);
    }
    return 0;
}

static nn_status file_refuse_classic(const char *path)
{
    size_t length = strlen(path),
           stem = length > 3 && strcmp(path + length - 3, ".nc") == 0 ? length - 3 : length;
    nn_text from = {0}, to = {0}, name = {0};
    nn_text_append(&name, "%.*s.h5", (int)stem, path);
    nn_text_append_shell(&from, path);
    nn_text_append_shell(&to, name.bytes ? name.bytes : "");
    nn_status status = nn_fail(
        NN_ERROR_DATA, "%s is a NetCDF file in a classic format, not HDF5: nntrain import netcdf %s -o %s",
        path, from.bytes ? from.bytes : "", to.bytes ? to.bytes : "");
    nn_text_free(&from);
    nn_text_free(&to);
    nn_text_free(&name);
    return status;
}

static nn_status file_check_signature(const char *path, off_t size)
{
    nn_patience patience = {0};
    bool is_hdf5 = false, is_classic = false;
    int error;
    do {
        int descriptor = nn_file_open(path, O_RDONLY);
        if (descriptor < 0) return nn_system_fail(NN_ERROR_IO, errno, "cannot open the file %s", path);
        error = file_find_signature(descriptor, size, &is_hdf5, &is_classic);
        close(descriptor);
    } while (error != 0 && nn_patience_lasts(&patience, error, path));
    if (error != 0) return nn_system_fail(NN_ERROR_IO, error, "cannot read the file %s", path);
    if (!is_hdf5 && is_classic) return file_refuse_classic(path);
    if (!is_hdf5)
        NN_FAIL(NN_ERROR_DATA, "%s is not an HDF5 file: convert the data to HDF5, or give another file",
                path);
    return NN_OK;
}

/* Looks for what HDF5 reports less clearly, or all with the same message. */
static nn_status file_check(const char *path)
{
    struct stat status;
    bool there;
    NN_TRY(nn_file_look(path, &status, &there));
    if (!there) return nn_system_fail(NN_ERROR_IO, errno, "cannot open the file %s", path);
    if (S_ISDIR(status.st_mode) && nn_store_is_zarr(path)) return nn_store_fail_zarr(path);
    if (S_ISDIR(status.st_mode)) NN_FAIL(NN_ERROR_IO, "%s is a folder: give an HDF5 file in it", path);
    if (!S_ISREG(status.st_mode)) NN_FAIL(NN_ERROR_IO, "%s is not a regular file: give an HDF5 file", path);
    if (status.st_size == 0) NN_FAIL(NN_ERROR_DATA, "%s is empty: copy or recreate the file", path);
    return file_check_signature(path, status.st_size);
}

static bool file_set_driver(hid_t access, bool locking)
{
    if (!nn_store_driver_set(access)) return false;
#if NN_STORE_CAN_SKIP_LOCKING
    if (!locking && H5Pset_file_locking(access, false, true) < 0) return false;
#else
    (void)locking;
#endif
    return true;
}

static hid_t file_try(const char *path, bool locking, char *reason)
{
    hid_t id = H5I_INVALID_HID;
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    if (file_set_driver(access, locking)) id = H5Fopen(path, H5F_ACC_RDONLY, access);
    if (id < 0) nn_store_hdf5_reason(reason);
    nn_store_note_close(id < 0 ? -1 : 0); /* a file that does not open may leave something open */
    if (access >= 0) H5Pclose(access);
    return id;
}

static nn_status file_open_disk(const char *path, hid_t *id)
{
    char reason[NN_STORE_REASON];
    *id = file_try(path, true, reason);
    bool lock_refused = *id < 0 && strstr(reason, "lock file") != NULL;
    if (lock_refused && NN_STORE_CAN_SKIP_LOCKING) {
        *id = file_try(path, false, reason);
        if (*id >= 0)
            nn_log_warning(
                "%s could not be locked (no locks on this file system, or a program is writing the "
                "file): reading it without a lock; it must not change meanwhile",
                path);
    }
    if (*id >= 0) return NN_OK;
    bool may_pass = nn_store_driver_error() != 0 && nn_system_may_pass(nn_store_driver_error());
    if (!may_pass) NN_TRY(file_check(path));
    if (nn_store_driver_error() != 0)
        return nn_store_fail_refused(nn_store_driver_error(), "cannot read the file %s", path);
    if (lock_refused && !NN_STORE_CAN_SKIP_LOCKING)
        NN_FAIL(NN_ERROR_IO,
                "%s cannot be locked: set HDF5_USE_FILE_LOCKING=FALSE in the environment (HDF5: %s)", path,
                reason);
    if (strstr(reason, "truncated file"))
        NN_FAIL(NN_ERROR_DATA, "%s is cut short: copy or recreate the file (HDF5: %s)", path, reason);
    NN_FAIL(NN_ERROR_DATA, "%s is damaged, cut short or still being written: copy or recreate it (HDF5: %s)",
            path, reason);
}

static nn_status file_open(const char *path, nn_store_file **file)
{
    nn_status status;
    *file = NULL;
    nn_store_file *made;
    NN_TRY(NN_ALLOCATE(&made, 1, "an open file"));
    made->id = H5I_INVALID_HID;
    NN_TRY_TO(failed, status, nn_copy_text(path, &made->path));
    NN_TRY_TO(failed, status, file_open_disk(path, &made->id));
    *file = made;
    return NN_OK;
failed:
    nn_store_close(made);
    return status;
}

nn_status nn_store_open(const char *path, nn_store_file **file)
{
    return NN_STORE_LOCKED(file_open(path, file));
}

nn_status nn_store_open_own(const char *path, nn_store_file **file)
{
    nn_status status;
    char reason[NN_STORE_REASON];
    *file = NULL;
    nn_store_file *made;
    NN_TRY(NN_ALLOCATE(&made, 1, "an open file"));
    made->id = H5I_INVALID_HID;
    NN_TRY_TO(failed, status, nn_copy_text(path, &made->path));
    made->id = file_try(path, false, reason);
    if (made->id < 0) {
        status = nn_fail(NN_ERROR_IO, "%s cannot be opened again (HDF5: %s)", path, reason);
        goto failed;
    }
    *file = made;
    return NN_OK;
failed:
    nn_store_close(made);
    return status;
}

/* An image in memory: these functions keep HDF5 from copying the caller's bytes, which may be many. */

static void *image_lend(size_t size, H5FD_file_image_op_t operation, void *context)
{
    (void)operation;
    const nn_store_file *file = context;
    return size == file->image_size ? (void *)file->image : NULL;
}

static void *image_copy(void *to, const void *from, size_t size, H5FD_file_image_op_t operation,
                        void *context)
{
    (void)size, (void)operation, (void)context;
    return to == from ? to : NULL;
}

static void *image_refuse_to_grow(void *bytes, size_t size, H5FD_file_image_op_t operation, void *context)
{
    (void)bytes, (void)size, (void)operation, (void)context;
    return NULL;
}

static herr_t image_keep(void *bytes, H5FD_file_image_op_t operation, void *context)
{
    (void)bytes, (void)operation, (void)context;
    return 0;
}

static void *image_share_context(void *context)
{
    return context;
}

static herr_t image_keep_context(void *context)
{
    (void)context;
    return 0;
}

void nn_store_image_name(char *buffer, const void *owner)
{
    snprintf(buffer, NN_STORE_IMAGE_NAME, "/dev/null/image-%p", owner);
}

static bool file_set_image(hid_t access, nn_store_file *file)
{
    H5FD_file_image_callbacks_t callbacks = {
        .image_malloc = image_lend,
        .image_memcpy = image_copy,
        .image_realloc = image_refuse_to_grow,
        .image_free = image_keep,
        .udata_copy = image_share_context,
        .udata_free = image_keep_context,
        .udata = file,
    };
    return access >= 0 && H5Pset_fapl_core(access, 1, false) >= 0 &&
           H5Pset_file_image_callbacks(access, &callbacks) >= 0 &&
           H5Pset_file_image(access, (void *)file->image, file->image_size) >= 0;
}

static nn_status file_open_memory(nn_store_file *file)
{
    nn_status status = NN_OK;
    char name[NN_STORE_IMAGE_NAME];
    nn_store_image_name(name, file);
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    if (file_set_image(access, file)) file->id = H5Fopen(name, H5F_ACC_RDONLY, access);
    if (file->id < 0)
        status = nn_store_fail_hdf5(NN_ERROR_DATA, "%s is damaged, or not an HDF5 file", file->path);
    if (access >= 0) H5Pclose(access);
    return status;
}

static nn_status image_open(const void *bytes, size_t size, const char *name, nn_store_file **file)
{
    nn_status status;
    *file = NULL;
    nn_store_file *made;
    NN_TRY(NN_ALLOCATE(&made, 1, "an open file"));
    *made = (nn_store_file){.id = H5I_INVALID_HID, .image = bytes, .image_size = size};
    NN_TRY_TO(failed, status, nn_copy_text(name, &made->path));
    NN_TRY_TO(failed, status, file_open_memory(made));
    *file = made;
    return NN_OK;
failed:
    nn_store_close(made);
    return status;
}

nn_status nn_store_open_image(const void *bytes, size_t size, const char *name, nn_store_file **file)
{
    return NN_STORE_LOCKED(image_open(bytes, size, name, file));
}

void nn_store_close(nn_store_file *file)
{
    if (!file) return;
    nn_store_lock();
    if (file->id >= 0) nn_store_note_close(H5Fclose(file->id));
    nn_store_unlock();
    nn_free(file->path);
    nn_free(file);
}

const char *nn_store_path(const nn_store_file *file)
{
    return file->path;
}
