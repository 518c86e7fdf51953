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

#include "base/options.h"
#include "base/status.h"
#include "base/text.h"

#define NN_STORE_MAX_DIMENSIONS 32

const char *nn_store_library(void); /* "HDF5 1.10.8". Borrowed. */

/* ---- inside another program ---- */

/* Fails if the program around this library brings another version of HDF5; HDF5 itself would abort. Clears
 * HDF5's error stack. */
nn_status nn_store_expect_library(void);

/* How HDF5 prints errors in this thread, which this folder switches off, and the errors of the program's last
 * call: saves them; restores them. */
typedef struct nn_store_printing {
    int64_t errors; /* a stack of HDF5; negative: none */
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

/* What the numbers of a dataset are in MATLAB, if they are not its values. */
typedef enum nn_store_matlab {
    NN_STORE_MATLAB_NONE,
    NN_STORE_MATLAB_TEXT,  /* char: numbers of characters */
    NN_STORE_MATLAB_CELL,  /* references to other datasets */
    NN_STORE_MATLAB_EMPTY, /* the extents of an array without elements */
} nn_store_matlab;

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
    char layout[16]; /* the name of the layout; "" for a dataset */
    nn_store_matlab matlab;
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

/* What opening an array found out by reading much, so that it need not be found again. */
typedef struct nn_store_facts {
    void *bytes; /* NULL: nothing */
    size_t size;
} nn_store_facts;

/* What one of several members is: a sample, or several, which are its rows. */
enum { NN_STORE_MEMBERS_AUTO, NN_STORE_MEMBERS_SAMPLES, NN_STORE_MEMBERS_ROWS };

/* Sequences with more steps than a row: refused, cut to the first or the last of them, or to several rows. */
enum { NN_STORE_LONGER_ERROR, NN_STORE_LONGER_CUT, NN_STORE_LONGER_LAST, NN_STORE_LONGER_WINDOW };

/* For sequences cut into several rows: not; a row of the dataset for each; the number of the sequence for
 * each. Both need the facts of the sequences. */
enum { NN_STORE_REPEATED_NOT, NN_STORE_REPEATED_ROWS, NN_STORE_REPEATED_NUMBERS };

/* Texts are not sequences, but names; or sequences of characters, or of bytes. */
enum { NN_STORE_UNIT_NONE, NN_STORE_UNIT_CHARACTERS, NN_STORE_UNIT_BYTES };
/* The name of number 0 in such sequences: the end of a text, or a character that is not known. */
#define NN_STORE_NO_CHARACTER "(none)"

/* An array to open: a dataset, or what another layout makes an array of (layout.h). Members that are 0 or
 * NULL ask for nothing. Borrowed while opening. */
typedef struct nn_store_spec {
    const char *dataset;  /* the path of a dataset, or another name that a layout recognises */
    bool incomplete;      /* sources of a virtual dataset may be missing: they are gaps (gaps.h) */
    bool codes;           /* texts and enumerations are numbered: nn_store_array_classes */
    bool stored;          /* of several arrays: values are as stored, whatever their attributes say ... */
    bool fills;           /* ... and those never written are fill values */
    nn_store_facts facts; /* of the same array, opened before or by another process; borrowed */
    int members;          /* what a member of a pattern is, or a dataset in a file of its own */
    /* For sparse matrices: the dimension along which rows are read, and the bytes of memory that turning one
     * around may take; 0: 256 MiB. */
    int axis;
    int64_t memory;
    /* For sequences of different lengths (ragged.h): */
    int64_t steps; /* of each row; 0: as many as the longest sequence has */
    int longer;    /* nn_store_longer: what to do with a longer one */
    bool hashed;   /* texts are numbers that depend on the text alone, in any file */
    int unit;      /* texts are sequences of these: NN_STORE_UNIT_... */
    int repeated;  /* one row per sequence, where these are cut into windows */
    bool lengths;  /* not the values, but the length of each sequence; needs the facts of the values */
} nn_store_spec;

/* Opens an array. If there is no such dataset, the error lists those that exist, the nearest name first. The
 * file must stay open as long as the array. */
nn_status nn_store_array_open_as(nn_store_file *file, const nn_store_spec *spec, nn_store_array **array);
nn_status nn_store_array_open(nn_store_file *file, const char *dataset, nn_store_array **array);
nn_store_facts nn_store_array_facts(const nn_store_array *array); /* borrowed */
/* Sequences with lengths of their own. */
typedef struct nn_store_sequences {
    int64_t shortest, longest;
    uint64_t hash; /* of all lengths */
} nn_store_sequences;

/* Whether an array holds them. */
bool nn_store_array_sequences(const nn_store_array *array, nn_store_sequences *sequences);

/* Members of a pattern, such as sample_*: */
typedef struct nn_store_members {
    int64_t count;
    bool single, alike; /* each is a single number; all have the same extents */
} nn_store_members;

/* Whether an array consists of them. */
bool nn_store_array_members(const nn_store_array *array, nn_store_members *found);

/* Appends how the values are stored and what that costs, for the user, as "sequences of 3 to 9 steps, padded
 * to 9"; nothing for a dataset of numbers. */
void nn_store_array_describe(const nn_store_array *array, nn_text *text);
/* Adds the names of the values 0, 1, ... of an array, for texts in the order of their bytes; nothing if they
 * have none. */
nn_status nn_store_array_classes(const nn_store_array *array, nn_text_list *names);
/* How often class `number` occurs, if the array has counted that; otherwise 0. */
int64_t nn_store_array_occurrences(const nn_store_array *array, int64_t number);
/* Adds the names along the last dimension of an array that is made of several; nothing for others. */
nn_status nn_store_array_columns(const nn_store_array *array, nn_text_list *names);
/* Adds the names of the fields of a dataset of records, to be opened as DATASET.FIELD; nothing for others. */
nn_status nn_store_list_fields(nn_store_file *file, const char *dataset, nn_text_list *names);
/* Adds the names of the attributes of a group or dataset that are single numbers; nothing if there is none.
 */
nn_status nn_store_list_attributes(nn_store_file *file, const char *object, nn_text_list *names);
void nn_store_array_close(nn_store_array *array); /* accepts NULL */
/* How many characters of what a specification names are the path of a dataset, next to which the names of its
 * columns are: all of them, but for layouts that add words. */
size_t nn_store_stem(const char *dataset);
bool nn_store_has(nn_store_file *file, const char *dataset);
/* Whether nn_store_array_open_as finds an array: a dataset, or all that another layout makes it of. */
bool nn_store_has_array(nn_store_file *file, const char *name);
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
/* The same for an attribute of a group; *text is NULL if there is no such group or attribute. */
nn_status nn_store_read_text_of(nn_store_file *file, const char *group, const char *name, char **text);
/* The same for an attribute of a dataset; *text is NULL also if it is not a single text. */
nn_status nn_store_find_attribute(nn_store_file *file, const char *dataset, const char *attribute,
                                  char **text);
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

/* Preallocates a file next to the target (store/durable.h), writes the bytes, fsyncs, renames, and fsyncs the
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
