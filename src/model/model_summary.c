/* The table of a model's layers. */
#include <string.h>

#include "model/model.h"
#include "nn/initializer.h"
#include "tensor/matrix.h"

/* The widths of the first three columns: what they need, so that the table fits most windows. */
typedef struct summary_widths {
    int name, type, shape;
} summary_widths;

static void summary_widen(int *width, const char *text)
{
    if ((int)strlen(text) > *width) *width = (int)strlen(text);
}

static summary_widths summary_measure(const nn_network *network)
{
    summary_widths widths = {0};
    char shape[NN_SHAPE_TEXT];
    summary_widen(&widths.name, "layer");
    summary_widen(&widths.type, "type");
    summary_widen(&widths.shape, "output");
    for (int l = 0; l < network->layer_count; l++) {
        const nn_layer *layer = &network->layers[l];
        summary_widen(&widths.name, layer->name);
        summary_widen(&widths.type, layer->type->name);
        summary_widen(&widths.shape, nn_shape_text(shape, layer->output_shape));
    }
    return widths;
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
    summary_widths widths = summary_measure(network);
    nn_text_append(text, "%-*s  %-*s  %-*s  %10s %9s  %s\n", widths.name, "layer", widths.type, "type",
                   widths.shape, "output", "parameters", "MFLOP", "weights");
    for (int l = 0; l < network->layer_count; l++) {
        const nn_layer *layer = &network->layers[l];
        char shape[NN_SHAPE_TEXT];
        int64_t parameters = 0;
        for (int p = 0; p < layer->parameter_count; p++) parameters += layer->parameters[p].count;
        nn_text_append(text, "%-*s  %-*s  %-*s  %10lld %9.3f", widths.name, layer->name, widths.type,
                       layer->type->name, widths.shape, nn_shape_text(shape, layer->output_shape),
                       (long long)parameters, layer->flops_forward * 1e-6);
        summary_append_weights(layer, text);
        nn_text_append(text, "\n");
    }
    nn_text_append(text, "%lld parameters, %.3f MFLOP forward and %.3f MFLOP in training per sample",
                   (long long)network->trainable_count, network->flops_forward * 1e-6,
                   network->flops_training * 1e-6);
}

const char *nn_model_precision(const nn_model *model)
{
    return model->network->engine == NN_ENGINE_MIXED ? "mixed" : nn_scalar_name(model->scalar);
}

const char *nn_model_kernels(const nn_model *model)
{
    return model->network->engine == NN_ENGINE_BLAS ? nn_matrix_kernels() : "portable";
}
