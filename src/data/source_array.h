/* An array of samples: rows of raw values of the file's own type, in the network's order of dimensions.
 * Private to data. */
#ifndef NN_DATA_SOURCE_ARRAY_H
#define NN_DATA_SOURCE_ARRAY_H

#include "base/names.h"
#include "base/real.h"
#include "base/shape.h"
#include "data/dataset.h"
#include "store/packing.h"
#include "store/store.h"

/* Labels above are surely no classes: as many outputs would fit into no memory. */
#define NN_LABEL_MAX 2147483646.0
#define NN_LABEL_BAD INT32_MIN
#define NN_LABEL_MISSING (INT32_MIN + 1)
#define NN_LABEL_IGNORED (-1)

typedef struct nn_value_map nn_value_map;

typedef struct nn_array {
    const char *key, *part;     /* for messages: data.<part>.<key>; borrowed */
    const char *dataset, *path; /* where it stands, in the first file; borrowed */
    bool given, sound;          /* sound: can be read as samples */
    bool absent;                /* a target that is in no file: all of its values are missing */
    bool label; /* classes: numbers from 0 as NN_STORE_I32; NN_LABEL_BAD, _MISSING or _IGNORED where none */
    bool group; /* a label that may be any whole number: see nn_array_group */
    int64_t steps; /* of the first input, where sequences have lengths: labels of so many are one a step */
    nn_store_type type;
    int64_t rows, values;  /* of all files; and values of each row */
    int64_t chunk_rows;    /* rows that are best read together */
    nn_shape shape;        /* of a row; one value is 1 x */
    size_t row_size;       /* bytes */
    int64_t one_hot;       /* classes, where labels are stored one-hot; else 0 */
    const nn_names *names; /* that the data set goes by; borrowed; NULL until they are known */
    unsigned char *raw;    /* all rows; NULL: a stream */
    bool scanned;          /* for its identity, at least in part */
    uint64_t content;      /* sum of the hashes of rows that a scan has seen on this rank, ... */
    int64_t content_rows;  /* ... and how many of them */

    /* as it is stored */
    int axis; /* of the rows */
    int stored_dimensions;
    int64_t chunk[NN_STORE_MAX_DIMENSIONS]; /* 1 everywhere where there are none */
    nn_store_type file_type;                /* as it is read from the files, unless `cleans`, and ... */
    nn_store_type stored_type;              /* ... as which what is read is understood */
    nn_store_packing packing; /* how values are unpacked when they are converted; none where `cleans` */
    bool cleans;              /* values are unpacked, and those missing become NaN, when they are read */
    int64_t stored_values;
    size_t stored_size;
    int64_t first_label;
    int64_t *listed; /* labels in the order of their classes; owned; NULL: not listed */
    int64_t listed_count;
    bool ignores;
    bool masks;            /* a label that is missing is one to be ignored */
    int64_t ignored_label; /* where `ignores`: what stands for no class */
    int64_t *places;       /* of each value in the stored row; owned; NULL: as it stands */
} nn_array;

/* Values that are read in a moment. */
#define NN_ARRAY_SMALL ((double)(1 << 24))

/* Values converted at a time, so that they stay in the nearest cache. */
#define NN_ARRAY_BLOCK 512

/* Numbers of a type as double. */
void nn_array_numbers(nn_store_type type, const void *raw, int64_t count, double *values);

/* Values [first, first + count) of a row as double, unpacked; NaN where one is missing. 64-bit integers
 * beyond 2^53 are rounded. */
void nn_array_convert(const nn_array *array, const unsigned char *row, int64_t first, int64_t count,
                      double *values);

/* Fills the array, whose `label` is set, from what the first file says; fails when it does not hold samples.
 * windows: rows are steps of a series. */
nn_status nn_array_describe(nn_array *array, const nn_store_info *info, const nn_field_options *options,
                            bool windows);

/* Takes over that a further file stores the same samples with another type: both are read as one that holds
 * the values of either. Before anything is read. */
void nn_array_join(nn_array *array, nn_store_type type);

/* Frees what the description owns. */
void nn_array_forget(nn_array *array);

/* Whether any of its values can be NaN, or a label missing. */
bool nn_array_may_miss(const nn_array *array);

/* Whether rows are stored as they are used; else nn_array_unpack makes them so. map: of the file that they
 * are from; NULL: its numbers are those of the data set. */
bool nn_array_is_plain(const nn_array *array);
nn_status nn_array_unpack(const nn_array *array, const nn_value_map *map, int64_t rows,
                          const unsigned char *stored, unsigned char *raw);

/* Puts a whole number in the place of value i of a row. */
void nn_array_put(const nn_array *array, unsigned char *row, int64_t i, int32_t number);

/* Lets the rows of an array of whole numbers hold numbers up to `largest`. */
void nn_array_widen(nn_array *array, int64_t largest);

/* Puts the array's place in front of the recorded text of a failed status; returns the status. */
nn_status nn_array_context(const nn_array *array, nn_status status);

/* Whether it is read as a whole without a second thought. */
static inline bool nn_array_is_small(const nn_array *array)
{
    return (double)array->rows * (double)array->values <= NN_ARRAY_SMALL;
}

/* The label of a group from its number: itself where a label can be, else a hash. Two groups that have the
 * same hash are one, which keeps the samples of each together. NN_LABEL_BAD: no whole number, or one that a
 * double does not hold exactly. */
int32_t nn_array_group(double number);

#endif
