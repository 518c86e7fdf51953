#include "store/growing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "host/files.h"
#include "host/pulse.h"
#include "host/system.h"
#include "store/durable.h"

struct nn_store_growing {
    char *path, *temporary;
    int directory, descriptor; /* -1: not open */
    bool made;                 /* the temporary name is ours to remove */
};

static nn_status growing_fail(const nn_store_growing *file, int error, const char *doing)
{
    return nn_system_fail(NN_ERROR_IO, error, "cannot write %s: %s %s failed", file->path, doing,
                          file->temporary);
}

/* Whether the temporary name is still that of the open file. */
static bool growing_is_at_name(const nn_store_growing *file, const struct stat *opened)
{
    struct stat named;
    return stat(file->temporary, &named) == 0 && named.st_dev == opened->st_dev &&
           named.st_ino == opened->st_ino;
}

/* Tries once to become the only writer of the temporary file. The remains of a killed process are not locked,
 * and are overwritten; where there are no locks, growing_rename finds out. */
static nn_status growing_try(nn_store_growing *file, bool *claimed)
{
    struct stat opened;
    file->descriptor = nn_file_open(file->temporary, O_WRONLY | O_CREAT);
    if (file->descriptor < 0) return growing_fail(file, errno, "creating");
    if (flock(file->descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        NN_FAIL(NN_ERROR_BUSY,
                "%s is being written by another process, which holds %s: wait until it has finished, or "
                "choose another name",
                file->path, file->temporary);
    *claimed = fstat(file->descriptor, &opened) == 0 && growing_is_at_name(file, &opened);
    return NN_OK;
}

/* The folder is checked first: a path that names one must not be discovered after hours of work. */
static nn_status growing_open(nn_store_growing *file)
{
    struct stat found;
    bool claimed = false;
    if (stat(file->path, &found) == 0 && S_ISDIR(found.st_mode))
        return nn_system_fail(NN_ERROR_IO, EISDIR, "cannot write %s", file->path);
    NN_TRY(nn_store_open_directory(file->path, &file->directory));
    while (!claimed) {
        if (file->descriptor >= 0) close(file->descriptor);
        NN_TRY(growing_try(file, &claimed));
    }
    file->made = true;
    if (ftruncate(file->descriptor, 0) != 0) return growing_fail(file, errno, "emptying");
    return NN_OK;
}

nn_status nn_store_growing_create(const char *path, nn_store_growing **file)
{
    nn_status status;
    nn_store_growing *made;
    *file = NULL;
    NN_TRY(NN_ALLOCATE(&made, 1, "a file to write"));
    made->directory = made->descriptor = -1;
    NN_TRY_TO(failed, status, nn_copy_text(path, &made->path));
    NN_TRY_TO(failed, status, nn_store_name_temporary(path, &made->temporary));
    NN_TRY_TO(failed, status, growing_open(made));
    *file = made;
    return NN_OK;
failed:
    nn_store_growing_destroy(made);
    return status;
}

nn_status nn_store_growing_append(nn_store_growing *file, const void *bytes, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t written = write(file->descriptor, (const char *)bytes + done, size - done);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return growing_fail(file, written < 0 ? errno : ENOSPC, "writing");
        done += (size_t)written;
        nn_pulse();
    }
    return NN_OK;
}

/* Another process may meanwhile have made a file of the temporary name. */
static nn_status growing_rename(nn_store_growing *file, const struct stat *written)
{
    if (!growing_is_at_name(file, written)) {
        file->made = false;
        NN_FAIL(NN_ERROR_IO, "cannot write %s: another process writes %s", file->path, file->temporary);
    }
    if (rename(file->temporary, file->path) != 0) return growing_fail(file, errno, "renaming");
    file->made = false;
    return nn_store_sync_directory(file->directory, file->path);
}

nn_status nn_store_growing_commit(nn_store_growing *file)
{
    struct stat written;
    if (fstat(file->descriptor, &written) != 0 || nn_store_sync(file->descriptor) != 0)
        return growing_fail(file, errno, "fsync of");
    int outcome = close(file->descriptor);
    file->descriptor = -1;
    if (outcome != 0 && errno != EINTR) return growing_fail(file, errno, "closing");
    return growing_rename(file, &written);
}

void nn_store_growing_destroy(nn_store_growing *file)
{
    if (!file) return;
    if (file->descriptor >= 0) close(file->descriptor);
    if (file->made) unlink(file->temporary);
    if (file->directory >= 0) close(file->directory);
    nn_free(file->temporary);
    nn_free(file->path);
    nn_free(file);
}
