/* A field as the network sees it: which rows and columns of an array make up a sample, and how they become
 * numbers. Private to data. */
#ifndef NN_DATA_VIEW_H
#define NN_DATA_VIEW_H

#include "data/source.h"
#include "data/taken.h"

typedef struct nn_view {
    int array;
    bool input;
    int target;              /* number of the target that it is of */
    int64_t first_row, rows; /* of the array, counted from the row of the sample */
    size_t raw_size;         /* bytes of those rows */
    int64_t seen;            /* the first so many of them are what a difference is taken to; else 0 */
    int64_t picked;          /* values of a row that are used, ... */
    int64_t *columns;        /* ... these of them; NULL: all */
    int transform;           /* nn_target_transform */
    int missing;             /* what becomes of NaN: as nn_field_options */
    bool left_out;           /* not looked at before the first step */
    bool index;              /* an input of whole numbers, 0 up, that stand for something */
    int64_t indices;         /* how many of them there are; 0: as many as the values show */
    int64_t steps;           /* its first extent, where the lengths of sequences concern it; else 0 */
    nn_shape shape;          /* of a sample */
    int64_t values;          /* of a sample */
    nn_taken taken;          /* of a target of values: what its loss takes */
    int64_t begin; /* of its values among those of all inputs, all targets of values, or all labels */
    nn_scaling scaling;
    /* The scaling's columns over and over, long enough for a block from any column on; NULL: identity. */
    double *scales, *offsets;
} nn_view;

/* The view of an array of an opened source. Collects nothing: the failure has the array's place. */
nn_status nn_view_create(nn_source *source, int array, const nn_data_options *options, nn_view *view);
void nn_view_release(nn_view *view);

/* Values before the end of a sequence of `length` steps: all where lengths do not concern the view. */
int64_t nn_view_end(const nn_view *view, int64_t length);

/* From the view's scaling to scales and offsets. */
nn_status nn_view_prepare(nn_view *view);

/* Values [first, first + count) of the sample whose rows are at `raw`, before they are normalised. */
void nn_view_values(const nn_view *view, const nn_array *array, const unsigned char *raw, int64_t first,
                    int64_t count, double *values);

/* All values of a target in its own units: without its logarithm. Those of a difference are the difference
 * where bases is NULL, else the values as they are stored, and bases what they are differences to (else 0).
 */
void nn_view_observed(const nn_view *view, const nn_array *array, const unsigned char *raw, double *values,
                      double *bases);

/* All values, normalised, for the network, in which those missing are 0, or NaN for targets that are masked;
 * and all labels. */
void nn_view_numbers(const nn_view *view, const nn_array *array, const unsigned char *raw, nn_real *numbers);
void nn_view_labels(const nn_view *view, const nn_array *array, const unsigned char *raw, int64_t *labels);

#endif
