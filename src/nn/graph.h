/* How the layers of a network hang together: private to nn. */
#ifndef NN_NN_GRAPH_H
#define NN_NN_GRAPH_H

#include "nn/network.h"

/* A layer reads at most this many others. */
#define NN_LAYER_INPUTS 16

/* How often later layers read `layer`: a layer that reads it twice counts twice. */
int nn_graph_consumers(const nn_network *network, int layer);

bool nn_graph_is_output(const nn_network *network, int layer);

/* Whether the steps of a layer's output may be fewer than the whole. */
bool nn_graph_has_lengths(const nn_network *network, int layer);

/* Values of the largest part of the parameters that the layer shares with others, 0 where it shares none:
 * room for the sum of their gradients, behind the other scratch. */
int64_t nn_graph_shared_values(const nn_network *network, int layer);

/* Whether the gradient with respect to the layer's output is needed: it, or something below, has parameters.
 */
bool nn_graph_has_gradient(const nn_network *network, int layer);

/* Where several inputs share a producer, the first to run writes its gradient and the others are added:
 * whether input `input` of `layer` is the one that writes. */
bool nn_graph_writes_first(const nn_network *network, int layer, int input);

/* The layer's own scratch for `samples` samples, a multiple of NN_PARAMETER_ALIGNMENT values. Behind it come
 * the gradients that are added. */
int64_t nn_graph_scratch_values(const nn_layer *layer, int64_t samples);

#endif
