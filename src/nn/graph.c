/* How the layers of a network are connected. */
#include "nn/graph.h"

#include <string.h>

int nn_graph_consumers(const nn_network *network, int layer)
{
    int consumers = 0;
    for (int l = layer + 1; l < network->layer_count; l++)
        for (int i = 0; i < network->layers[l].input_count; i++)
            if (network->layers[l].inputs[i] == layer) consumers++;
    return consumers;
}

bool nn_graph_is_output(const nn_network *network, int layer)
{
    for (int o = 0; o < network->output_count; o++)
        if (network->outputs[o] == layer) return true;
    return false;
}

/* A part is read by layers of its own, and reads the input. */
bool nn_network_may_miss(const nn_network *network, int layer)
{
    const nn_layer *layers = network->layers;
    for (int l = layer + 1; l < network->layer_count; l++)
        for (int i = 0; i < layers[l].input_count; i++) {
            if (layers[l].inputs[i] != layer) continue;
            bool is_part = layer == 0 && strcmp(layers[l].type->name, "part") == 0;
            if (layers[l].type->takes_missing || (is_part && nn_network_may_miss(network, l))) return true;
        }
    return false;
}

bool nn_graph_has_lengths(const nn_network *network, int layer)
{
    while (layer > 0 && network->layers[layer].time.kept) layer = network->layers[layer].inputs[0];
    return layer == 0 && network->layers[0].time.kept;
}

int64_t nn_graph_shared_values(const nn_network *network, int layer)
{
    const nn_layer *self = &network->layers[layer], *owner = self->shares ? self->shares : self;
    int64_t largest = 0;
    bool shared = false;
    for (int l = 0; l < network->layer_count; l++) shared |= network->layers[l].shares == owner;
    for (int p = 0; shared && p < owner->part_count; p++) {
        int64_t values = owner->part_begin[p + 1] - owner->part_begin[p];
        if (values > largest) largest = values;
    }
    return largest;
}

bool nn_graph_has_gradient(const nn_network *network, int layer)
{
    const nn_layer *self = &network->layers[layer];
    bool trained = (self->parameter_count > 0 || self->shares) && !self->frozen;
    return trained || self->needs_input_gradient;
}

bool nn_graph_writes_first(const nn_network *network, int layer, int input)
{
    const int *inputs = network->layers[layer].inputs;
    if (network->gradient_writers[inputs[input]] != layer) return false;
    int first = 0;
    while (inputs[first] != inputs[input]) first++;
    return first == input;
}

int64_t nn_graph_scratch_values(const nn_layer *layer, int64_t samples)
{
    int64_t values = samples * layer->scratch_per_sample + layer->scratch_fixed;
    return (values + NN_PARAMETER_ALIGNMENT - 1) / NN_PARAMETER_ALIGNMENT * NN_PARAMETER_ALIGNMENT;
}
