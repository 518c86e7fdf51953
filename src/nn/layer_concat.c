/* Joins the inputs along one axis, in the order in which they are listed. The last axis holds the channels of
 * images and the features of steps. */
#include <string.h>

#include "nn/axes.h"
#include "nn/tangent.h"

typedef struct concat_options {
    int64_t axis;
} concat_options;

static const nn_option concat_table[] = {
    {"axis", NN_OPTION_INTEGER, offsetof(concat_options, axis), "-1", -NN_MAX_DIMENSIONS,
     NN_MAX_DIMENSIONS - 1, NULL, NN_EFFECT_RESULT,
     "axis along which the inputs are joined, counted from 0; -1 is the last"},
    {0}};

static nn_status concat_add_shape(nn_layer *layer, int axis, nn_shape shape)
{
    nn_shape *output = &layer->output_shape, whole = *output;
    bool fits = shape.dimensions == output->dimensions;
    if (fits) whole.extents[axis] = shape.extents[axis];
    if (!fits || !nn_shape_equal(shape, whole)) {
        char first_text[NN_SHAPE_TEXT], other_text[NN_SHAPE_TEXT];
        NN_FAIL(
            NN_ERROR_USAGE,
            "its inputs have shapes %s and %s; concat along axis %d needs equal extents on all other axes",
            nn_shape_text(first_text, layer->input_shapes[0]), nn_shape_text(other_text, shape), axis);
    }
    output->extents[axis] += shape.extents[axis];
    return NN_OK;
}

static nn_status concat_build(nn_layer *layer)
{
    const concat_options *options = layer->options;
    int axis;
    NN_TRY(nn_layer_check_several(layer));
    NN_TRY(nn_axes_find(layer->input_shapes[0], options->axis, &axis));
    layer->output_shape = layer->input_shapes[0];
    for (int i = 1; i < layer->input_count; i++)
        NN_TRY(concat_add_shape(layer, axis, layer->input_shapes[i]));
    layer->time.kept = axis > 0;
    nn_layer_divide_by_sample(layer);
    return NN_OK;
}

/* Copies between input `i` and its columns in the rows of the output, which start at *place. */
static void concat_copy(const nn_layer *layer, const nn_layer_call *call, int i, int64_t *place,
                        nn_real *input, nn_real *output, bool to_output)
{
    const concat_options *options = layer->options;
    int axis = (int)(options->axis < 0 ? options->axis + layer->output_shape.dimensions : options->axis);
    nn_axis_cut whole = nn_axes_cut(layer->output_shape, axis);
    nn_axis_cut part = nn_axes_cut(layer->input_shapes[i], axis);
    int64_t width = part.extent * part.inner, stride = whole.extent * whole.inner;
    for (int64_t row = 0; input && row < call->samples * part.outer; row++) {
        nn_real *there = output + row * stride + *place, *here = input + row * width;
        memcpy(to_output ? there : here, to_output ? here : there, (size_t)width * sizeof *here);
    }
    *place += width;
}

static void concat_forward(const nn_layer *layer, const nn_layer_call *call)
{
    int64_t place = 0;
    for (int i = 0; i < layer->input_count; i++)
        concat_copy(layer, call, i, &place, (nn_real *)(uintptr_t)call->inputs[i], call->output, true);
}

static void concat_backward(const nn_layer *layer, const nn_layer_call *call)
{
    int64_t place = 0;
    for (int i = 0; i < layer->input_count; i++)
        concat_copy(layer, call, i, &place, call->input_gradients[i], call->output_gradient, false);
}

const nn_layer_type nn_layer_concat = {
    .name = "concat",
    .summary = "joins the inputs along one axis (default: the channels)",
    .example = "concat",
    .example_inputs = 3,
    .options = concat_table,
    .options_size = sizeof(concat_options),
    .build = concat_build,
    .forward = concat_forward,
    .backward = concat_backward,
    .tangent = nn_tangent_linear,
};
