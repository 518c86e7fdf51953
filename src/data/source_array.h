/* An array of samples: rows of raw values of the file's own type, in the network's order of dimensions.
 * Private to data. */
#ifndef NN_DATA_SOURCE_ARRAY_H
#define NN_DATA_SOURCE_ARRAY_H

#include "base/names.h"
#include "base/real.h"
#include "base/shape.h"
#include "data/dataset_options.h"
#include "store/packing.h"
#include "store/store.h"

/* The largest label: no memory would hold the outputs that a larger one asks for. */
#define NN_LABEL_MAX 2147483646.0
#define NN_LABEL_BAD INT32_MIN
#define NN_LABEL_MISSING (INT32_MIN + 1)
#define NN_LABEL_IGNORED (-1)

typedef struct nn_value_map nn_value_map;

typedef struct nn_array {
    const char *key, *part;     /* for messages: data.<part>.<key>; borrowed */
    const char *dataset, *path; /* its place in the first file; borrowed */
    nn_store_spec spec;         /* how the files store it, but for the facts of each; borrowed */
    bool given, sound;          /* sound: can be read as samples */
    bool absent;                /* a target that no file contains: all of its values are missing */
    bool label;    /* class labels: NN_STORE_I32, from 0; NN_LABEL_BAD, _MISSING or _IGNORED otherwise */
    bool group;    /* group numbers: any integers; see nn_array_group */
    bool index;    /* an input of indices */
    bool texts;    /* texts, numbered by file: see nn_store_array_classes */
    int64_t steps; /* steps of the first input if sequences have lengths: as many labels are one per step */
    nn_store_type type;
    int64_t rows, values;  /* rows of all files together; values per row */
    int64_t chunk_rows;    /* rows best read together */
    nn_shape shape;        /* of a row; one value is 1 x */
    size_t row_size;       /* bytes per row */
    bool hot;              /* labels with several dimensions are one-hot along the last one */
    int64_t one_hot;       /* number of classes if labels are one-hot; otherwise 0 */
    const nn_names *names; /* those that the data set uses; borrowed; NULL until known */
    unsigned char *raw;    /* all rows; NULL: streamed */
    bool seeks_gaps;       /* unwritten values are missing, not fill values */
    bool scanned;          /* hashed for its identity, at least in part */
    uint64_t content;      /* sum of the hashes of the rows that this rank scanned */
    int64_t content_rows;  /* number of those rows */

    /* as stored in the file */
    int axis; /* the dimension along which samples lie */
    int stored_dimensions;
    int64_t chunk[NN_STORE_MAX_DIMENSIONS]; /* all 1 if the dataset is not chunked */
    nn_store_type file_type;                /* type to read from the files, unless `cleans` */
    nn_store_type stored_type;              /* type of what was read */
    nn_store_packing packing;               /* how values are unpacked on conversion; none if `cleans` */
    bool cleans;                            /* values are unpacked, and missing ones set to NaN, on reading */
    int64_t stored_values;
    size_t stored_size;
    int64_t first_label;
    int64_t *listed; /* labels in class order; owned; NULL: not listed */
    int64_t listed_count;
    bool ignores;
    bool masks;            /* missing labels are ignored */
    int64_t ignored_label; /* if `ignores`: the label that means no class */
    int64_t *places;       /* index of each value in the stored row; owned; NULL: the same */
} nn_array;

/* An array of up to this many values is read in no noticeable time. */
#define NN_ARRAY_SMALL ((double)(1 << 24))

/* Values converted at a time, few enough to stay in L1 cache. */
#define NN_ARRAY_BLOCK 512

/* Converts `count` numbers of a type to double. */
void nn_array_numbers(nn_store_type type, const void *raw, int64_t count, double *values);

/* Converts values [first, first + count) of a row to double, unpacked; a missing one becomes NaN. 64-bit
 * integers beyond 2^53 are rounded. */
void nn_array_convert(const nn_array *array, const unsigned char *row, int64_t first, int64_t count,
                      double *values);

/* Fills in the array, whose `label` is set, from the description of the dataset in the first file. Fails if
 * the dataset does not hold samples. windows: rows are time steps of a series. */
nn_status nn_array_describe(nn_array *array, const nn_store_info *info, const nn_data_field_options *options,
                            bool windows);

/* Widens the type so that it also holds the values of another file, which stores them as `type`. To be called
 * before anything is read. */
void nn_array_join(nn_array *array, nn_store_type type);

/* Frees what nn_array_describe allocated. */
void nn_array_forget(nn_array *array);

/* Whether values can be NaN, or labels missing. */
bool nn_array_may_miss(const nn_array *array);

/* Whether stored rows can be used as they are; if not, nn_array_unpack converts `rows` of them. map: that of
 * the file they come from; NULL: the file's numbers are those of the data set. */
bool nn_array_is_plain(const nn_array *array);
nn_status nn_array_unpack(const nn_array *array, const nn_value_map *map, int64_t rows,
                          const unsigned char *stored, unsigned char *raw);

/* Overwrites value i of a row with an integer. */
void nn_array_put(const nn_array *array, unsigned char *row, int64_t i, int32_t number);

/* Widens an integer array so that its rows can hold numbers up to `largest`. */
void nn_array_widen(nn_array *array, int64_t largest);

/* Prefixes the recorded text of a failed status with the array's name and file; returns the status. */
nn_status nn_array_context(const nn_array *array, nn_status status);

/* Whether reading all of it costs next to nothing. */
static inline bool nn_array_is_small(const nn_array *array)
{
    return (double)array->rows * (double)array->values <= NN_ARRAY_SMALL;
}

/* Returns the label for a group number: the number itself if it can be a label, otherwise a hash of it.
 * Groups with equal hashes become one, so the samples of each still stay together. NN_LABEL_BAD: not an
 * integer, or an integer that a double does not hold exactly. */
int32_t nn_array_group(double number);

#endif
