/* Which values dropout keeps: for the layer of that name, and for layers with dropout inside. */
#ifndef NN_NN_DROPOUT_H
#define NN_NN_DROPOUT_H

#include "nn/layer.h"

#define nn_dropout_draw NN_REAL_SYMBOL(nn_dropout_draw)

/* factors[i] is 0, at the given rate, or 1 / (1 - rate), for the values [begin, end) of the stream: each
 * depends on the stream and its own index alone. */
void nn_dropout_draw(nn_random stream, double rate, uint64_t begin, uint64_t end, nn_real *factors);

#endif
