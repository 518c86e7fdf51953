/* Shapes of one sample (the batch dimension is not part of a shape), and the properties of a field of the
 * data. */
#ifndef NN_BASE_SHAPE_H
#define NN_BASE_SHAPE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

#define NN_MAX_DIMENSIONS 8

typedef struct nn_shape {
    int dimensions; /* 0: one scalar per sample */
    int64_t extents[NN_MAX_DIMENSIONS];
} nn_shape;

int64_t nn_shape_count(nn_shape shape); /* number of values; 1 for a scalar; at most INT64_MAX */
/* Whether both have the same dimensions and extents. */
bool nn_shape_equal(nn_shape a, nn_shape b);

/* "28 x 28 x 3", or "scalar": written to a buffer of NN_SHAPE_TEXT bytes, which is returned. */
#define NN_SHAPE_TEXT 176
char *nn_shape_text(char *buffer, nn_shape shape);

/* How the values of a field become numbers for the network: value x scale + offset, column by column. The
 * columns are the indices of the shape's last extent, or there is a single one for all values. */
typedef struct nn_scaling {
    int64_t columns; /* 0: identity */
    double *scale, *offset;
} nn_scaling;

/* Copies *from, which may be NULL (identity), into *to; release it afterwards. */
nn_status nn_scaling_copy(const nn_scaling *from, nn_scaling *to);
void nn_scaling_release(nn_scaling *scaling);

/* What the network makes of the places along the last extent of an input before any other layer reads them:
 * numbers of categories become one-hot or an embedding, missing values are replaced. */
typedef struct nn_encoding {
    int64_t places;      /* 0: everything is read as it is */
    int64_t *categories; /* per place: how many its numbers count, from 0; 0: it holds values. NULL: all do */
    int64_t *units;      /* per place with categories: of their embedding; 0: one-hot, where -1 means none */
    double *fills;       /* per place: what NaN becomes, as the network reads values; NULL: there is none */
    bool indicates;      /* with fills: whether a place was missing is an input, too */
} nn_encoding;

/* Copies *from into *to; release it afterwards. */
nn_status nn_encoding_copy(const nn_encoding *from, nn_encoding *to);
void nn_encoding_release(nn_encoding *encoding);

/* How the values of a target are transformed before they are normalised; metrics and predictions undo it. */
typedef enum nn_target_transform {
    NN_TRANSFORM_NONE,
    NN_TRANSFORM_LOG,       /* natural logarithm */
    NN_TRANSFORM_DIFFERENCE /* from the same column of the last row of the window */
} nn_target_transform;

/* The values for which a loss is defined, if the target consists of values. */
typedef struct nn_domain {
    bool bounded; /* each is between least and most; otherwise any finite number */
    double least, most;
    bool shares; /* the values along the last extent are shares of classes: 0 or more, summing to 1 */
} nn_domain;

/* A field of the data as seen by the network: an input or a target. */
typedef struct nn_field nn_field;
struct nn_field {
    const char *name; /* borrowed: "x", "y" */
    nn_shape shape;
    bool features;   /* one part of an input: its first extent does not count steps, whatever its size */
    int64_t begin;   /* offset of its values among those of all inputs, of all targets with values, or of all
                        labels */
    bool is_class;   /* labels 0 .. classes-1, a single one if the shape is scalar; for an input: indices */
    int64_t classes; /* 0 when not is_class */
    /* For a target of values: number of quantities that are evaluated separately, value i belonging to
     * quantity i % outputs: columns, features of steps, channels. 0: unknown. */
    int64_t outputs;
    nn_encoding encoding; /* of an input; owned by the field's owner */
    bool shares; /* for a target: its values are shares of classes, one along the last extent (nn_domain) */
    /* One name per line;
     *  is a line feed in a name and \\ a backslash; NULL: unknown. Owned by the field's owner. */
    char *class_names;
    int transform; /* nn_target_transform, for a target */
    /* For a target that is a difference: for each of its values, the position in the input of the value that
     * is subtracted, or -1 if that is not an input. Owned by the field's owner; NULL: not a difference. */
    int64_t *seen;
    /* For an input composed of several datasets: the datasets, in order. Owned by the field's owner;
     * part_count 0: a single dataset. */
    nn_field *parts;
    int part_count;
};

/* Number of classes of a target: of its labels, or of the shares that are its values; otherwise 0. */
int64_t nn_field_classes(const nn_field *field);

#endif
