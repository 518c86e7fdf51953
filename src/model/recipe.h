/*
 * How a tensor of a layer follows from those of another program. A recipe is a text in the layer's table
 * nn_tensor_axes (nn/layer.h):
 *
 *     weight'                          the tensor `weight` of their module, with its axes in our order
 *     bias_ih_l0 + bias_hh_l0[0 1 of 3]   a sum; of the second, the first two of three equal parts of the
 *                                      last axis, added to our first two
 *     query/vars/0 | key/vars/0        one after another along our last axis
 *
 * ' says that they have (outputs, inputs, kernel ...) where we have (kernel ..., inputs, outputs).
 */
#ifndef NN_MODEL_RECIPE_H
#define NN_MODEL_RECIPE_H

#include <stdbool.h>

#include "base/real.h"
#include "base/shape.h"

#define NN_RECIPE_TERMS 3

typedef struct nn_recipe_term {
    char name[64];                /* below their module */
    bool turned;                  /* ' */
    int parts[4], part_count, of; /* part_count 0: all of it */
} nn_recipe_term;

typedef struct nn_recipe {
    int count;
    bool joined; /* | rather than + */
    nn_recipe_term terms[NN_RECIPE_TERMS];
} nn_recipe;

/* Takes a recipe of a layer apart. */
void nn_recipe_parse(const char *text, nn_recipe *recipe);

/* The order of the rows of a matrix whose inputs are an image or the like: ours have the channels last,
 * theirs first. */
typedef struct nn_recipe_rows {
    int64_t channels, positions; /* channels 0: the same order */
} nn_recipe_rows;

/* The shape that the tensor of a term must have, for a tensor of ours of shape `ours`. */
nn_shape nn_recipe_expect(const nn_recipe *recipe, int term, nn_shape ours);

/* Whether theirs has it; extents of 1 do not count, and several adjacent extents may be one of ours. */
bool nn_recipe_fits(const nn_recipe *recipe, int term, nn_shape ours, nn_shape theirs);

/* Writes the values of a term to ours (term 0, or joined), or adds them. theirs must fit. */
void nn_recipe_apply(const nn_recipe *recipe, int term, nn_recipe_rows rows, nn_shape ours, nn_shape theirs,
                     const double *values, nn_scalar scalar, nn_real *to);

#endif
