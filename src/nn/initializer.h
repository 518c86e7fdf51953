/* Initializers: they fill a parameter tensor before the first step. */
#ifndef NN_NN_INITIALIZER_H
#define NN_NN_INITIALIZER_H

#include "nn/layer.h"

struct nn_initializer_type {
    const char *name;
    const char *summary;
    double mean; /* expected mean of the values, divided by the gain */
    /* Expected standard deviation of the values (0 for zeros), which tests check. */
    double (*deviation)(const nn_parameter *parameter);
    /* Writes values [begin, end) of the tensor to values[0 .. end - begin): each depends only on the stream
     * and its own index. */
    void (*fill)(const nn_parameter *parameter, nn_random stream, int64_t begin, int64_t end,
                 nn_real *values);
    /* Instead of fill, if values depend on each other (orthogonal): writes the complete tensor. */
    nn_status (*fill_whole)(const nn_parameter *parameter, nn_random stream, nn_real *values);
};

/* The initializers of a precision: the list, NULL-terminated; and one by name, NULL if there is none. */
const nn_initializer_type *const *nn_initializer_types(nn_scalar scalar);
const nn_initializer_type *nn_initializer_find(nn_scalar scalar, const char *name);

/* For the option `initializer` of layers: "auto" and all names, NULL-terminated; and the initializer of a
 * choice, where auto means the one named `automatic`. */
extern const char *const nn_initializer_choices[];
const nn_initializer_type *nn_initializer_choose(nn_scalar scalar, int choice, const char *automatic);

#endif
