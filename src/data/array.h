/* An array of samples as it stands in the file: raw values of the file's own type. Private to data. */
#ifndef NN_DATA_ARRAY_H
#define NN_DATA_ARRAY_H

#include "base/real.h"
#include "base/shape.h"
#include "store/store.h"

#define nn_array_convert NN_REAL_SYMBOL(nn_array_convert)
#define nn_array_describe NN_REAL_SYMBOL(nn_array_describe)
#define nn_array_context NN_REAL_SYMBOL(nn_array_context)

typedef struct nn_array {
    const char *key, *part;     /* for messages: data.<part>.<key>; borrowed */
    const char *dataset, *path; /* where it stands; borrowed, valid while the data is being opened */
    nn_store_array *stored;     /* NULL once read */
    bool sound;                 /* can be read as samples */
    nn_store_type type;
    int64_t rows, values; /* samples, and values of each */
    int64_t chunk_rows;   /* rows that are best read together */
    nn_shape shape;       /* of a sample; one value is 1 x */
    size_t row_size;      /* bytes */
    unsigned char *raw;
} nn_array;

/* Values converted at a time, so that they stay in the nearest cache. */
#define NN_ARRAY_BLOCK 512

/* Values [first, first + count) of a sample as double. 64-bit integers beyond 2^53 are rounded. */
void nn_array_convert(const nn_array *array, int64_t row, int64_t first, int64_t count, double *values);

/* Fills the array from what is open in `stored`; fails when it does not hold samples. labels: one label a
 * sample is expected. */
nn_status nn_array_describe(nn_array *array, bool labels);

/* Puts the array's place in front of the recorded text of a failed status; returns the status. */
nn_status nn_array_context(const nn_array *array, nn_status status);

static inline int64_t nn_array_smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

#endif
