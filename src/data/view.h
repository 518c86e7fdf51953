/* A field as the network sees it: which rows and columns of an array make up a sample, and how they are
 * converted. Private to data. */
#ifndef NN_DATA_VIEW_H
#define NN_DATA_VIEW_H

#include "data/source.h"
#include "data/taken.h"

typedef struct nn_view {
    int array;
    bool input;
    int target;              /* the target it belongs to */
    int64_t first_row, rows; /* rows of the array, relative to the sample's row */
    size_t raw_size;         /* bytes of those rows */
    int64_t seen;            /* of these, the first `seen` are the base of a difference; otherwise 0 */
    int64_t picked;          /* values used per row */
    int64_t *columns;        /* which of them; NULL: all */
    int transform;           /* nn_target_transform */
    int missing;             /* what to do with NaN: see nn_data_field_options */
    bool left_out;           /* not read before the first step */
    bool index;              /* an input of indices: integers from 0 */
    int64_t indices;         /* number of indices; 0: from the largest value */
    int64_t steps;           /* its first extent if sequence lengths apply to it; otherwise 0 */
    nn_shape shape;          /* of a sample */
    int64_t values;          /* per sample */
    nn_taken taken;          /* for a value target: what its loss accepts */
    int64_t begin; /* position of its values among those of all inputs, all value targets, or all labels */
    nn_scaling scaling;
    nn_encoding encoding; /* of an input: what the network makes of its columns; see data/encodings.h */
    /* The scaling's columns repeated, long enough for a block that starts at any column; NULL: identity. */
    double *scales, *offsets;
} nn_view;

/* Makes the view of an array of an opened source. A failure names the array. nn_view_release also after a
 * failure. */
nn_status nn_view_create(nn_source *source, int array, const nn_data_options *options, nn_view *view);
void nn_view_release(nn_view *view);

/* The number of values in a sequence of `length` steps; all values if lengths do not apply to the view. */
int64_t nn_view_end(const nn_view *view, int64_t length);

/* Fills in scales and offsets from the view's scaling. */
nn_status nn_view_prepare(nn_view *view);

/* Converts values [first, first + count) of the sample whose rows are at `raw`, before normalisation. */
void nn_view_values(const nn_view *view, const nn_array *array, const unsigned char *raw, int64_t first,
                    int64_t count, double *values);

/* All values of a target in its own units, with logarithms undone. With bases, differences become stored
 * values, and bases what they are differences to (otherwise 0); with NULL they stay differences. */
void nn_view_observed(const nn_view *view, const nn_array *array, const unsigned char *raw, double *values,
                      double *bases);

/* All values, normalised for the network, where missing ones are 0, or NaN for masked targets; and all
 * labels. */
void nn_view_numbers(const nn_view *view, const nn_array *array, const unsigned char *raw, nn_real *numbers);
void nn_view_labels(const nn_view *view, const nn_array *array, const unsigned char *raw, int64_t *labels);

#endif
