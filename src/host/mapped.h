/* Files that are read where the system keeps them in memory: one copy for all processes of a machine. */
#ifndef NN_HOST_MAPPED_H
#define NN_HOST_MAPPED_H

#include <stddef.h>

#include "base/status.h"

typedef struct nn_mapped {
    const void *bytes; /* at the start of a page; NULL: nothing is mapped */
    size_t size;
} nn_mapped;

/* Maps a regular file, read-only. NN_ERROR_IO if the system cannot. Who writes into the file afterwards
 * changes what is mapped; who cuts it short makes reading it fatal: replace a file by another one instead. An
 * empty file leaves bytes NULL. */
nn_status nn_mapped_open(const char *path, nn_mapped *mapped);
void nn_mapped_close(nn_mapped *mapped); /* leaves nothing mapped */

#endif
