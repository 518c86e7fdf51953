/* Shapes of one sample (the batch dimension is not part of a shape), and what is known of a field of the
 * data. */
#ifndef NN_BASE_SHAPE_H
#define NN_BASE_SHAPE_H

#include <stdbool.h>
#include <stdint.h>

#define NN_MAX_DIMENSIONS 8

typedef struct nn_shape {
    int dimensions; /* 0: one scalar a sample */
    int64_t extents[NN_MAX_DIMENSIONS];
} nn_shape;

int64_t nn_shape_count(nn_shape shape); /* number of values; 1 for a scalar; at most INT64_MAX */
bool nn_shape_equal(nn_shape a, nn_shape b);

/* "28 x 28 x 3", or "scalar": into a buffer of NN_SHAPE_TEXT bytes, which is returned. */
#define NN_SHAPE_TEXT 176
char *nn_shape_text(char *buffer, nn_shape shape);

/* How one value of a field becomes a number for the network: value x scale + offset, column by column. A
 * column is an index into the last extent of the shape when per_column, else there is one column. */
typedef struct nn_scaling {
    int64_t columns; /* 0: identity */
    double *scale, *offset;
} nn_scaling;

/* A field of the data as the network sees it: an input or a target. */
typedef struct nn_field {
    const char *name; /* borrowed: "x", "y" */
    nn_shape shape;
    bool is_class;   /* integer labels 0 .. classes-1; shape is a scalar */
    int64_t classes; /* 0 when not is_class */
} nn_field;

#endif
