#include "host/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/list.h"
#include "base/memory.h"
#include "host/pulse.h"
#include "host/system.h"

/* Small enough for a slow disk to show progress. */
#define FILES_LARGEST_READ ((size_t)1 << 24)

/* ---- opening ---- */

/* Returns the descriptor; closes anything that is neither a file nor a requested folder. */
static int files_expect_kind(int descriptor, int flags)
{
    struct stat facts;
    int error = fstat(descriptor, &facts) == 0 ? 0 : errno;
    bool folder = error == 0 && S_ISDIR(facts.st_mode);
    if (folder && !(flags & O_DIRECTORY)) error = EISDIR;
    if (error == 0 && !folder && !S_ISREG(facts.st_mode)) error = ENXIO;
    if (error == 0) return descriptor;
    close(descriptor);
    errno = error;
    return -1;
}

static int files_open_once(const char *path, int flags)
{
    int descriptor;
    do {
        descriptor = open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0666);
    } while (descriptor < 0 && errno == EINTR);
    return descriptor < 0 ? -1 : files_expect_kind(descriptor, flags);
}

int nn_file_open(const char *path, int flags)
{
    nn_patience patience = {0};
    int descriptor;
    do {
        descriptor = files_open_once(path, flags);
    } while (descriptor < 0 && nn_patience_lasts(&patience, errno, path));
    return descriptor;
}

nn_status nn_file_look(const char *path, struct stat *facts, bool *there)
{
    nn_patience patience = {0};
    int outcome;
    do {
        outcome = stat(path, facts);
    } while (outcome != 0 && nn_patience_lasts(&patience, errno, path));
    *there = outcome == 0;
    if (outcome == 0 || nn_system_is_absence(errno)) return NN_OK;
    return nn_system_fail(NN_ERROR_IO, errno, "cannot determine whether %s exists", path);
}

nn_status nn_file_exists(const char *path, bool *there)
{
    struct stat facts;
    return nn_file_look(path, &facts, there);
}

/* ---- reading ---- */

/* Returns 0 or the error. A file that ends early is worth another try: the system's size is outdated. */
static int files_fill(int descriptor, char *bytes, size_t size)
{
    for (size_t done = 0; done < size;) {
        size_t part = size - done < FILES_LARGEST_READ ? size - done : FILES_LARGEST_READ;
        ssize_t got = read(descriptor, bytes + done, part);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return got < 0 ? errno : EIO;
        done += (size_t)got;
        nn_pulse();
    }
    return 0;
}

/* One try: *error is the system's error. */
static nn_status files_load_once(const char *path, size_t largest, const char *what, void **bytes,
                                 size_t *size, int *error)
{
    struct stat facts;
    int descriptor = files_open_once(path, O_RDONLY);
    *error = descriptor < 0 || fstat(descriptor, &facts) != 0 ? errno : 0;
    if (*error == 0 && (uint64_t)facts.st_size > largest) *error = EFBIG;
    nn_status status = NN_OK;
    if (*error == 0) status = nn_allocate(bytes, (size_t)facts.st_size + 1, 1, what);
    if (*error == 0 && status == NN_OK) {
        *size = (size_t)facts.st_size;
        *error = files_fill(descriptor, *bytes, *size);
    }
    if (descriptor >= 0) close(descriptor);
    if (*error == 0 && status == NN_OK) return NN_OK;
    nn_free(*bytes);
    *bytes = NULL;
    *size = 0;
    return status;
}

nn_status nn_file_load(const char *path, size_t largest, const char *what, void **bytes, size_t *size)
{
    nn_patience patience = {0};
    int error;
    *bytes = NULL;
    *size = 0;
    do {
        NN_TRY(files_load_once(path, largest, what, bytes, size, &error));
    } while (error != 0 && nn_patience_lasts(&patience, error, path));
    if (error == EFBIG) NN_FAIL(NN_ERROR_DATA, "%s is far too large", path);
    return error == 0 ? NN_OK : nn_system_fail(NN_ERROR_IO, error, "cannot read %s", path);
}

/* ---- folders ---- */

static int files_compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* One try; only errno distinguishes a failure of readdir from the end. */
static nn_status files_list_once(const char *path, nn_text_list *names, int *error)
{
    nn_status status = NN_OK;
    DIR *directory = opendir(path);
    *error = directory ? 0 : errno;
    while (directory && status == NN_OK) {
        errno = 0;
        struct dirent *entry = readdir(directory);
        *error = entry ? 0 : errno;
        if (!entry) break;
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            status = nn_list_add(names, entry->d_name);
    }
    if (directory) closedir(directory);
    if (*error != 0 || status != NN_OK) nn_list_release(names);
    return status;
}

nn_status nn_folder_list(const char *path, nn_text_list *names, bool *there)
{
    nn_patience patience = {0};
    int error;
    *names = (nn_text_list){0};
    do {
        NN_TRY(files_list_once(path, names, &error));
    } while (error != 0 && nn_patience_lasts(&patience, error, path));
    *there = error == 0;
    if (error != 0 && !nn_system_is_absence(error))
        return nn_system_fail(NN_ERROR_IO, error, "the folder %s cannot be listed", path);
    if (names->count) qsort(names->items, names->count, sizeof *names->items, files_compare);
    return NN_OK;
}
