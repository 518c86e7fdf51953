/* Writes a data file: datasets are filled block by block in a temporary file, which is renamed once
 * complete. */
#include "store/writer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "store/durable.h"
#include "store/writer_internal.h"

nn_status nn_store_writer_fail(nn_store_writer *writer, const char *doing, const char *name)
{
    writer->failed = true;
    if (!name) return nn_store_fail_write(NN_ERROR_IO, "cannot %s %s", doing, writer->path);
    return nn_store_fail_write(NN_ERROR_IO, "cannot %s \"%s\" of %s", doing, name, writer->path);
}

static nn_status writer_make_file(nn_store_writer *writer)
{
    nn_status status = NN_OK;
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    bool ready =
        access >= 0 && H5Pset_fapl_sec2(access) >= 0 && H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) >= 0;
#if NN_STORE_CAN_SKIP_LOCKING
    ready = ready && H5Pset_file_locking(access, false, true) >= 0;
#endif
    if (ready) writer->file = H5Fcreate(writer->temporary, H5F_ACC_TRUNC, H5P_DEFAULT, access);
    if (writer->file < 0) status = nn_store_writer_fail(writer, "create the file", NULL);
    if (access >= 0) H5Pclose(access);
    NN_TRY(status);
    writer->links = H5Pcreate(H5P_LINK_CREATE);
    if (writer->links < 0 || H5Pset_create_intermediate_group(writer->links, 1) < 0)
        return nn_store_writer_fail(writer, "create the file", NULL);
    return NN_OK;
}

static nn_status writer_create(const char *path, nn_store_writer **writer)
{
    nn_status status;
    *writer = NULL;
    nn_store_writer *made;
    NN_TRY(NN_ALLOCATE(&made, 1, "a file to write"));
    made->file = made->links = H5I_INVALID_HID;
    made->directory = made->descriptor = -1;
    NN_TRY_TO(failed, status, nn_copy_text(path, &made->path));
    NN_TRY_TO(failed, status, nn_store_name_temporary(path, &made->temporary));
    NN_TRY_TO(failed, status, nn_store_writer_claim(made));
    NN_TRY_TO(failed, status, writer_make_file(made));
    *writer = made;
    return NN_OK;
failed:
    nn_store_writer_destroy(made);
    return status;
}

nn_status nn_store_writer_create(const char *path, nn_store_writer **writer)
{
    return NN_STORE_LOCKED(writer_create(path, writer));
}

void nn_store_writer_destroy(nn_store_writer *writer)
{
    if (!writer) return;
    nn_store_lock();
    nn_store_writer_abandon(writer);
    if (writer->links >= 0) H5Pclose(writer->links);
    nn_store_unlock();
    for (size_t i = 0; i < writer->output_count; i++) {
        nn_free(writer->outputs[i]->name);
        nn_free(writer->outputs[i]);
    }
    nn_free(writer->outputs);
    if (writer->descriptor >= 0) close(writer->descriptor);
    if (writer->directory >= 0) close(writer->directory);
    nn_free(writer->temporary);
    nn_free(writer->path);
    nn_free(writer);
}

static nn_status writer_check_open(const nn_store_writer *writer)
{
    if (writer->file >= 0 && !writer->failed) return NN_OK;
    NN_FAIL(NN_ERROR_IO, "cannot write to %s: an earlier write failed, or the file is complete",
            writer->path);
}

static nn_status writer_take_output(nn_store_writer *writer, nn_store_output *output)
{
    if (writer->output_count == writer->output_capacity) {
        size_t capacity = 2 * writer->output_capacity + 8;
        NN_TRY(nn_reallocate((void **)&writer->outputs, writer->output_capacity, capacity,
                             sizeof *writer->outputs, "a list of datasets"));
        writer->output_capacity = capacity;
    }
    writer->outputs[writer->output_count++] = output;
    return NN_OK;
}

static nn_status writer_add(nn_store_writer *writer, const char *dataset, const nn_store_layout *layout,
                            nn_store_output **output)
{
    *output = NULL;
    nn_store_output *made;
    NN_TRY(writer_check_open(writer));
    NN_TRY(NN_ALLOCATE(&made, 1, "a dataset to write"));
    *made = (nn_store_output){.writer = writer, .id = H5I_INVALID_HID, .layout = *layout};
    nn_status status = writer_take_output(writer, made);
    if (status != NN_OK) nn_free(made);
    NN_TRY(status);
    status = nn_copy_text(nn_store_bare_name(dataset), &made->name);
    if (status == NN_OK) status = nn_store_output_plan(made);
    if (status == NN_OK) status = nn_store_output_make(made);
    /* Without one of its datasets, the file is incomplete. */
    if (status != NN_OK) writer->failed = true;
    NN_TRY(status);
    *output = made;
    return NN_OK;
}

nn_status nn_store_writer_add(nn_store_writer *writer, const char *dataset, const nn_store_layout *layout,
                              nn_store_output **output)
{
    return NN_STORE_LOCKED(writer_add(writer, dataset, layout, output));
}

/* Flushed first: if that fails, HDF5 still has the dataset intact, to be closed with the file. */
static nn_status writer_close_dataset(nn_store_writer *writer, const char *name, hid_t dataset)
{
    if (H5Dflush(dataset) >= 0 && H5Dclose(dataset) >= 0) return NN_OK;
    return nn_store_writer_fail(writer, "write dataset", name);
}

static nn_status writer_write_names(nn_store_writer *writer, const char *name, size_t count, size_t size,
                                    const char *texts)
{
    nn_status status = NN_OK;
    hid_t dataset = H5I_INVALID_HID, creation = H5Pcreate(H5P_DATASET_CREATE),
          type = nn_store_text_type(size);
    hid_t space = H5Screate_simple(1, (hsize_t[]){count}, NULL);
    bool ready = type >= 0 && space >= 0 && creation >= 0 && H5Tset_strpad(type, H5T_STR_NULLPAD) >= 0 &&
                 H5Pset_obj_track_times(creation, false) >= 0;
    if (ready) dataset = H5Dcreate2(writer->file, name, type, space, writer->links, creation, H5P_DEFAULT);
    bool written =
        dataset >= 0 && (count == 0 || H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, texts) >= 0);
    if (!written)
        status = nn_store_writer_fail(writer, "write the names", name);
    else
        status = writer_close_dataset(writer, name, dataset);
    if (space >= 0) H5Sclose(space);
    if (type >= 0) nn_store_note_close(H5Tclose(type));
    if (creation >= 0) H5Pclose(creation);
    return status;
}

static nn_status writer_put_names(nn_store_writer *writer, const char *name, size_t count, char *const *names)
{
    size_t longest = 1;
    char *texts;
    NN_TRY(writer_check_open(writer));
    for (size_t i = 0; i < count; i++)
        if (strlen(names[i]) > longest) longest = strlen(names[i]);
    NN_TRY(nn_allocate((void **)&texts, count, longest, "a list of names"));
    for (size_t i = 0; i < count; i++) memcpy(texts + i * longest, names[i], strlen(names[i]));
    nn_status status = writer_write_names(writer, name, count, longest, texts);
    nn_free(texts);
    return status;
}

nn_status nn_store_writer_put_names(nn_store_writer *writer, const char *dataset, size_t count,
                                    char *const *names)
{
    return NN_STORE_LOCKED(writer_put_names(writer, nn_store_bare_name(dataset), count, names));
}

/* An attribute, whose value has the same type in memory. */
static nn_status writer_write_attribute(nn_store_writer *writer, const char *dataset, const char *name,
                                        hid_t type, hid_t space, const void *value)
{
    nn_status status = NN_OK;
    hid_t attribute = H5I_INVALID_HID;
    if (type >= 0 && space >= 0)
        attribute = H5Acreate_by_name(writer->file, dataset ? nn_store_bare_name(dataset) : ".", name, type,
                                      space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    if (attribute < 0 || H5Awrite(attribute, type, value) < 0)
        status = nn_store_writer_fail(writer, "write the attribute", name);
    if (attribute >= 0 && H5Aclose(attribute) < 0 && status == NN_OK)
        status = nn_store_writer_fail(writer, "write the attribute", name);
    return status;
}

static nn_status writer_write_scalar(nn_store_writer *writer, const char *dataset, const char *name,
                                     hid_t type, const void *value)
{
    hid_t space = H5Screate(H5S_SCALAR);
    nn_status status = writer_write_attribute(writer, dataset, name, type, space, value);
    if (space >= 0) H5Sclose(space);
    return status;
}

static nn_status writer_put_attribute(nn_store_writer *writer, const char *dataset, const char *name,
                                      const char *text)
{
    NN_TRY(writer_check_open(writer));
    if (strlen(text) > NN_STORE_LONGEST_ATTRIBUTE)
        NN_FAIL(NN_ERROR_IO,
                "the attribute \"%s\" of %zu bytes is longer than HDF5 allows: store it as a dataset", name,
                strlen(text));
    hid_t type = nn_store_text_type(strlen(text) + 1);
    nn_status status = writer_write_scalar(writer, dataset, name, type, text);
    if (type >= 0) nn_store_note_close(H5Tclose(type));
    return status;
}

static nn_status writer_put_integer(nn_store_writer *writer, const char *dataset, const char *name,
                                    int64_t value)
{
    NN_TRY(writer_check_open(writer));
    return writer_write_scalar(writer, dataset, name, H5T_NATIVE_INT64, &value);
}

nn_status nn_store_writer_put_integer(nn_store_writer *writer, const char *dataset, const char *name,
                                      int64_t value)
{
    return NN_STORE_LOCKED(writer_put_integer(writer, dataset, name, value));
}

static nn_status writer_put_numbers(nn_store_writer *writer, const char *dataset, const char *name,
                                    nn_store_type type, int64_t count, const void *values)
{
    NN_TRY(writer_check_open(writer));
    hid_t space = H5Screate_simple(1, (hsize_t[]){(hsize_t)count}, NULL);
    nn_status status =
        writer_write_attribute(writer, dataset, name, nn_store_memory_type(type), space, values);
    if (space >= 0) H5Sclose(space);
    return status;
}

nn_status nn_store_writer_put_numbers(nn_store_writer *writer, const char *dataset, const char *name,
                                      nn_store_type type, int64_t count, const void *values)
{
    return NN_STORE_LOCKED(writer_put_numbers(writer, dataset, name, type, count, values));
}

nn_status nn_store_writer_put_attribute(nn_store_writer *writer, const char *dataset, const char *name,
                                        const char *text)
{
    return NN_STORE_LOCKED(writer_put_attribute(writer, dataset, name, text));
}

/* ---- the end ---- */

static nn_status writer_close_outputs(nn_store_writer *writer)
{
    for (size_t i = 0; i < writer->output_count; i++) {
        nn_store_output *output = writer->outputs[i];
        if (!output->grows && output->written < output->info.extents[0])
            NN_FAIL(NN_ERROR_DATA,
                    "dataset \"%s\" of %s has %" PRId64 " rows, of which only %" PRId64 " were written",
                    output->name, writer->path, output->info.extents[0], output->written);
        NN_TRY(writer_close_dataset(writer, output->name, output->id));
        output->id = H5I_INVALID_HID;
    }
    return NN_OK;
}

/* H5Fclose may hide a failure; the sizes before and after, and rereading the file, do not. */
static nn_status writer_close_file(nn_store_writer *writer)
{
    hsize_t size = 0;
    struct stat found;
    if (H5Fflush(writer->file, H5F_SCOPE_GLOBAL) < 0 || H5Fget_filesize(writer->file, &size) < 0)
        return nn_store_writer_fail(writer, "write", NULL);
    hid_t file = writer->file;
    writer->file = H5I_INVALID_HID;
    herr_t closed = H5Fclose(file);
    nn_store_note_close(closed);
    if (closed < 0) return nn_store_writer_fail(writer, "close", NULL);
    if (nn_store_sync(writer->descriptor) != 0)
        return nn_system_fail(NN_ERROR_IO, errno, "cannot write %s: fsync failed", writer->path);
    if (fstat(writer->descriptor, &found) != 0 || (hsize_t)found.st_size < size)
        NN_FAIL(NN_ERROR_IO,
                "%s is shorter than what was written: is the disk full? free some space, or choose "
                "another place",
                writer->path);
    return NN_OK;
}

static nn_status writer_commit(nn_store_writer *writer)
{
    NN_TRY(writer_check_open(writer));
    NN_TRY(writer_close_outputs(writer));
    NN_TRY(writer_close_file(writer));
    NN_TRY(nn_store_writer_verify(writer));
    if (rename(writer->temporary, writer->path) != 0)
        return nn_system_fail(NN_ERROR_IO, errno, "cannot write %s: renaming %s failed", writer->path,
                              writer->temporary);
    writer->committed = true;
    return nn_store_sync_directory(writer->directory, writer->path);
}

nn_status nn_store_writer_commit(nn_store_writer *writer)
{
    return NN_STORE_LOCKED(writer_commit(writer));
}
