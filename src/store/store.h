/*
 * HDF5 input and output. The only folder that includes hdf5.h. Every rank opens files independently, with a
 * serial driver. HDF5's error stack is converted to our single message. Any thread may call these functions:
 * a process-wide lock admits one at a time to HDF5. A given file, array, image or writer must be used by one
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

/* How HDF5 prints errors in this thread, which this folder switches off: saves the setting; restores it. */
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

/* The types that can be read: native types after conversion. */
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
    nn_store_type type; /* as it is read; a half float as F32, any byte order as native */
    char type_name[64]; /* the type in the file: "uint8", "float64 big-endian", "compound" */
    int dimensions;
    int64_t extents[NN_STORE_MAX_DIMENSIONS];
    bool chunked;
    int64_t chunk[NN_STORE_MAX_DIMENSIONS];
    char filters[64]; /* "deflate", "shuffle deflate", "" */
    uint64_t storage_bytes;
    bool half;       /* float16 in the file */
    bool big_endian; /* in the file */
    bool external;   /* the values are in another file: raw external storage, or a link to that file */
    bool is_virtual; /* the values are in other datasets */
    bool written;    /* false: there are elements, but none was ever written; they read as the fill value */
} nn_store_info;

/* Opens a file read-only. Retries without locking if the file system has no locks, and warns. Messages
 * distinguish a missing file, a folder, a file that is not HDF5, one that is cut short, and a lack of
 * permission. The caller owns *file. */
nn_status nn_store_open(const char *path, nn_store_file **file);
/* Opens an image of a file in memory, which is borrowed while open; messages show `name` instead of a
 * path. */
nn_status nn_store_open_image(const void *bytes, size_t size, const char *name, nn_store_file **file);
void nn_store_close(nn_store_file *file); /* accepts NULL */
const char *nn_store_path(const nn_store_file *file);

/* Calls `visit` for every dataset (path without leading '/', in order of names; of a file in memory only
 * those in the file itself). Stops at a failure. */
typedef nn_status (*nn_store_visitor)(void *context, const char *dataset, const nn_store_info *info);
nn_status nn_store_visit(nn_store_file *file, nn_store_visitor visit, void *context);

/* Opens a dataset. If it is missing, the error lists those that exist, the nearest name first. The file must
 * stay open as long as the array. */
nn_status nn_store_array_open(nn_store_file *file, const char *dataset, nn_store_array **array);
void nn_store_array_close(nn_store_array *array); /* accepts NULL */
bool nn_store_has(nn_store_file *file, const char *dataset);
bool nn_store_has_group(nn_store_file *file, const char *group);
const nn_store_info *nn_store_array_info(const nn_store_array *array);
/* A hash, never 0, of what a reader must find again: type, extents, chunks, and where the values are. */
uint64_t nn_store_info_hash(const nn_store_info *info);

/* Reads rows [first, first + rows) along the first dimension, with all indices of the others, as `type` (a
 * numeric one) to `values`. HDF5 converts: values outside the range of `type` silently become the nearest
 * limit, and fractions are truncated. If `type` is that of the file, a contiguous array is read without HDF5
 * and its lock. The failure reports which rows are damaged. */
nn_status nn_store_read_rows(nn_store_array *array, int64_t first, int64_t rows, nn_store_type type,
                             void *values);
/* Reads indices [first, first + count) of dimension `axis`, and delivers them with that dimension first and
 * the others after it in their order; for axis 0 the same as nn_store_read_rows. Otherwise needs some
 * additional MiB of memory, or that of one chunk. Compressed chunks are decompressed once if `first` and
 * `count` are multiples of the chunk's extent along the axis. */
nn_status nn_store_read_slab(nn_store_array *array, int axis, int64_t first, int64_t count,
                             nn_store_type type, void *values);
/* Finds the first of indices [first, first + count) of dimension `axis` that cannot be read, and the number
 * of consecutive ones (all requested indices of a damaged chunk); *bad_count is 0 if all can be read. Reads
 * them all, in bounded memory. */
nn_status nn_store_find_damage(nn_store_array *array, int axis, int64_t first, int64_t count,
                               int64_t *bad_first, int64_t *bad_count);
/* Reads a small dataset completely, or elements spread over a larger one, whatever their type, and the
 * locations of its chunks: for inspecting a file that may be malformed. */
nn_status nn_store_touch(nn_store_file *file, const char *dataset);
/* Reads the entire array as `type`; it must have exactly `count` elements. */
nn_status nn_store_read(nn_store_file *file, const char *dataset, nn_store_type type, size_t count,
                        void *values);
/* Reads a byte string dataset or a text attribute of the root group ("@name"); the caller owns *text. */
nn_status nn_store_read_text(nn_store_file *file, const char *dataset, char **text);
/* Reads a one-dimensional dataset of strings, of fixed or variable length, at most NN_STORE_MOST_NAMES. The
 * caller owns *names and its items (nn_store_free_names). */
#define NN_STORE_MOST_NAMES 1000000
nn_status nn_store_read_names(nn_store_file *file, const char *dataset, char ***names, size_t *count);
void nn_store_free_names(char **names, size_t count); /* accepts NULL */
/* For such a dataset of any length: its rows, and the bytes of the longest string; and rows [first, first +
 * rows), each `size` bytes, cut or padded with NUL. */
nn_status nn_store_measure_texts(nn_store_file *file, const char *dataset, int64_t *rows, size_t *longest);
nn_status nn_store_read_texts(nn_store_file *file, const char *dataset, int64_t first, int64_t rows,
                              size_t size, char *texts);

/* ---- writing: an image in memory, then an atomic commit ---- */

typedef struct nn_store_image nn_store_image;

/* Creates an HDF5 file in memory (core driver without backing store). Missing groups are created. The caller
 * owns *image. */
nn_status nn_store_image_create(nn_store_image **image);
void nn_store_image_destroy(nn_store_image *image); /* accepts NULL */
/* Before anything is written: reserves memory for a file of about this size, which is not copied while it
 * grows up to it. Memory that is not needed is not touched. */
void nn_store_image_expect(nn_store_image *image, size_t size);
/* Writes a contiguous array with an attribute "xxh64", the hash of its bytes. */
nn_status nn_store_image_put(nn_store_image *image, const char *dataset, nn_store_type type, int dimensions,
                             const int64_t *extents, const void *values);
/* Makes such an array, not an empty one, whose values the caller writes into the image, *offset bytes after
 * its beginning. */
nn_status nn_store_image_place(nn_store_image *image, const char *dataset, nn_store_type type, int dimensions,
                               const int64_t *extents, size_t *offset);
/* The beginning of the image, where there is room for all arrays that have been placed. Borrowed, until the
 * next call for the image. Values have any alignment. */
nn_status nn_store_image_bytes(nn_store_image *image, unsigned char **bytes);
/* Writes the hash of a placed array, which has its values now. */
nn_status nn_store_image_hash(nn_store_image *image, const char *dataset);
nn_status nn_store_image_put_text(nn_store_image *image, const char *dataset, const char *text);
/* The same for a text that was appended to, which it releases; fails if that ran out of memory. */
nn_status nn_store_image_take_text(nn_store_image *image, const char *dataset, nn_text *text);
/* Makes a link to a dataset of another file, whose name HDF5 looks up from the folder of this one. */
nn_status nn_store_image_put_link(nn_store_image *image, const char *name, const char *file,
                                  const char *target);
/* Writes a list of strings for nn_store_read_names. */
nn_status nn_store_image_put_names(nn_store_image *image, const char *dataset, size_t count,
                                   char *const *names);
/* Writes a text attribute of the root group, at most 60,000 bytes. */
nn_status nn_store_image_put_attribute(nn_store_image *image, const char *name, const char *text);
/*
 * Closes the HDF5 file and returns its bytes, which are not copied, followed by a trailer that seals them:
 * magic, length, XXH64 of everything before it. h5py and h5dump open such a file directly. The caller owns
 * *bytes (nn_free). Afterwards the image can only be destroyed.
 */
nn_status nn_store_image_seal(nn_store_image *image, void **bytes, size_t *size);

/* Preallocates a file next to the target ("path.tmp"), writes the bytes, fsyncs, renames, and fsyncs the
 * directory. Afterwards `path` is the complete new file; after a failure it is unchanged, and nothing of the
 * new file remains. Makes no HDF5 calls and uses no shared state: may run in any thread. */
nn_status nn_store_commit(const char *path, const void *bytes, size_t size);

/* As nn_store_commit, for sealed bytes; before it is renamed, the new file is reread from the disk, bypassing
 * the cache as far as the system permits, and compared: NN_ERROR_IO if the file, or the bytes in memory, no
 * longer match the seal. */
nn_status nn_store_commit_verified(const char *path, const void *bytes, size_t size);

/* Reads a sealed file and verifies its seal before HDF5 sees it: NN_ERROR_CHECKPOINT if it is cut short,
 * damaged or not sealed; NN_ERROR_IO if it could not be read, which says nothing about its contents. The
 * caller owns *bytes. */
nn_status nn_store_read_sealed(const char *path, void **bytes, size_t *size);

/* As nn_store_read, and verifies the array against its "xxh64" attribute. */
nn_status nn_store_read_verified(nn_store_file *file, const char *dataset, nn_store_type type, size_t count,
                                 void *values);
/* Compares an entire array with its "xxh64" attribute (texts have none), and counts its values that are NaN
 * or Inf. */
nn_status nn_store_check_array(nn_store_file *file, const char *dataset, int64_t *nonfinite);

#endif
