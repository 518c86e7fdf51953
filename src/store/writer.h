/*
 * Writing a data file of any size: datasets that are filled block by block, under a temporary name until the
 * file is whole. Memory stays bounded by the chunks in flight.
 */
#ifndef NN_STORE_WRITER_H
#define NN_STORE_WRITER_H

#include "store/store.h"

typedef struct nn_store_writer nn_store_writer;
typedef struct nn_store_output nn_store_output;

/* How a dataset is laid out. Rows are along the first dimension. */
typedef struct nn_store_layout {
    nn_store_type type; /* in the file, little-endian */
    bool half;          /* with NN_STORE_F32: float16 in the file */
    int dimensions;     /* of one row; 0: one value a row */
    int64_t extents[NN_STORE_MAX_DIMENSIONS];
    int64_t rows;        /* -1: not known, the dataset grows */
    int64_t chunk_rows;  /* 0: rows of about 256 KiB; contiguous when rows are known and nothing compresses */
    int64_t compression; /* deflate with shuffle, 1 to 9; 0: none */
} nn_store_layout;

/* Begins PATH.tmp. An existing PATH is replaced only by nn_store_writer_commit. NN_ERROR_BUSY when another
 * process is writing PATH; what a killed one has left is written over. */
nn_status nn_store_writer_create(const char *path, nn_store_writer **writer);

/* Adds a dataset (missing groups are made). A contiguous one fails at once when the disk has not the room.
 * *output is the writer's, valid until it is destroyed. After a failure the file cannot be committed. */
nn_status nn_store_writer_add(nn_store_writer *writer, const char *dataset, const nn_store_layout *layout,
                              nn_store_output **output);

/* Appends rows whose values are of `type` in memory; HDF5 converts to the type of the file. Fails when a
 * dataset of known rows would become longer. A full disk is reported here, or by the commit. */
nn_status nn_store_output_append(nn_store_output *output, int64_t rows, nn_store_type type,
                                 const void *values);

/* A one-dimensional dataset of strings of one fixed length (the longest, in bytes), UTF-8. */
nn_status nn_store_writer_put_names(nn_store_writer *writer, const char *dataset, size_t count,
                                    char *const *names);
/* A text attribute of a dataset, or of the root group when dataset is NULL; at most 60,000 bytes. */
nn_status nn_store_writer_put_attribute(nn_store_writer *writer, const char *dataset, const char *name,
                                        const char *text);

/* Closes, opens again to verify extents and that all is stored, fsyncs, renames, fsyncs the directory. Fails
 * when a dataset of known rows was not filled. The writer can only be destroyed afterwards. */
nn_status nn_store_writer_commit(nn_store_writer *writer);

/* Without a commit nothing is left of the file. Accepts NULL. */
void nn_store_writer_destroy(nn_store_writer *writer);

#endif
