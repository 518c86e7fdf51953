/* Which tensors of another program's file make up a tensor of a network, and taking their values. */
#ifndef NN_MODEL_FOREIGN_MATCH_H
#define NN_MODEL_FOREIGN_MATCH_H

#include "base/text.h"
#include "model/foreign.h"
#include "model/name_map.h"
#include "model/recipe.h"
#include "nn/network.h"

typedef struct nn_foreign_match {
    nn_recipe recipe;
    nn_text module;                   /* the name of their module; empty: the map names the tensor itself */
    nn_text wanted[NN_RECIPE_TERMS];  /* the names that were looked for */
    int64_t tensors[NN_RECIPE_TERMS]; /* -1: not in the file */
    bool complete;                    /* all are there */
} nn_foreign_match;

/*
 * Finds them: under the name that the map has for "LAYER.TENSOR", or those that the layer's recipe names in
 * the module that the map has for "LAYER" (nn_name_map_find says which); without an entry in the module
 * LAYER, whose name may have a . or / where ours has _ or -. Of PyTorch's modules with several layers,
 * "MODULE_l1" means the second. Fails if memory is short. Release the match in any case.
 */
nn_status nn_foreign_match_find(const nn_foreign *foreign, const nn_name_map *map, const nn_layer *layer,
                                const nn_parameter *parameter, nn_foreign_match *match);
void nn_foreign_match_release(nn_foreign_match *match);

/* The first term whose tensor has another shape than the recipe needs; -1: all fit. */
int nn_foreign_match_misfit(const nn_foreign *foreign, const nn_foreign_match *match, nn_shape ours);

/* Reads their values into ours. The match is complete and fits. Fails unless all values are finite. */
nn_status nn_foreign_match_take(const nn_foreign *foreign, const nn_foreign_match *match, nn_recipe_rows rows,
                                nn_shape ours, nn_scalar scalar, nn_real *to);

#endif
