/* The plan of a dense layer, and its passes by our own kernels: private to nn. */
#ifndef NN_NN_DENSE_H
#define NN_NN_DENSE_H

#include "nn/activation.h"
#include "nn/linear.h"

typedef struct nn_dense_plan {
    const nn_activation *activation;
    int64_t inputs, units, rows;         /* rows per sample */
    bool transposed;                     /* the weight is units x inputs */
    int64_t weight_rows, weight_columns; /* of the weight as stored; parts consist of complete rows */
    int weight_parts;                    /* the bias, if any, is one more */
    const nn_parameter *bias;            /* NULL: none */
    nn_linear linear;                    /* where the engine is not `blas` */
    bool accumulates[];                  /* with `blas`, per part: the product may add to the sum itself */
} nn_dense_plan;

/* Applies the activation to columns [begin, end) of `rows` rows of z, `units` apart, while they are in cache;
 * and adds the bias before, unless it is NULL. */
void nn_dense_activate(const nn_dense_plan *plan, int64_t rows, int64_t begin, int64_t end,
                       const nn_real *bias, nn_real *z, nn_real *y);

/* Returns the number of rows of the weight in a part; *first: the first of them. */
int64_t nn_dense_rows_of_part(const nn_layer *layer, int part, int64_t *first);

/* For engines other than `blas`: what build and the functions of nn_layer_type do. The bias is left to the
 * caller in the gradients. */
void nn_dense_build_own(nn_layer *layer, nn_dense_plan *plan);
void nn_dense_forward_own(const nn_layer *layer, const nn_layer_call *calls);
void nn_dense_backward_own(const nn_layer *layer, const nn_layer_call *calls);
void nn_dense_gradient_own(const nn_layer *layer, const nn_layer_call *calls, int part, bool accumulate,
                           nn_real *values);

#endif
