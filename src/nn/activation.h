/* Activation functions, for the activation layer and for the `activation` option of others (dense fuses
 * them). */
#ifndef NN_NN_ACTIVATION_H
#define NN_NN_ACTIVATION_H

#include "nn/layer.h"

/* Slope of leaky_relu below 0 where no option says otherwise. */
#define NN_DEFAULT_SLOPE 0.01

typedef struct nn_activation {
    const char *name;
    bool needs_input;        /* the gradient is taken from the input x, not from the output y */
    double gain;             /* He/Xavier gain that keeps the variance: sqrt(2) for relu, 1 for tanh, ... */
    const char *initializer; /* the default initialiser of a layer before it: "he" or "xavier" */
    /* y = f(x), row by row; in place is fine. `slope` is for leaky_relu. */
    void (*forward)(int64_t rows, int64_t columns, nn_real slope, const nn_real *x, nn_real *y);
    /* dx = dy f'(x); `values` is y, or x where needs_input; in place (dx == dy, or dx == x) is fine. */
    void (*backward)(int64_t rows, int64_t columns, nn_real slope, const nn_real *values, const nn_real *dy,
                     nn_real *dx);
} nn_activation;

/* The choices of an option table, in the order of nn_activation_at, NULL-terminated. The first is "none": its
 * forward and backward are NULL. */
extern const char *const nn_activation_names[];
const nn_activation *nn_activation_at(int index);

/* What a layer whose option says `index` applies: that, or what it took over from a later layer. First
 * weights follow the option alone, so that they do not depend on fusion. */
const nn_activation *nn_activation_of(const nn_layer *layer, int index);

#endif
