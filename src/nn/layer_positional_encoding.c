/*
 * Encodes the positions of steps, added to an input of steps x features: attention alone does not see the
 * order of its steps. Either trainable, one row per step, or waves (Vaswani, Shazeer, Parmar, Uszkoreit,
 * Jones, Gomez, Kaiser, Polosukhin: Attention is all you need; NIPS 2017):
 *
 *     P(t, 2 i) = sin(t / 10000^(2 i / features))    P(t, 2 i + 1) = cos(t / 10000^(2 i / features))
 */
#include <string.h>

#include "base/maths.h"
#include "base/memory.h"
#include "nn/initializer.h"
#include "nn/tangent.h"
#include "tensor/kernels.h"

#define LONGEST_WAVE 10000.0

enum { POSITIONAL_SINUSOIDAL, POSITIONAL_LEARNED };

static const char *const kinds[] = {"sinusoidal", "learned", NULL};

typedef struct positional_options {
    int kind;
    double deviation;
} positional_options;

static const nn_option positional_table[] = {
    {"kind", NN_OPTION_CHOICE, offsetof(positional_options, kind), "sinusoidal", 0, 0, kinds,
     NN_EFFECT_RESULT, "sinusoidal: fixed waves of different lengths; learned: one trainable row per step"},
    {"deviation", NN_OPTION_REAL, offsetof(positional_options, deviation), "0.02", 0, 1e9, NULL,
     NN_EFFECT_RESULT, "standard deviation of the initial values (learned only)"},
    {0}};

/* ---- building ---- */

/* One block of steps x features values. */
static nn_status positional_make_waves(nn_layer *layer, int64_t steps, int64_t features)
{
    nn_real *waves;
    NN_TRY(NN_ALLOCATE(&waves, steps * features, "the positions of a sequence"));
    layer->plan = waves;
    for (int64_t f = 0; f < features; f++) {
        double pair = (double)(f - f % 2);
        double frequency = nn_maths_exp(-nn_maths_log(LONGEST_WAVE) * pair / (double)features);
        for (int64_t t = 0; t < steps; t++) {
            double angle = (double)t * frequency;
            waves[t * features + f] = (nn_real)(f % 2 == 0 ? nn_maths_sin(angle) : nn_maths_cos(angle));
        }
    }
    return NN_OK;
}

static nn_status positional_add_table(nn_layer *layer, double deviation)
{
    /* The deviation of he is gain / sqrt(fan_in). */
    NN_TRY(nn_layer_add_parameter(layer, "weight", layer->output_shape, 1, 1,
                                  nn_initializer_find(NN_SCALAR_REAL, "he"), deviation, NULL));
    if (layer->shares) return nn_layer_share_parts(layer);
    for (int64_t end = NN_LAYER_PART_VALUES; end < layer->parameters[0].count; end += NN_LAYER_PART_VALUES)
        NN_TRY(nn_layer_add_part(layer, end));
    return nn_layer_add_part(layer, layer->value_count);
}

static nn_status positional_build(nn_layer *layer)
{
    const positional_options *options = layer->options;
    NN_TRY(nn_layer_check_inputs(layer, 1));
    nn_shape shape = layer->input_shapes[0];
    if (shape.dimensions != 2) {
        char text[NN_SHAPE_TEXT];
        NN_FAIL(NN_ERROR_USAGE,
                "it takes steps x features, but its input has shape %s; put an embedding before it",
                nn_shape_text(text, shape));
    }
    layer->output_shape = shape;
    layer->time.kept = true;
    nn_layer_divide_by_sample(layer);
    /* gradient reads the output's gradient. For a layer that shares its weights it is called after the layer
     * below has overwritten its own, which is the same buffer if in_place. */
    layer->in_place = !layer->shares;
    if (options->kind == POSITIONAL_SINUSOIDAL)
        return positional_make_waves(layer, shape.extents[0], shape.extents[1]);
    return positional_add_table(layer, options->deviation);
}

/* ---- running ---- */

static void positional_forward(const nn_layer *layer, const nn_layer_call *call)
{
    int64_t count = nn_shape_count(layer->output_shape);
    const nn_real *positions = layer->plan ? layer->plan : call->parameters;
    if (call->output != call->inputs[0])
        memcpy(call->output, call->inputs[0], (size_t)(call->samples * count) * sizeof *call->output);
    if (!call->linear) nn_add_bias(call->samples, count, positions, call->output);
}

static void positional_backward(const nn_layer *layer, const nn_layer_call *call)
{
    size_t values = (size_t)(call->samples * nn_shape_count(layer->output_shape));
    nn_real *below = call->input_gradients[0];
    if (below && below != call->output_gradient) memcpy(below, call->output_gradient, values * sizeof *below);
}

static void positional_gradient(const nn_layer *layer, const nn_layer_call *call, int part, bool accumulate,
                                nn_real *values)
{
    int64_t count = nn_shape_count(layer->output_shape);
    int64_t begin = layer->part_begin[part], end = layer->part_begin[part + 1];
    if (end > count) end = count; /* padding follows */
    nn_sum_rows(call->samples, end - begin, call->output_gradient + begin, count, accumulate, values);
}

static const nn_tensor_axes positional_axes[] = {{"weight", "steps, features", "weight", "vars/0"}, {0}};

const nn_layer_type nn_layer_positional_encoding = {
    .name = "positional_encoding",
    .summary = "adds an encoding of its position to each step of a sequence, for attention",
    .example = "positional_encoding: learned",
    .example_shape = {2, {5, 4}},
    .options = positional_table,
    .options_size = sizeof(positional_options),
    .build = positional_build,
    .forward = positional_forward,
    .backward = positional_backward,
    .tangent = nn_tangent_linear,
    .gradient = positional_gradient,
    .axes = positional_axes,
};
