/*
 * Inspecting, opening and reading files on file systems that may fail for a while: see nn_patience. An error
 * of the environment is never taken for a fact about the file: it is absent only if the system says so. Any
 * thread may call these functions.
 */
#ifndef NN_HOST_FILES_H
#define NN_HOST_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/options.h"
#include "base/status.h"

/* As open with O_CLOEXEC, for regular files, and for folders with O_DIRECTORY; a new file is readable and
 * writable by everyone, subject to umask. Never waits for the other end of a pipe: anything other than a file
 * or folder fails with ENXIO, a folder that was not requested with EISDIR. */
int nn_file_open(const char *path, int flags);

/* *there: whether the path exists; *facts describes it. NN_ERROR_IO if the system cannot tell. */
nn_status nn_file_look(const char *path, struct stat *facts, bool *there);

/* The same without the description. */
nn_status nn_file_exists(const char *path, bool *there);

/* Reads an entire regular file of at most `largest` bytes, adding a NUL after its last byte. The caller owns
 * *bytes, NULL on failure. `what` describes it if memory is short. A file that ends before the size reported
 * by the system counts as a failure of the system, and is retried. */
nn_status nn_file_load(const char *path, size_t largest, const char *what, void **bytes, size_t *size);

/* The names in a folder except "." and "..", in byte order; an absent folder has none, and *there is false.
 * Release them with nn_list_release in any case. */
nn_status nn_folder_list(const char *path, nn_text_list *names, bool *there);

#endif
