/* How the layers of a network are connected: private to nn. */
#ifndef NN_NN_GRAPH_H
#define NN_NN_GRAPH_H

#include "nn/network.h"

/* Limit for the number of inputs of a layer. */
#define NN_LAYER_INPUTS 16

/* Number of inputs of later layers that are `layer`: a layer that reads it twice counts twice. */
int nn_graph_consumers(const nn_network *network, int layer);

/* Whether a loss reads the layer. */
bool nn_graph_is_output(const nn_network *network, int layer);

/* Whether samples of the layer's output may have fewer steps than its shape says. */
bool nn_graph_has_lengths(const nn_network *network, int layer);

/* Size of the largest part of the parameters that the layer shares with others, in values, or 0: scratch,
 * after the other scratch, for the sum of their gradients. */
int64_t nn_graph_shared_values(const nn_network *network, int layer);

/* Whether the gradient with respect to the layer's output is needed: the layer, or one below, has trainable
 * parameters, or the gradient of the input is wanted. */
bool nn_graph_has_gradient(const nn_network *network, int layer);

/* If several inputs read the same layer, the first in the backward pass writes its gradient and the others
 * are added. Whether input `input` of `layer` is the one that writes. */
bool nn_graph_writes_first(const nn_network *network, int layer, int input);

/* The layer's own scratch for `samples` samples, in values, a multiple of NN_PARAMETER_ALIGNMENT. The
 * gradients that are added follow it. */
int64_t nn_graph_scratch_values(const nn_layer *layer, int64_t samples);

#endif
