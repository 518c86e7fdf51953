/*
 * Layer normalisation (Ba, Kiros, Hinton: Layer normalization, 2016) over the last extent: each row is
 * normalised to mean 0 and variance 1, y = (x - mean) / sqrt(variance + epsilon) scale + shift. Training and
 * prediction compute the same, and neither samples nor steps affect each other.
 */
#include <string.h>

#include "base/memory.h"
#include "nn/affine.h"
#include "nn/saved.h"
#include "tensor/norm.h"

typedef struct layer_norm_options {
    double epsilon;
    bool scale, shift;
} layer_norm_options;

typedef struct layer_norm_plan {
    int64_t rows, columns; /* per sample */
    nn_affine affine;
} layer_norm_plan;

static const nn_option layer_norm_table[] = {
    {"epsilon", NN_OPTION_REAL, offsetof(layer_norm_options, epsilon), "1e-5", 1e-12, 1, NULL,
     NN_EFFECT_RESULT, "added to the variance before taking the square root"},
    {"scale", NN_OPTION_BOOLEAN, offsetof(layer_norm_options, scale), "true", 0, 0, NULL, NN_EFFECT_RESULT,
     "multiply each column by a trainable factor (gamma)"},
    {"shift", NN_OPTION_BOOLEAN, offsetof(layer_norm_options, shift), "true", 0, 0, NULL, NN_EFFECT_RESULT,
     "add a trainable offset to each column (beta)"},
    {0}};

/* ---- building ---- */

/* Saved for each sample, in doubles: the sums over its rows that make up the gradients of shift and scale. */
static int64_t layer_norm_sum_values(const layer_norm_plan *plan)
{
    return 2 * plan->columns * (int64_t)(sizeof(double) / sizeof(nn_real));
}

static nn_status layer_norm_build(nn_layer *layer)
{
    const layer_norm_options *options = layer->options;
    NN_TRY(nn_layer_check_inputs(layer, 1));
    nn_shape shape = layer->input_shapes[0];
    if (shape.dimensions == 0 || shape.extents[shape.dimensions - 1] == 1)
        NN_FAIL(NN_ERROR_USAGE, "its input has one value per row, which becomes 0 when the mean is "
                                "subtracted; use batch_norm, or reshape the input");
    layer_norm_plan *plan;
    NN_TRY(NN_ALLOCATE(&plan, 1, "the plan of a normalisation"));
    layer->plan = plan;
    plan->columns = shape.extents[shape.dimensions - 1];
    plan->rows = nn_shape_count(shape) / plan->columns;
    layer->output_shape = shape;
    layer->time.kept = shape.dimensions > 1;
    layer->gradient_in_place = true;
    layer->little_gradient = true;
    nn_layer_divide_by_sample(layer);
    layer->saved_per_sample = layer_norm_sum_values(plan) + 2 * plan->rows;
    layer->scratch_fixed = layer_norm_sum_values(plan) + 2 * plan->columns;
    return nn_affine_build(layer, plan->columns, options->scale, options->shift, &plan->affine);
}

/* ---- running ---- */

/* A parameter tensor; if the layer does not have it, scratch filled with the neutral value. */
static const nn_real *layer_norm_parameter(const nn_layer *layer, const nn_layer_call *call, int index,
                                           nn_real neutral, nn_real *scratch)
{
    const layer_norm_plan *plan = layer->plan;
    if (index >= 0) return call->parameters + layer->parameters[index].offset;
    for (int64_t i = 0; i < plan->columns; i++) scratch[i] = neutral;
    return scratch;
}

static double *layer_norm_sums(const nn_layer *layer, const nn_layer_call *call)
{
    return (void *)nn_layer_saved(call, 0, layer_norm_sum_values(layer->plan));
}

static nn_real *layer_norm_mean(const nn_layer *layer, const nn_layer_call *call)
{
    const layer_norm_plan *plan = layer->plan;
    return nn_layer_saved(call, layer_norm_sum_values(plan), plan->rows);
}

static nn_real *layer_norm_inverse(const nn_layer *layer, const nn_layer_call *call)
{
    const layer_norm_plan *plan = layer->plan;
    return nn_layer_saved(call, layer_norm_sum_values(plan) + plan->rows, plan->rows);
}

static void layer_norm_forward(const nn_layer *layer, const nn_layer_call *call)
{
    const layer_norm_plan *plan = layer->plan;
    const layer_norm_options *options = layer->options;
    const nn_real *scale = layer_norm_parameter(layer, call, plan->affine.scale, 1, call->scratch);
    const nn_real *shift =
        layer_norm_parameter(layer, call, plan->affine.shift, 0, call->scratch + plan->columns);
    nn_norm_rows(call->samples * plan->rows, plan->columns, options->epsilon, scale, shift, call->inputs[0],
                 layer_norm_mean(layer, call), layer_norm_inverse(layer, call), call->output);
}

static void layer_norm_backward(const nn_layer *layer, const nn_layer_call *call)
{
    const layer_norm_plan *plan = layer->plan;
    const nn_real *scale = layer_norm_parameter(layer, call, plan->affine.scale, 1, call->scratch);
    const nn_real *mean = layer_norm_mean(layer, call), *inverse = layer_norm_inverse(layer, call);
    double *sums = layer_norm_sums(layer, call);
    memset(sums, 0, (size_t)(call->samples * 2 * plan->columns) * sizeof *sums);
    for (int64_t i = 0; i < call->samples; i++) {
        int64_t row = i * plan->rows, at = row * plan->columns;
        nn_real *dx = call->input_gradients[0] ? call->input_gradients[0] + at : NULL;
        nn_norm_rows_gradient(plan->rows, plan->columns, scale, mean + row, inverse + row,
                              call->inputs[0] + at, call->output_gradient + at, dx,
                              sums + i * 2 * plan->columns);
    }
}

static void layer_norm_tangent(const nn_layer *layer, const nn_layer_call *call)
{
    const layer_norm_plan *plan = layer->plan;
    nn_affine_tangent(layer, &plan->affine, call);
}

static void layer_norm_gradient(const nn_layer *layer, const nn_layer_call *call, int part, bool accumulate,
                                nn_real *values)
{
    (void)part;
    const layer_norm_plan *plan = layer->plan;
    nn_affine_gradient(layer, &plan->affine, call->samples, layer_norm_sums(layer, call),
                       (void *)call->scratch, accumulate, values);
}

const nn_layer_type nn_layer_layer_norm = {
    .name = "layer_norm",
    .summary = "normalises each sample along its last dimension",
    .example = "layer_norm",
    .options = layer_norm_table,
    .options_size = sizeof(layer_norm_options),
    .build = layer_norm_build,
    .forward = layer_norm_forward,
    .backward = layer_norm_backward,
    .tangent = layer_norm_tangent,
    .gradient = layer_norm_gradient,
    .axes = nn_affine_axes,
};
