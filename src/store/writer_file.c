/* The temporary file of a writer: claiming, abandoning and verifying it. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "store/durable.h"
#include "store/writer_internal.h"

static nn_status writer_fail_system(const nn_store_writer *writer, int error)
{
    return nn_system_fail(NN_ERROR_IO, error, "cannot write %s: creating %s failed", writer->path,
                          writer->temporary);
}

static nn_status writer_fail_busy(const nn_store_writer *writer, const char *advice)
{
    NN_FAIL(NN_ERROR_BUSY, "%s is being written by another process, which holds %s: %s", writer->path,
            writer->temporary, advice);
}

/* Without locks, only a file that does not yet exist is free. */
static nn_status writer_claim_without_lock(nn_store_writer *writer, bool made)
{
    if (made) return NN_OK;
    return writer_fail_busy(writer, "wait for it, or remove that file once no process is writing it");
}

static bool writer_is_at_name(const nn_store_writer *writer)
{
    struct stat opened, named;
    return fstat(writer->descriptor, &opened) == 0 && stat(writer->temporary, &named) == 0 &&
           opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

/* Tries once. The remains of a killed process are not locked, and are overwritten. */
static nn_status writer_try(nn_store_writer *writer, bool *claimed)
{
    const int flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW;
    writer->descriptor = open(writer->temporary, flags | O_EXCL, 0666);
    bool made = writer->descriptor >= 0;
    if (!made && errno == EEXIST) writer->descriptor = open(writer->temporary, flags, 0666);
    if (writer->descriptor < 0) return writer_fail_system(writer, errno);
    *claimed = true;
    if (flock(writer->descriptor, LOCK_EX | LOCK_NB) == 0) {
        /* Its holder may have removed or renamed it after we opened it and before we locked it. */
        *claimed = writer_is_at_name(writer);
        return NN_OK;
    }
    if (errno == EWOULDBLOCK)
        return writer_fail_busy(writer, "wait until it has finished, or choose another name");
    return writer_claim_without_lock(writer, made);
}

nn_status nn_store_writer_claim(nn_store_writer *writer)
{
    bool claimed = false;
    struct stat found;
    if (stat(writer->path, &found) == 0 && S_ISDIR(found.st_mode))
        return nn_system_fail(NN_ERROR_IO, EISDIR, "cannot write %s", writer->path);
    NN_TRY(nn_store_open_directory(writer->path, &writer->directory));
    while (!claimed) {
        nn_status status = writer_try(writer, &claimed);
        if (status == NN_OK && claimed) break;
        if (writer->descriptor >= 0) close(writer->descriptor);
        writer->descriptor = -1;
        NN_TRY(status);
    }
    /* If HDF5 insists on its own lock, ours would be in its way. */
    if (!NN_STORE_CAN_SKIP_LOCKING) flock(writer->descriptor, LOCK_UN);
    return NN_OK;
}

/*
 * When closing a file, HDF5 writes all the data it still holds, and cannot close the file properly if that
 * fails: so after a failed write, as on a full disk, the file first gives back its space.
 */
static void writer_make_room(const nn_store_writer *writer)
{
    int made = writer->failed ? ftruncate(writer->descriptor, 0) : 0;
    (void)made; /* there is nothing else to try */
}

void nn_store_writer_abandon(nn_store_writer *writer)
{
    if (writer->file >= 0) {
        writer_make_room(writer);
        for (size_t i = 0; i < writer->output_count; i++)
            if (writer->outputs[i]->id >= 0) nn_store_note_close(H5Dclose(writer->outputs[i]->id));
        nn_store_note_close(H5Fclose(writer->file));
        writer->file = H5I_INVALID_HID;
    }
    if (writer->descriptor >= 0 && !writer->committed) unlink(writer->temporary);
}

static nn_status verify_storage(const nn_store_output *output, const nn_store_array *array)
{
    const nn_store_info *info = nn_store_array_info(array);
    uint64_t full = (uint64_t)output->written * (uint64_t)nn_store_output_row_bytes(output);
    bool stored = info->chunked ? info->written : info->storage_bytes == full;
    bool shaped = info->dimensions == output->info.dimensions && info->extents[0] == output->written &&
                  info->type == output->info.type;
    if (full == 0) stored = true;
    if (stored && shaped) return NN_OK;
    NN_FAIL(NN_ERROR_IO,
            "dataset \"%s\" of %s is incomplete after it was written (%" PRIu64
            " bytes): the disk or the file system failed; choose another place",
            output->name, output->writer->path, info->storage_bytes);
}

/* Reads back the first and the last row. */
static nn_status verify_output(const nn_store_output *output, nn_store_file *file)
{
    nn_store_array *array;
    char *row = NULL;
    NN_TRY(nn_store_array_open(file, output->name, &array));
    bool text = output->info.type == NN_STORE_TEXT; /* only numbers can be read by row */
    nn_status status = verify_storage(output, array);
    if (text) goto done;
    if (status == NN_OK && output->written > 0)
        status = nn_allocate((void **)&row, (size_t)nn_store_output_row(output),
                             nn_store_type_size(output->info.type), "a row to verify");
    if (status == NN_OK && output->written > 0)
        status = nn_store_read_rows(array, 0, 1, output->info.type, row);
    if (status == NN_OK && output->written > 0)
        status = nn_store_read_rows(array, output->written - 1, 1, output->info.type, row);
done:
    nn_free(row);
    nn_store_array_close(array);
    return status;
}

nn_status nn_store_writer_verify(const nn_store_writer *writer)
{
    nn_store_file *file;
    nn_status status = nn_store_open_own(writer->temporary, &file);
    for (size_t i = 0; i < writer->output_count && status == NN_OK; i++)
        status = verify_output(writer->outputs[i], file);
    nn_store_close(file);
    if (status != NN_OK)
        return nn_fail_context(status, "%s could not be read back after it was written", writer->path);
    return NN_OK;
}
