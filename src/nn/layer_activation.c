/* An activation function as a separate layer. */
#include <string.h>

#include "nn/activation.h"
#include "nn/tangent.h"

typedef struct activation_options {
    int function; /* index in the names without "none" */
    double slope;
} activation_options;

static const nn_option activation_table[] = {
    {"function", NN_OPTION_CHOICE, offsetof(activation_options, function), NULL, 0, 0,
     nn_activation_names + 1, NN_EFFECT_RESULT, "the function; softmax is taken over the last dimension"},
    {"slope", NN_OPTION_REAL, offsetof(activation_options, slope), "0.01", 0, 1, NULL, NN_EFFECT_RESULT,
     "slope of leaky_relu below 0"},
    {0}};

static const nn_activation *activation_function(const nn_layer *layer)
{
    const activation_options *options = layer->options;
    return nn_activation_at(options->function + 1);
}

static nn_status activation_build(nn_layer *layer)
{
    NN_TRY(nn_layer_check_inputs(layer, 1));
    bool needs_input = activation_function(layer)->needs_input;
    layer->output_shape = layer->input_shapes[0];
    layer->time.kept = true;
    nn_layer_divide_by_sample(layer);
    layer->in_place = !needs_input;
    layer->reads_output = !needs_input;
    return NN_OK;
}

static int64_t activation_columns(const nn_layer *layer)
{
    nn_shape shape = layer->output_shape;
    return shape.dimensions > 0 ? shape.extents[shape.dimensions - 1] : 1;
}

static int64_t activation_rows(const nn_layer *layer, const nn_layer_call *call)
{
    return call->samples * nn_shape_count(layer->output_shape) / activation_columns(layer);
}

static nn_real activation_slope(const nn_layer *layer)
{
    const activation_options *options = layer->options;
    return (nn_real)options->slope;
}

static void activation_forward(const nn_layer *layer, const nn_layer_call *call)
{
    activation_function(layer)->forward(activation_rows(layer, call), activation_columns(layer),
                                        activation_slope(layer), call->inputs[0], call->output);
}

static void activation_backward(const nn_layer *layer, const nn_layer_call *call)
{
    if (!call->input_gradients[0]) return;
    const nn_activation *function = activation_function(layer);
    function->backward(activation_rows(layer, call), activation_columns(layer), activation_slope(layer),
                       function->needs_input ? call->inputs[0] : call->output, call->output_gradient,
                       call->input_gradients[0]);
}

/* Not for softmax: it is taken over rows of this layer's shape, which may differ from those of the layer that
 * would apply it. */
static int activation_of(const nn_layer *layer)
{
    const activation_options *options = layer->options;
    bool by_value = strcmp(activation_function(layer)->name, "softmax") != 0;
    return by_value && options->slope == NN_DEFAULT_SLOPE ? options->function + 1 : 0;
}

const nn_layer_type nn_layer_activation = {
    .name = "activation",
    .summary = "an activation function applied to every value (dense has one built in, which is faster)",
    .example = "activation: tanh",
    .options = activation_table,
    .options_size = sizeof(activation_options),
    .build = activation_build,
    .forward = activation_forward,
    .backward = activation_backward,
    .tangent = nn_tangent_symmetric,
    .activation_of = activation_of,
};
