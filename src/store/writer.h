/*
 * Writes a data file of any size: datasets are filled block by block, under a temporary name until the file
 * is complete. Memory is bounded by the chunks in flight.
 */
#ifndef NN_STORE_WRITER_H
#define NN_STORE_WRITER_H

#include "store/store.h"

typedef struct nn_store_writer nn_store_writer;
typedef struct nn_store_output nn_store_output;

/* The layout of a dataset. Rows are along the first dimension. */
typedef struct nn_store_layout {
    nn_store_type type; /* in the file, little-endian; NN_STORE_TEXT: strings of variable length, UTF-8 */
    bool half;          /* with NN_STORE_F32: float16 in the file */
    bool characters;    /* with NN_STORE_U8: strings of one byte in the file, as NetCDF's characters */
    const void *fill;   /* of `type`: the fill value that HDF5 notes; NULL: none. Borrowed while adding */
    int dimensions;     /* of one row; 0: one value per row */
    int64_t extents[NN_STORE_MAX_DIMENSIONS];
    int64_t rows;        /* -1: unknown, the dataset grows */
    int64_t chunk_rows;  /* 0: about 256 KiB per chunk; contiguous if rows are known and compression is 0 */
    int64_t compression; /* deflate with shuffle, 1 to 9; 0: none */
    int64_t text_bytes;  /* of texts: their size, as far as it is known, to foresee a full disk */
} nn_store_layout;

/* Creates PATH with NN_STORE_TEMPORARY after it. An existing PATH is replaced only by nn_store_writer_commit.
 * NN_ERROR_BUSY if another process is writing PATH; the remains of a killed process are overwritten. The
 * caller owns *writer. */
nn_status nn_store_writer_create(const char *path, nn_store_writer **writer);

/* Adds a dataset (missing groups are created). A contiguous one fails at once if the disk has too little
 * space. *output is borrowed, and valid until the writer is destroyed. After a failure the file cannot be
 * committed. */
nn_status nn_store_writer_add(nn_store_writer *writer, const char *dataset, const nn_store_layout *layout,
                              nn_store_output **output);

/* Appends rows whose values have type `type` in memory; HDF5 converts them to the type of the file. Fails if
 * a dataset with a known number of rows would become longer. Values of type NN_STORE_TEXT are `char *`, and
 * those of no other type become strings. A full disk is reported here, or by the
 * commit. */
nn_status nn_store_output_append(nn_store_output *output, int64_t rows, nn_store_type type,
                                 const void *values);

/* Writes a one-dimensional dataset of strings of one fixed length (the longest, in bytes), UTF-8. */
nn_status nn_store_writer_put_names(nn_store_writer *writer, const char *dataset, size_t count,
                                    char *const *names);
/* Writes a text attribute of a dataset, or of the root group if dataset is NULL; at most 60,000 bytes. */
nn_status nn_store_writer_put_attribute(nn_store_writer *writer, const char *dataset, const char *name,
                                        const char *text);

/* The same for an attribute that is a number. */
nn_status nn_store_writer_put_integer(nn_store_writer *writer, const char *dataset, const char *name,
                                      int64_t value);

/* The same for a list of numbers. */
nn_status nn_store_writer_put_numbers(nn_store_writer *writer, const char *dataset, const char *name,
                                      nn_store_type type, int64_t count, const void *values);

/* Says that a one-dimensional dataset holds the coordinates along dimension `dimension` of another, as the
 * dimension scales of HDF5 do, by which netCDF, xarray and h5py find them. */
typedef struct nn_store_scale_use {
    const char *dataset;
    int dimension;
    const char *scale;
    bool bare; /* the scale has no coordinates: only its length counts */
} nn_store_scale_use;

/* Writes all such relations of the file, once its datasets have been added. */
nn_status nn_store_writer_put_scales(nn_store_writer *writer, size_t count, const nn_store_scale_use *uses);

/* Closes the file, reopens it to verify its extents and that everything is stored, fsyncs, renames, fsyncs
 * the directory. Fails if a dataset with a known number of rows was not filled. Afterwards the writer can
 * only be destroyed. */
nn_status nn_store_writer_commit(nn_store_writer *writer);

/* Without a commit, nothing remains of the file. Accepts NULL. */
void nn_store_writer_destroy(nn_store_writer *writer);

#endif
