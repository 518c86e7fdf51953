/* The forward pass of a microbatch with one sample, prepared once: for predictions, whose layers may take
 * less time than to make their arguments. */
#ifndef NN_NN_PREPARED_H
#define NN_NN_PREPARED_H

#include "nn/network.h"

typedef struct nn_prepared nn_prepared;

/* Everything is borrowed and must stay where it is. *prepared, owned by the caller, is NULL if samples have
 * lengths: use nn_network_forward. */
nn_status nn_prepared_create(const nn_network *network, const nn_real *weights, nn_microbatch *microbatch,
                             nn_real *scratch, nn_prepared **prepared);
void nn_prepared_destroy(nn_prepared *prepared); /* accepts NULL */

/* As nn_network_forward for all layers on the first sample of the microbatch. */
void nn_prepared_forward(const nn_prepared *prepared);

#endif
