/* Whether a network takes sequences of any number of steps: each layer that sees the steps must. */
#include <string.h>

#include "base/memory.h"
#include "export/onnx_model.h"

/* Steps of features, or of symbols. */
static bool steps_is_sequence(const nn_description *description)
{
    const nn_described_field *input = &description->input;
    nn_shape shape = input->shape;
    if (description->part_count > 0 || !nn_shape_equal(shape, description->layers[0].shape)) return false;
    if (shape.dimensions == 1) return input->is_index && input->scaling.columns <= 1;
    return shape.dimensions == 2 &&
           (input->scaling.columns <= 1 || input->scaling.columns == shape.extents[1]);
}

/* The steps of layer `l`, given which of those before it are free; false: the layer needs their number. */
static bool steps_pass(const nn_description *description, int l, bool *is_free)
{
    const nn_described_layer *layer = &description->layers[l];
    const nn_onnx_layer *type = nn_onnx_layer_find(layer->type);
    int free_inputs = 0;
    for (int i = 0; i < layer->input_count; i++) free_inputs += is_free[layer->inputs[i]];
    is_free[l] = false;
    if (free_inputs == 0) return true;
    if (!type) return false;
    nn_onnx_steps steps = type->steps_of ? type->steps_of(layer) : type->steps;
    /* Of a list of symbols the only extent are the steps, of other values it may be the features. */
    bool is_list = description->layers[layer->inputs[0]].shape.dimensions < 2;
    if (steps == NN_ONNX_STEPS_FIXED || (is_list && strcmp(layer->type, "embedding") != 0)) return false;
    bool attends = strcmp(layer->type, "multi_head_attention") == 0;
    if (!attends && free_inputs != layer->input_count) return false;
    is_free[l] = steps == NN_ONNX_STEPS_KEPT && is_free[layer->inputs[0]];
    return true;
}

/* Whether the output's units and classes repeat with every step. */
static bool steps_fit_output(const nn_description *description, const nn_described_output *output)
{
    nn_shape shape = description->layers[output->layer].shape;
    int64_t last = shape.dimensions > 1 ? shape.extents[shape.dimensions - 1] : 0;
    if (output->difference_to) return false;
    if (output->prediction)
        return strcmp(output->prediction, "softmax") != 0 || output->field.classes == last;
    return output->field.scaling.columns <= 1 || output->field.scaling.columns == last;
}

bool nn_onnx_model_is_free(const nn_description *description)
{
    bool *is_free = NULL, fits = steps_is_sequence(description);
    if (!fits || NN_ALLOCATE(&is_free, description->layer_count, "the steps of layers") != NN_OK)
        return false;
    is_free[0] = true;
    for (int l = 1; fits && l < description->layer_count; l++) fits = steps_pass(description, l, is_free);
    for (int o = 0; fits && o < description->output_count; o++)
        if (is_free[description->outputs[o].layer])
            fits = steps_fit_output(description, &description->outputs[o]);
    nn_free(is_free);
    return fits;
}
