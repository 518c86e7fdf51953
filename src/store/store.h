/*
 * HDF5 in, HDF5 out. The only folder that includes hdf5.h. Every rank opens files on its own with the serial
 * driver. HDF5's own error stack is turned into our one message. Any thread may call these functions: one
 * lock of the process lets one at a time into HDF5. A file, array, image or writer is itself used by one
 * thread at a time.
 */
#ifndef NN_STORE_STORE_H
#define NN_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

#define NN_STORE_MAX_DIMENSIONS 32

const char *nn_store_library(void); /* "HDF5 1.10.8". Borrowed. */

/* ---- inside another program ---- */

/* How HDF5 prints its errors in this thread, which this folder switches off; and back to that. */
typedef struct nn_store_printing {
    bool known, is_new;
    void (*print)(void);
    void *data;
} nn_store_printing;
void nn_store_printing_keep(nn_store_printing *printing);
void nn_store_printing_restore(const nn_store_printing *printing);

/* ---- reading ---- */

typedef struct nn_store_file nn_store_file;
typedef struct nn_store_array nn_store_array;

/* What can be read: native element types after conversion. */
typedef enum nn_store_type {
    NN_STORE_U8,
    NN_STORE_I8,
    NN_STORE_U16,
    NN_STORE_I16,
    NN_STORE_U32,
    NN_STORE_I32,
    NN_STORE_U64,
    NN_STORE_I64,
    NN_STORE_F32,
    NN_STORE_F64,
    NN_STORE_TEXT,       /* strings: only names and attributes */
    NN_STORE_UNSUPPORTED /* compound, variable length, ...: see nn_store_info.type_name */
} nn_store_type;
size_t nn_store_type_size(nn_store_type type);
bool nn_store_type_is_integer(nn_store_type type);

typedef struct nn_store_info {
    nn_store_type type; /* as it is read; a half float is read as F32, any endianness as native */
    char type_name[64]; /* as it stands in the file: "uint8", "float64 big-endian", "compound" */
    int dimensions;
    int64_t extents[NN_STORE_MAX_DIMENSIONS];
    bool chunked;
    int64_t chunk[NN_STORE_MAX_DIMENSIONS];
    char filters[64]; /* "deflate", "shuffle deflate", "" */
    uint64_t storage_bytes;
    bool half;       /* float16 in the file */
    bool big_endian; /* in the file */
    bool external;   /* its values stand in another file: raw external storage, or a link to that file */
    bool is_virtual; /* its values stand in other datasets */
    bool written;    /* false: there are elements, but none was ever written; they read as the fill value */
} nn_store_info;

/* Opens read-only. Retries without file locking where the file system has none, and warns. Messages tell a
 * missing file, a folder, a file that is no HDF5, one cut short, and missing permission apart. */
nn_status nn_store_open(const char *path, nn_store_file **file);
/* Opens an image of a file in memory (borrowed while open); `name` stands for the path in messages. */
nn_status nn_store_open_image(const void *bytes, size_t size, const char *name, nn_store_file **file);
void nn_store_close(nn_store_file *file); /* accepts NULL */
const char *nn_store_path(const nn_store_file *file);

/* Calls `visit` for every dataset (path without leading '/', in order of names). Ends at a failure. */
typedef nn_status (*nn_store_visitor)(void *context, const char *dataset, const nn_store_info *info);
nn_status nn_store_visit(nn_store_file *file, nn_store_visitor visit, void *context);

/* A missing dataset is an error that lists those that exist, nearest name first. */
nn_status nn_store_array_open(nn_store_file *file, const char *dataset, nn_store_array **array);
void nn_store_array_close(nn_store_array *array); /* accepts NULL */
bool nn_store_has(nn_store_file *file, const char *dataset);
bool nn_store_has_group(nn_store_file *file, const char *group);
const nn_store_info *nn_store_array_info(const nn_store_array *array);

/* Reads rows [first, first + rows) along the first dimension, whole, as `type` (a numeric one), to `values`.
 * HDF5 converts: what `type` cannot hold silently becomes its nearest limit, fractions are cut off. A
 * contiguous array is read past HDF5, and past the lock, where `type` is what the file holds. The failure
 * tells which rows are damaged. */
nn_status nn_store_read_rows(nn_store_array *array, int64_t first, int64_t rows, nn_store_type type,
                             void *values);
/* Reads indices [first, first + count) of dimension `axis` and delivers them with that dimension moved to the
 * front, the others behind it in their order; with axis 0 the same as nn_store_read_rows. Otherwise needs
 * some MiB of memory more, or one chunk. Packed chunks are unpacked once when `first` and `count` are
 * multiples of the chunk's extent along the axis. */
nn_status nn_store_read_slab(nn_store_array *array, int axis, int64_t first, int64_t count,
                             nn_store_type type, void *values);
/* Finds the first of indices [first, first + count) of dimension `axis` that cannot be read, and how many
 * follow it without a gap (all indices of a damaged chunk, as far as asked for); *bad_count is 0 when all
 * can be read. Reads them all, in bounded memory. */
nn_status nn_store_find_damage(nn_store_array *array, int axis, int64_t first, int64_t count,
                               int64_t *bad_first, int64_t *bad_count);
/* Reads a small dataset whole, some elements all over a larger one, whatever their type, and where its chunks
 * stand: for a look at a file that may be malformed. */
nn_status nn_store_touch(nn_store_file *file, const char *dataset);
/* Reads the whole array as `type`, of which exactly `count` elements are expected. */
nn_status nn_store_read(nn_store_file *file, const char *dataset, nn_store_type type, size_t count,
                        void *values);
/* Reads a byte string dataset or a text attribute of the root group ("@name"); *text is the caller's. */
nn_status nn_store_read_text(nn_store_file *file, const char *dataset, char **text);
/* Reads a one-dimensional dataset of strings, of fixed or variable length, at most NN_STORE_MOST_NAMES.
 * *names and each of its items are the caller's (nn_store_free_names). */
#define NN_STORE_MOST_NAMES 1000000
nn_status nn_store_read_names(nn_store_file *file, const char *dataset, char ***names, size_t *count);
void nn_store_free_names(char **names, size_t count); /* accepts NULL */

/* ---- writing: an image in memory, then an atomic commit ---- */

typedef struct nn_store_image nn_store_image;

/* An HDF5 file in memory (core driver without backing store). Missing groups are made. */
nn_status nn_store_image_create(nn_store_image **image);
void nn_store_image_destroy(nn_store_image *image); /* accepts NULL */
/* Writes a contiguous array with an attribute "xxh64": the hash of its bytes. */
nn_status nn_store_image_put(nn_store_image *image, const char *dataset, nn_store_type type, int dimensions,
                             const int64_t *extents, const void *values);
nn_status nn_store_image_put_text(nn_store_image *image, const char *dataset, const char *text);
/* A list of strings, which nn_store_read_names reads. */
nn_status nn_store_image_put_names(nn_store_image *image, const char *dataset, size_t count,
                                   char *const *names);
/* A text attribute of the root group, at most 60,000 bytes. */
nn_status nn_store_image_put_attribute(nn_store_image *image, const char *name, const char *text);
/*
 * Closes the HDF5 file and returns its bytes, with a trailer appended that seals them: magic, length, XXH64
 * of all before it. h5py and h5dump open such a file as it is. *bytes is owned by the caller (nn_free). The
 * image can only be destroyed afterwards.
 */
nn_status nn_store_image_seal(nn_store_image *image, void **bytes, size_t *size);

/* Writes the bytes beside the target ("path.tmp"), reserves the room first, fsyncs, renames, fsyncs the
 * directory: afterwards `path` is the new file whole; after a failure it is what it was, and nothing of the
 * new one is left. Uses no HDF5 call and no shared state: may run in any thread. */
nn_status nn_store_commit(const char *path, const void *bytes, size_t size);

/* As nn_store_commit, of sealed bytes; before the renaming the new file is read again from the disk, as far
 * as the system lets us go past its cache, and compared: NN_ERROR_IO where it, or what it was written from,
 * is not what was sealed. */
nn_status nn_store_commit_verified(const char *path, const void *bytes, size_t size);

/* Reads a sealed file whole and verifies its seal before HDF5 sees it: NN_ERROR_CHECKPOINT says cut short,
 * damaged or not sealed; NN_ERROR_IO that it could not be read, which says nothing of its content. *bytes is
 * owned by the caller. */
nn_status nn_store_read_sealed(const char *path, void **bytes, size_t *size);

/* Verifies an array against its "xxh64" attribute while reading it: as nn_store_read. */
nn_status nn_store_read_verified(nn_store_file *file, const char *dataset, nn_store_type type, size_t count,
                                 void *values);
/* Compares a whole array with its "xxh64" attribute (texts have none), and counts its values that are NaN or
 * Inf. */
nn_status nn_store_check_array(nn_store_file *file, const char *dataset, int64_t *nonfinite);

#endif
