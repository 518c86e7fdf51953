/*
 * Optimizers. A plug-in is one file src/optim/optimizer_NAME.c and one line in optimizer_list.h. apply works
 * on any slice of the flat vectors, element by element: any cut gives the same bits.
 *
 * An optimizer whose steps depend on norms of whole tensors (LARS, LAMB) has `sums`: measure is then called
 * on every block of a tensor, the sums of its blocks are added in the canonical tree, and prepare and apply
 * are called for each tensor with the result.
 */
#ifndef NN_OPTIM_OPTIMIZER_H
#define NN_OPTIM_OPTIMIZER_H

#include <stdint.h>

#include "base/libm.h"
#include "base/options.h"
#include "base/real.h"
#include "base/status.h"

#define NN_OPTIMIZER_SLOTS 3
#define NN_OPTIMIZER_FACTORS 5
#define NN_OPTIMIZER_SUMS 2

/* What is the same for all elements of a step, or of a tensor in a step. */
typedef struct nn_optimizer_step {
    int64_t step;                         /* from 1 */
    double learning_rate;                 /* after the schedule and the layer's own factor */
    double gradient_scale;                /* from clipping; the gradient is multiplied by it first */
    bool is_matrix;                       /* a tensor of 2 dimensions or more: no bias, no scale of a norm */
    double sums[NN_OPTIMIZER_SUMS];       /* of the tensor's blocks, where the optimizer measures */
    double factors[NN_OPTIMIZER_FACTORS]; /* filled by prepare: bias corrections and the like */
} nn_optimizer_step;

typedef struct nn_optimizer_type {
    const char *name;
    const char *summary;
    const char *example;      /* YAML: "adam: {learning_rate: 0.001}" */
    const nn_option *options; /* the first option, and first member of the struct, is double learning_rate */
    size_t options_size;
    unsigned libm; /* NN_LIBM_...: the functions of the C library that results go through */
    nn_status (*check)(const void *options); /* NULL: nothing to check beyond the table */
    /* Names of the state vectors that each parameter has (at most NN_OPTIMIZER_SLOTS); returns their number.
     */
    int (*slots)(const void *options, const char **names);
    void (*prepare)(const void *options, nn_optimizer_step *step); /* all but the factors is set */
    void (*apply)(const void *options, const nn_optimizer_step *step, int64_t count, const nn_real *gradient,
                  nn_real *const *slots, nn_real *weights);

    /* For norms of tensors. sums: how many; 0: none, and measure is NULL. measure writes those of a block; of
     * the step, `step` and `is_matrix` are set: it comes before the gradient's norm is known, and before the
     * step is known to be finite, so it changes nothing. */
    int sums;
    void (*measure)(const void *options, const nn_optimizer_step *step, int64_t count,
                    const nn_real *gradient, nn_real *const *slots, const nn_real *weights, double *sums);
    bool no_clip_norm; /* the gradient's norm comes too late to scale what is measured */
} nn_optimizer_type;

const nn_optimizer_type *const *nn_optimizer_types(void); /* NULL-terminated */
const nn_optimizer_type *nn_optimizer_find(const char *name);

#endif
