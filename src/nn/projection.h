/*
 * A product with a trainable matrix inside a larger layer: Y = X W + b on several rows per sample, such as
 * the steps of a sequence. W is inputs x units; X and Y are contiguous and row-major.
 */
#ifndef NN_NN_PROJECTION_H
#define NN_NN_PROJECTION_H

#include "nn/layer.h"
#include "nn/linear.h"

typedef struct nn_projection {
    /* set before build */
    const char *weight_name, *bias_name; /* of the parameters; bias_name NULL: no bias */
    int64_t rows;                        /* per sample */
    int64_t inputs, units;
    int64_t fan_out;         /* for the initializer: units, or the columns of one matrix if W joins several */
    const char *initializer; /* of the weight, by its name; NULL: xavier */
    double gain;             /* of the initializer; 0 counts as 1 */
    int first_part;          /* index of its first part among those of the layer */

    /* set by build */
    int64_t weight, bias;               /* their offsets in the layer's values */
    int part_count;                     /* the bias, if any, is the last */
    int64_t part_rows;                  /* rows of W per part; the last part of W may have fewer */
    nn_linear linear;                   /* where the engine is not `blas` */
    bool accumulates, last_accumulates; /* with `blas`, in a part, and in the last one of W: the product may
                                           add to the sum itself */
} nn_projection;

/* For the layer's build: adds the parameters, and their parts unless the layer shares another's. */
nn_status nn_projection_build(nn_layer *layer, nn_projection *projection);

/* Values of scratch that forward and backward need; and gradient, which uses that of the call. */
int64_t nn_projection_scratch(const nn_projection *projection);
int64_t nn_projection_gradient_scratch(const nn_projection *projection);

/* Y = X W + b; if the call is linear, without b. */
void nn_projection_forward(const nn_projection *projection, const nn_layer_call *call, const nn_real *x,
                           nn_real *y, nn_real *scratch);

/* dX = dY W^T. */
void nn_projection_backward(const nn_projection *projection, const nn_layer_call *call, const nn_real *dy,
                            nn_real *dx, nn_real *scratch);

/* Whether part `part` of the layer belongs to the projection. */
bool nn_projection_has_part(const nn_projection *projection, int part);

/* As nn_layer_type.gradient, for a part of the projection; in pieces, unless the engine is blas. */
void nn_projection_gradient(const nn_projection *projection, const nn_layer *layer, const nn_layer_call *call,
                            const nn_real *x, const nn_real *dy, int part, bool accumulate, nn_real *values);

#endif
