/* The table of a model's layers. */
#include <string.h>

#include "model/model.h"
#include "nn/initializer.h"

#define SUMMARY_NAME_WIDTH 20
#define SUMMARY_TYPE_WIDTH 14

/* The widths of the first two columns, so that nothing is cut off. */
static void summary_widths(const nn_network *network, int *name_width, int *type_width)
{
    *name_width = SUMMARY_NAME_WIDTH;
    *type_width = SUMMARY_TYPE_WIDTH;
    for (int l = 0; l < network->layer_count; l++) {
        int name = (int)strlen(network->layers[l].name), type = (int)strlen(network->layers[l].type->name);
        if (name > *name_width) *name_width = name;
        if (type > *type_width) *type_width = type;
    }
}

/* Whether an earlier tensor of the layer has the same initializer. */
static bool summary_repeats(const nn_layer *layer, int parameter)
{
    for (int p = 0; p < parameter; p++)
        if (layer->parameters[p].shape.dimensions > 1 &&
            layer->parameters[p].initializer == layer->parameters[parameter].initializer)
            return true;
    return false;
}

/* Appends the initializers of the weights (without biases and scales), or whose weights the layer shares. */
static void summary_append_weights(const nn_layer *layer, nn_text *text)
{
    const char *between = "  ";
    for (int p = 0; p < layer->parameter_count; p++) {
        if (layer->parameters[p].shape.dimensions < 2 || summary_repeats(layer, p)) continue;
        nn_text_append(text, "%s%s", between, layer->parameters[p].initializer->name);
        between = ", ";
    }
    if (layer->shares) {
        nn_text_append(text, "%sof %s", between, layer->shares->name);
        between = ", ";
    }
    if (layer->values_per_statistic > 0)
        nn_text_append(text, "%sover %s", between,
                       layer->statistics[NN_FORWARD] > 0 ? "the batch" : "microbatches");
    if (layer->frozen) nn_text_append(text, "%sfrozen", between);
}

void nn_model_summary(const nn_model *model, nn_text *text)
{
    const nn_network *network = model->network;
    int name_width, type_width;
    summary_widths(network, &name_width, &type_width);
    nn_text_append(text, "%-*s %-*s %-20s %12s %10s  %s\n", name_width, "layer", type_width, "type", "output",
                   "parameters", "MFLOP", "weights");
    for (int l = 0; l < network->layer_count; l++) {
        const nn_layer *layer = &network->layers[l];
        char shape[NN_SHAPE_TEXT];
        int64_t parameters = 0;
        for (int p = 0; p < layer->parameter_count; p++) parameters += layer->parameters[p].count;
        nn_text_append(text, "%-*s %-*s %-20s %12lld %10.3f", name_width, layer->name, type_width,
                       layer->type->name, nn_shape_text(shape, layer->output_shape), (long long)parameters,
                       layer->flops_forward * 1e-6);
        summary_append_weights(layer, text);
        nn_text_append(text, "\n");
    }
    nn_text_append(text, "%lld parameters, %.3f MFLOP forward and %.3f MFLOP in training per sample",
                   (long long)network->trainable_count, network->flops_forward * 1e-6,
                   network->flops_training * 1e-6);
}
