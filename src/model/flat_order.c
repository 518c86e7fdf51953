#include "model/flat_order.h"

/* Whether a layer with parameters treats each channel alone: normalisations, prelu. */
static bool flat_keeps_order(const nn_layer *layer)
{
    for (int p = 0; p < layer->parameter_count; p++)
        if (layer->parameters[p].shape.dimensions > 1) return false;
    return true;
}

/* The order that PyTorch gives the axes of a layer's output, which are several. */
static nn_flat_order flat_find_axes(const nn_network *network, int l)
{
    for (;;) {
        const nn_layer *layer = &network->layers[l];
        if (layer->windows.dimensions > 0) return NN_FLAT_CHANNELS_FIRST;
        if (!flat_keeps_order(layer)) return NN_FLAT_SAME; /* such as attention: features last in both */
        bool moves = layer->type->picks || layer->type->is_view;
        if (layer->input_count == 0 || moves) return NN_FLAT_UNKNOWN;
        l = layer->inputs[0];
        if (l == 0) return NN_FLAT_UNKNOWN;
    }
}

/* Whether flattening gives another order if the channels are first. */
static bool flat_matters(nn_shape shape)
{
    int64_t channels = shape.dimensions > 0 ? shape.extents[shape.dimensions - 1] : 1;
    return shape.dimensions > 1 && channels > 1 && nn_shape_count(shape) > channels;
}

/* Of the output of layer l, as a later layer reads it flattened. */
static nn_flat_order flat_find_output(const nn_network *network, int l, nn_shape *image)
{
    const nn_layer *layer = &network->layers[l];
    if (layer->output_shape.dimensions > 1) {
        *image = layer->output_shape;
        return flat_matters(layer->output_shape) ? flat_find_axes(network, l) : NN_FLAT_SAME;
    }
    if (l == 0 || layer->input_count == 0 || !flat_keeps_order(layer)) return NN_FLAT_SAME;
    if (layer->input_count == 1) {
        bool all = nn_shape_count(layer->input_shapes[0]) == nn_shape_count(layer->output_shape);
        return all ? flat_find_output(network, layer->inputs[0], image) : NN_FLAT_SAME;
    }
    for (int i = 0; i < layer->input_count; i++)
        if (flat_find_output(network, layer->inputs[i], image) != NN_FLAT_SAME) return NN_FLAT_UNKNOWN;
    return NN_FLAT_SAME;
}

nn_flat_order nn_flat_order_find(const nn_network *network, int layer, nn_shape *image)
{
    return flat_find_output(network, network->layers[layer].inputs[0], image);
}
