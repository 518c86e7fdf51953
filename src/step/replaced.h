/* An input column of an evaluation whose values come from other samples. */
#ifndef NN_STEP_REPLACED_H
#define NN_STEP_REPLACED_H

#include "step/loaded.h"

/* Column `first`, `first` + stride, ... of a sample's joined input (`places` of them). Everything is
 * borrowed. */
struct nn_replaced {
    int64_t samples; /* of the part */
    int64_t first, stride, places;
    const nn_real *values; /* samples x places: of the column, normalised */
    nn_random stream;      /* selects the permutation of the samples */
};

/* Puts the column's values of the samples that the permutation selects into a filled microbatch. */
void nn_replaced_apply(const nn_replaced *replaced, nn_scalar scalar, int64_t inputs, nn_loaded *loaded);

#endif
