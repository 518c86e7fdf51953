/* Fusion: layers that take over the layers after them. */
#include "nn/fuse.h"

#include <string.h>

#include "nn/graph.h"

/* The only layer that reads layer `l`; -1 if there is none or several, or if a loss reads it. */
static int fuse_only_consumer(const nn_network *network, int l)
{
    if (nn_graph_consumers(network, l) != 1 || nn_graph_is_output(network, l)) return -1;
    for (int c = l + 1; c < network->layer_count; c++)
        for (int i = 0; i < network->layers[c].input_count; i++)
            if (network->layers[c].inputs[i] == l) return c;
    return -1;
}

/* Whether the layer can apply an activation and the user has not chosen one. */
static bool fuse_takes_activation(const nn_layer *layer)
{
    size_t offset = layer->type->activation_option;
    int chosen = 1;
    if (offset > 0) memcpy(&chosen, (const char *)layer->options + offset - 1, sizeof chosen);
    return chosen == 0;
}

/* ---- sums ---- */

/* The sum's gradient must reach the shortcut in the same order as without fusion, and the sum must have the
 * layer's number of steps. */
static bool fuse_may_add(const nn_network *network, int l, int sum, int shortcut)
{
    const nn_layer *layer = &network->layers[l];
    if (shortcut >= l || !nn_shape_equal(network->layers[shortcut].output_shape,
                                         network->layers[layer->inputs[0]].output_shape))
        return false;
    for (int c = l + 1; c < sum; c++)
        for (int i = 0; i < network->layers[c].input_count; i++)
            if (network->layers[c].inputs[i] == shortcut) return false;
    bool counted = nn_graph_has_lengths(network, shortcut) || nn_graph_has_lengths(network, layer->inputs[0]);
    return !counted || network->layers[sum].inputs[0] == l;
}

/* Takes over the sum after layer `l`, if possible; returns the layer whose result layer `l` then computes. */
static int fuse_sum(nn_network *network, int l)
{
    nn_layer *layer = &network->layers[l];
    int sum = fuse_only_consumer(network, l);
    if (!layer->type->takes_sum || layer->input_count != 1 || !fuse_takes_activation(layer) || sum < 0)
        return l;
    nn_layer *taken = &network->layers[sum];
    if (!taken->type->is_sum || taken->input_count != 2 || nn_graph_is_output(network, sum)) return l;
    int shortcut = taken->inputs[0] == l ? taken->inputs[1] : taken->inputs[0];
    if (!fuse_may_add(network, l, sum, shortcut)) return l;
    layer->inputs[layer->input_count++] = shortcut;
    taken->inputs[0] = l;
    taken->input_count = 1;
    taken->is_alias = true;
    return sum;
}

/* ---- activations ---- */

static void fuse_activation(nn_network *network, int l, int result)
{
    nn_layer *layer = &network->layers[l];
    int next = fuse_only_consumer(network, result);
    if (next < 0 || !fuse_takes_activation(layer) || nn_graph_is_output(network, next)) return;
    const nn_layer_type *type = network->layers[next].type;
    layer->taken_activation = type->activation_of ? type->activation_of(&network->layers[next]) : 0;
    network->layers[next].is_alias = layer->taken_activation > 0;
}

/* ---- views ---- */

/* Not of layer 0: layers overwrite their buffers, but the caller's data must stay. */
static bool fuse_is_view(const nn_network *network, int l)
{
    const nn_layer *layer = &network->layers[l];
    return layer->type->is_view && layer->input_count == 1 && layer->inputs[0] > 0 &&
           fuse_only_consumer(network, layer->inputs[0]) == l;
}

void nn_fuse_layer(nn_network *network, int l)
{
    nn_layer *layer = &network->layers[l];
    if (l == 0 || layer->is_alias) return;
    layer->is_alias = fuse_is_view(network, l);
    fuse_activation(network, l, fuse_sum(network, l));
}
