/*
 * Optimizers. A plug-in is one file src/optim/optimizer_NAME.c and one line in optimizer_list.h. apply works
 * element by element on any slice of the flat vectors: any partition gives the same bits.
 *
 * An optimizer whose steps depend on norms of tensors (LARS, LAMB) has `sums`: measure is called on every
 * block of a tensor, the sums of the blocks are added along the canonical tree, and prepare and apply are
 * called for each tensor with the result.
 */
#ifndef NN_OPTIM_OPTIMIZER_H
#define NN_OPTIM_OPTIMIZER_H

#include <stdint.h>

#include "base/options.h"
#include "base/real.h"
#include "base/status.h"

#define NN_OPTIMIZER_SLOTS 3
#define NN_OPTIMIZER_FACTORS 5
#define NN_OPTIMIZER_SUMS 2

/* Quantities common to all elements of a step, or of one tensor in a step. */
typedef struct nn_optimizer_step {
    int64_t step;          /* from 1 */
    double learning_rate;  /* with the schedule and the layer's factor applied */
    double gradient_scale; /* from clipping: multiply the gradient by it first */
    bool is_matrix; /* the tensor has at least 2 dimensions: not a bias or a scale of a normalisation */
    double sums[NN_OPTIMIZER_SUMS];       /* over the tensor's blocks, if the optimizer has measure */
    double factors[NN_OPTIMIZER_FACTORS]; /* filled in by prepare: bias corrections and so on */
} nn_optimizer_step;

typedef struct nn_optimizer_type {
    const char *name;
    const char *summary;
    const char *example;      /* YAML: "adam: {learning_rate: 0.001}" */
    const nn_option *options; /* the first option, and first member of the struct, is double learning_rate */
    size_t options_size;
    nn_status (*check)(const void *options); /* NULL: nothing to check beyond the table */
    /* Returns the number of state vectors per parameter (at most NN_OPTIMIZER_SLOTS); names: receives their
     * names, static strings.
     */
    int (*slots)(const void *options, const char **names);
    void (*prepare)(const void *options,
                    nn_optimizer_step *step); /* sets step->factors; the rest of step is set */
    void (*apply)(const void *options, const nn_optimizer_step *step, int64_t count, const nn_real *gradient,
                  nn_real *const *slots, nn_real *weights);

    /* For norms of tensors. sums: how many; 0: none, and measure is NULL. measure writes those of one block.
     * Only `step` and `is_matrix` of the step are set, as the gradient's norm is not known yet; nor is it
     * known whether the gradient is finite, so measure must not change any state. */
    int sums;
    void (*measure)(const void *options, const nn_optimizer_step *step, int64_t count,
                    const nn_real *gradient, nn_real *const *slots, const nn_real *weights, double *sums);
    bool no_clip_norm; /* clip_norm is not possible: it is known too late to scale the measured sums */
} nn_optimizer_type;

/* The optimizers of a precision: the list, NULL-terminated; and one by name, NULL if there is none. */
const nn_optimizer_type *const *nn_optimizer_types(nn_scalar scalar);
const nn_optimizer_type *nn_optimizer_find(nn_scalar scalar, const char *name);

#endif
