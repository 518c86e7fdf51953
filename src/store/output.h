/* Which existing files an output option may replace: those that nntrain wrote for the same purpose. */
#ifndef NN_STORE_OUTPUT_H
#define NN_STORE_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

/* The beginning of a file, at most, that nn_output_kind.is gets. */
#define NN_OUTPUT_BEGIN ((size_t)1 << 16)

typedef struct nn_output_kind {
    const char *what; /* "a file of predictions" */
    /* Whether a file is of this kind. `begin` is its beginning, with a NUL after its `length` bytes. */
    bool (*is)(const void *context, const char *path, const char *begin, size_t length);
    const void *context;
} nn_output_kind;

/* NN_ERROR_USAGE where `path` is a file that is neither empty nor of the kind. Folders, pipes and devices are
 * left to whoever writes. */
nn_status nn_output_check(const char *command, const char *path, const nn_output_kind *kind);

/* The usual tests: whether a text is at the beginning of the file, or near it; whether the root group of an
 * HDF5 file has an attribute of this text. */
bool nn_output_begins(const char *begin, size_t length, const char *text);
bool nn_output_has(const char *begin, size_t length, const char *text);
bool nn_output_has_attribute(const char *path, const char *name, const char *text);

#endif
