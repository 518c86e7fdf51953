/*
 * Looking at files, opening and reading them, where the file system may fail for a while: see nn_patience. An
 * error of the environment is never taken for a fact about the file: it is absent only where the system says
 * so. Any thread may call these.
 */
#ifndef NN_HOST_FILES_H
#define NN_HOST_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/options.h"
#include "base/status.h"

/* As open with O_CLOEXEC, for regular files, and for folders with O_DIRECTORY; a new file is for everybody as
 * far as umask allows. Never waits for the other end of a pipe: what is neither file nor folder fails with
 * ENXIO, a folder that was not asked for with EISDIR. */
int nn_file_open(const char *path, int flags);

/* Whether the path names anything, and what. NN_ERROR_IO where the system cannot tell. */
nn_status nn_file_look(const char *path, struct stat *facts, bool *there);

/* The same where only that counts. */
nn_status nn_file_exists(const char *path, bool *there);

/* Reads a whole regular file of at most `largest` bytes, with a NUL after its last byte. *bytes is owned by
 * the caller, NULL on failure. `what` names it where memory is short. Where the file ends before the size
 * that the system has told, that is a failure of the system, and tried again. */
nn_status nn_file_load(const char *path, size_t largest, const char *what, void **bytes, size_t *size);

/* The names in a folder without "." and "..", ordered by their bytes; one that is absent has none, and *there
 * is false. Release them with nn_list_release in any case. */
nn_status nn_folder_list(const char *path, nn_text_list *names, bool *there);

#endif
