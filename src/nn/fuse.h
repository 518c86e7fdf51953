/*
 * Fusion: an element-wise operation after a layer is done in that layer, while its values are in cache. A
 * layer that can apply an activation takes over an `activation` layer after it; batch_norm also takes over
 * the sum with a shortcut. The layers that were taken over, and those that only reshape their input, stay in
 * the network under their names as aliases: they share the buffers of the layer below and are never run. The
 * results are the same bits; a layer whose result another layer or a loss reads is not fused. Private to nn.
 */
#ifndef NN_NN_FUSE_H
#define NN_NN_FUSE_H

#include "nn/network.h"

/* Inputs that fusion may add to a layer. */
#define NN_FUSE_INPUTS 1

/* Call before layer `l` is built and after those below it were, when all are connected and the outputs are
 * known. May add an input to the layer, and may turn it or later layers into aliases. */
void nn_fuse_layer(nn_network *network, int l);

#endif
