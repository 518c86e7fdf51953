/* Activation functions, for the activation layer and for the `activation` option of others (dense fuses
 * them). */
#ifndef NN_NN_ACTIVATION_H
#define NN_NN_ACTIVATION_H

#include "nn/layer.h"

/* Slope of leaky_relu below 0 for layers without an option for it. */
#define NN_DEFAULT_SLOPE 0.01

typedef struct nn_activation {
    const char *name;
    bool needs_input; /* the gradient is computed from the input x, not from the output y */
    double gain;      /* He/Xavier gain that preserves the variance: sqrt(2) for relu, 1 for tanh, ... */
    const char *initializer; /* the default initializer of a layer before it: "he" or "xavier" */
    /* y = f(x), row by row; x and y may be the same. `slope` is for leaky_relu. */
    void (*forward)(int64_t rows, int64_t columns, nn_real slope, const nn_real *x, nn_real *y);
    /* dx = dy f'(x); `values` is y, or x if needs_input; dx may be dy or x. */
    void (*backward)(int64_t rows, int64_t columns, nn_real slope, const nn_real *values, const nn_real *dy,
                     nn_real *dx);
} nn_activation;

/* The choices of an option table, NULL-terminated, in the order of nn_activation_at. The first is "none": its
 * forward and backward are NULL. */
extern const char *const nn_activation_names[];
const nn_activation *nn_activation_at(int index);

/* The activation that a layer with option `index` applies: that one, or one taken over from a later layer
 * (nn/fuse.h). Initial weights depend only on the option, so that fusion does not change them. */
const nn_activation *nn_activation_of(const nn_layer *layer, int index);

/* For the tangent of a layer that applies the activation to its output last: multiplies the output's tangent
 * by the derivative. z: the values before the activation, read if the activation needs its input. */
void nn_activation_tangent(const nn_activation *activation, const nn_layer *layer, const nn_layer_call *call,
                           const nn_real *z);

/* Whether an output depends on other values of its row, as in softmax. */
bool nn_activation_joins_columns(const nn_activation *activation);

#endif
