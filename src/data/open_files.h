/* Files that are open, shared by the parts of a data set: a file that several of them read is opened once.
 * Private to data. */
#ifndef NN_DATA_OPEN_FILES_H
#define NN_DATA_OPEN_FILES_H

#include "store/store.h"

typedef struct nn_open_file {
    char *path;
    nn_store_file *file;
    int users;
} nn_open_file;

/* Zero-initialise. */
typedef struct nn_open_files {
    nn_open_file *items;
    int count, room;
} nn_open_files;

/* Opens a file, or borrows the open one of the same path; every take needs a give. */
nn_status nn_open_files_take(nn_open_files *files, const char *path, nn_store_file **file);
void nn_open_files_give(nn_open_files *files, nn_store_file *file); /* accepts NULL */

void nn_open_files_release(nn_open_files *files); /* once all files were given back */

#endif
