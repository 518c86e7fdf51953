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

/* What is done to the values of a target before they are normalised; figures and predictions undo it. */
typedef enum nn_target_transform {
    NN_TRANSFORM_NONE,
    NN_TRANSFORM_LOG,       /* natural logarithm */
    NN_TRANSFORM_DIFFERENCE /* to the same column of the last row of the window */
} nn_target_transform;

/* The values that a loss is defined for, where a target is values. */
typedef struct nn_domain {
    bool bounded; /* each is from least to most; else any finite number */
    double least, most;
    bool shares; /* those along the last extent are shares of classes: 0 or more, with the sum 1 */
} nn_domain;

/* A field of the data as the network sees it: an input or a target. */
typedef struct nn_field nn_field;
struct nn_field {
    const char *name; /* borrowed: "x", "y" */
    nn_shape shape;
    bool features;   /* of a part of an input: its first extent counts no steps, whatever its size */
    int64_t begin;   /* of its values among those of all inputs, all targets that are values, or all labels */
    bool is_class;   /* labels 0 .. classes-1, one where the shape is a scalar; of an input: indices */
    int64_t classes; /* 0 when not is_class */
    /* Of a target of values: quantities that are judged by themselves, value i being of number i % outputs:
     * columns, features of steps, channels. 0: not known. */
    int64_t outputs;
    bool shares; /* a target of values that are shares of classes, one along the last extent (nn_domain) */
    /* One a line, in which \n is a line feed of the name and \\ a backslash; NULL: not known. Owned by the
     * field's owner. */
    char *class_names;
    int transform; /* nn_target_transform, of a target */
    /* Of a target that is a difference: for each of its values, the place among those of the input of the
     * value it is a difference to, or -1 where that is no input. Owned by the field's owner; NULL: no
     * difference. */
    int64_t *seen;
    /* Of an input that several datasets make up: what they are, one behind the other. Owned by the field's
     * owner; part_count 0: it is one. */
    nn_field *parts;
    int part_count;
};

/* The classes of a target: of its labels, or those that its values are shares of; else 0. */
int64_t nn_field_classes(const nn_field *field);

#endif
