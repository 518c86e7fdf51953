/*
 * Fusion: what follows a layer value by value is done in the layer, while its values are in cache. A layer
 * that can apply an activation takes over an `activation` layer behind it; batch_norm takes over the sum with
 * a shortcut too. The layers that were taken over, and those that only give their input another shape, stay
 * in the network under their names as aliases: they share the buffers of the layer below and are never run.
 * The results are the same bits; a layer whose result somebody else reads, or a loss looks at, stays as it
 * is. Private to nn.
 */
#ifndef NN_NN_FUSE_H
#define NN_NN_FUSE_H

#include "nn/network.h"

/* Room for the input that a layer may take over. */
#define NN_FUSE_INPUTS 1

/* Before layer `l` is built, after those below it were; all are connected, and the outputs are known. May add
 * an input to the layer, and may make aliases of it or of later layers. */
void nn_fuse_layer(nn_network *network, int l);

#endif
