/* The files that a configuration was read from, so that one process reads them for many. */
#ifndef NN_CONFIG_LOADED_FILES_H
#define NN_CONFIG_LOADED_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* Self-contained bytes, which may be sent to other processes of this program. {0} is empty. */
typedef struct nn_config_files {
    unsigned char *bytes; /* allocated by base/memory.h; owned */
    size_t size;
} nn_config_files;

void nn_config_files_release(nn_config_files *files);

typedef struct nn_config_loaded {
    void *bytes; /* owned by the caller */
    size_t length;
    uint64_t device, inode;
} nn_config_loaded;

/* A copy of a file that was added under this path. files may be NULL in both. */
nn_status nn_config_files_find(const nn_config_files *files, const char *path, nn_config_loaded *loaded,
                               bool *there);
nn_status nn_config_files_add(nn_config_files *files, const char *path, const nn_config_loaded *loaded);

#endif
