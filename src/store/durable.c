#include "store/durable.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "host/files.h"
#include "host/system.h"

int nn_store_sync(int descriptor)
{
    int outcome;
    do {
        outcome = fsync(descriptor);
    } while (outcome != 0 && errno == EINTR);
    return outcome;
}

nn_status nn_store_open_directory(const char *path, int *descriptor)
{
    const char *slash = strrchr(path, '/');
    size_t length = slash ? (size_t)(slash - path) + 1 : 1;
    char *directory;
    nn_status status = NN_OK;
    NN_TRY(nn_allocate((void **)&directory, length + 1, 1, "a file name"));
    memcpy(directory, slash ? path : ".", length);
    *descriptor = nn_file_open(directory, O_RDONLY | O_DIRECTORY);
    if (*descriptor < 0)
        status = nn_system_fail(NN_ERROR_IO, errno, "cannot write %s: its directory %s cannot be opened",
                                path, directory);
    nn_free(directory);
    return status;
}

/* Some file systems cannot sync directories and return EINVAL: nothing more can be done on them. */
nn_status nn_store_sync_directory(int descriptor, const char *path)
{
    if (nn_store_sync(descriptor) == 0 || errno == EINVAL || errno == ENOTSUP) return NN_OK;
    return nn_system_fail(NN_ERROR_IO, errno, "%s is written, but fsync of its directory failed", path);
}

nn_status nn_store_name_temporary(const char *path, char **temporary)
{
    size_t size = strlen(path) + sizeof NN_STORE_TEMPORARY;
    NN_TRY(nn_allocate((void **)temporary, size, 1, "a file name"));
    snprintf(*temporary, size, "%s" NN_STORE_TEMPORARY, path);
    return NN_OK;
}
