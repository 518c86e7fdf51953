/* A network, as given by the user. */
#include "base/memory.h"
#include "nn/network.h"

void nn_network_spec_drop(nn_layer_spec *layer)
{
    if (layer->options && layer->type->options) nn_options_release(layer->type->options, layer->options);
    nn_free(layer->options);
    nn_free(layer->name);
    nn_free(layer->share);
    for (size_t i = 0; i < layer->inputs.count; i++) nn_free(layer->inputs.items[i]);
    nn_free(layer->inputs.items);
}

nn_status nn_network_spec_add(nn_network_spec *spec, nn_layer_spec layer)
{
    void *grown = spec->layers;
    nn_status status =
        nn_reallocate(&grown, spec->count, spec->count + 1, sizeof layer, "the list of layers");
    if (status != NN_OK) {
        nn_network_spec_drop(&layer);
        return status;
    }
    spec->layers = grown;
    spec->layers[spec->count++] = layer;
    return NN_OK;
}

void nn_network_spec_release(nn_network_spec *spec)
{
    for (size_t i = 0; i < spec->count; i++) nn_network_spec_drop(&spec->layers[i]);
    nn_free(spec->layers);
    for (size_t i = 0; i < spec->outputs.count; i++) nn_free(spec->outputs.items[i]);
    nn_free(spec->outputs.items);
    *spec = (nn_network_spec){0};
}
