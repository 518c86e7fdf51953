/*
 * Replaces missing values, which are NaN, by a number for each place of the last axis, and may append where
 * they were: as many places more, each 1 where the value was missing and 0 elsewhere.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/memory.h"
#include "nn/layer.h"

typedef struct fill_missing_options {
    nn_text_list values;
    bool indicator;
} fill_missing_options;

typedef struct fill_plan {
    int64_t places, width; /* of a row of the input, and of the output */
    nn_real values[];      /* per place */
} fill_plan;

static const nn_option fill_missing_table[] = {
    {"values", NN_OPTION_TEXT_LIST, offsetof(fill_missing_options, values), "0", 0, 0, NULL, NN_EFFECT_RESULT,
     "what missing values (NaN) become, as the network reads values: one number, or one for each place of "
     "the last axis"},
    {"indicator", NN_OPTION_BOOLEAN, offsetof(fill_missing_options, indicator), "false", 0, 0, NULL,
     NN_EFFECT_RESULT, "append for each place whether it was missing: 1, or 0"},
    {0}};

/* ---- building ---- */

static nn_status fill_read(const fill_missing_options *options, fill_plan *plan)
{
    size_t count = options->values.count;
    if (count != 1 && (int64_t)count != plan->places)
        NN_FAIL(NN_ERROR_USAGE,
                "values: lists %zu numbers, but the last axis of its input has %lld places; give one for all "
                "or one for each",
                count, (long long)plan->places);
    for (int64_t p = 0; p < plan->places; p++) {
        const char *text = options->values.items[count == 1 ? 0 : p];
        char *end;
        double value = strtod(text, &end);
        if (end == text || *end || !isfinite((nn_real)value))
            NN_FAIL(NN_ERROR_USAGE, "values: '%s' is not a finite number", text);
        plan->values[p] = (nn_real)value;
    }
    return NN_OK;
}

static nn_status fill_build(nn_layer *layer)
{
    const fill_missing_options *options = layer->options;
    nn_shape shape = layer->input_shapes[0];
    NN_TRY(nn_layer_check_inputs(layer, 1));
    if (shape.dimensions == 0) shape = (nn_shape){1, {1}};
    int64_t places = shape.extents[shape.dimensions - 1];
    NN_TRY(nn_allocate(&layer->plan, 1, sizeof(fill_plan) + (size_t)places * sizeof(nn_real),
                       "a fill_missing layer"));
    fill_plan *plan = layer->plan;
    plan->places = places;
    plan->width = options->indicator ? 2 * places : places;
    NN_TRY(fill_read(options, plan));
    shape.extents[shape.dimensions - 1] = plan->width;
    layer->output_shape = shape;
    layer->time.kept = shape.dimensions > 1;
    nn_layer_divide_by_sample(layer);
    return NN_OK;
}

/* ---- running ---- */

static int64_t fill_rows(const nn_layer *layer, const nn_layer_call *call)
{
    const fill_plan *plan = layer->plan;
    return call->samples * (nn_shape_count(layer->output_shape) / plan->width);
}

static void fill_forward(const nn_layer *layer, const nn_layer_call *call)
{
    const fill_plan *plan = layer->plan;
    const nn_real *from = call->inputs[0];
    nn_real *to = call->output;
    for (int64_t row = 0; row < fill_rows(layer, call); row++, from += plan->places, to += plan->width)
        for (int64_t p = 0; p < plan->places; p++) {
            bool missing = isnan(from[p]);
            to[p] = missing ? plan->values[p] : from[p];
            if (plan->width > plan->places) to[plan->places + p] = missing;
        }
}

/* A missing value changes nothing, nor does a value change what was missing. */
static void fill_backward(const nn_layer *layer, const nn_layer_call *call)
{
    const fill_plan *plan = layer->plan;
    const nn_real *input = call->inputs[0], *from = call->output_gradient;
    nn_real *to = call->input_gradients[0];
    if (!to) return;
    for (int64_t row = 0; row < fill_rows(layer, call);
         row++, input += plan->places, from += plan->width, to += plan->places)
        for (int64_t p = 0; p < plan->places; p++) to[p] = isnan(input[p]) ? 0 : from[p];
}

static void fill_tangent(const nn_layer *layer, const nn_layer_call *call)
{
    const fill_plan *plan = layer->plan;
    const nn_real *input = call->inputs[0], *from = call->input_tangents[0];
    nn_real *to = call->output_tangent;
    for (int64_t row = 0; row < fill_rows(layer, call);
         row++, input += plan->places, from += plan->places, to += plan->width)
        for (int64_t p = 0; p < plan->places; p++) {
            to[p] = isnan(input[p]) ? 0 : from[p];
            if (plan->width > plan->places) to[plan->places + p] = 0;
        }
}

const nn_layer_type nn_layer_fill_missing = {
    .name = "fill_missing",
    .summary = "replaces missing values (NaN) by numbers, and may append where they were",
    .example = "fill_missing: {values: 0.5, indicator: true}",
    .example_shape = {2, {2, 4}},
    .takes_missing = true,
    .options = fill_missing_table,
    .options_size = sizeof(fill_missing_options),
    .build = fill_build,
    .forward = fill_forward,
    .backward = fill_backward,
    .tangent = fill_tangent,
};
