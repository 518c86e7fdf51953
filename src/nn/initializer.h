/* What fills a tensor of parameters before the first step. */
#ifndef NN_NN_INITIALIZER_H
#define NN_NN_INITIALIZER_H

#include "nn/layer.h"

struct nn_initializer_type {
    const char *name;
    const char *summary;
    double mean; /* of the values, times the gain */
    /* The standard deviation that the values have (0 for zeros): what tests check. */
    double (*deviation)(const nn_parameter *parameter);
    /* Writes values [begin, end) of the tensor to values[0 .. end - begin): each depends on the stream and
     * its own index alone. */
    void (*fill)(const nn_parameter *parameter, nn_random stream, int64_t begin, int64_t end,
                 nn_real *values);
    /* Instead of fill, where a value depends on others (orthogonal): writes the whole tensor. */
    nn_status (*fill_whole)(const nn_parameter *parameter, nn_random stream, nn_real *values);
};

const nn_initializer_type *const *nn_initializer_types(void); /* NULL-terminated */
const nn_initializer_type *nn_initializer_find(const char *name);

/* For the option `initializer` of layers: "auto" and the names of all; and what a choice means, where auto is
 * the one of that name. */
extern const char *const nn_initializer_choices[];
const nn_initializer_type *nn_initializer_choose(int choice, const char *automatic);

#endif
