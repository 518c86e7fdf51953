/*
 * One-hot: numbers of categories along the last axis become as many values as there are categories, of which
 * one is 1; the other places are copied. -1 means none of them: all are 0. Another invalid number cannot be
 * reported from here: its values become NaN, and training stops and names this layer.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/memory.h"
#include "nn/layer.h"

typedef struct one_hot_options {
    nn_text_list categories;
} one_hot_options;

/* What a place of the last axis becomes. */
typedef struct one_hot_plan {
    int64_t places, width; /* of a row of the input, and of the output */
    int64_t categories[];  /* per place: 0: it is copied; -1: it is left out */
} one_hot_plan;

static const nn_option one_hot_table[] = {
    {"categories", NN_OPTION_TEXT_LIST, offsetof(one_hot_options, categories), NULL, 0, 0, NULL,
     NN_EFFECT_RESULT,
     "for each place of the last axis: the number of categories, which it counts from 0; 0: its value is "
     "copied; -1: it is left out"},
    {0}};

/* ---- building ---- */

static nn_status one_hot_read(const one_hot_options *options, one_hot_plan *plan)
{
    const int64_t exact = (int64_t)1 << (sizeof(nn_real) == sizeof(float) ? 24 : 31);
    for (int64_t p = 0; p < plan->places; p++) {
        const char *text = options->categories.items[p];
        char *end;
        long long count = strtoll(text, &end, 10);
        if (end == text || *end || count < -1 || count > exact)
            NN_FAIL(NN_ERROR_USAGE, "categories: '%s' is not a number of categories; choose -1 to %lld", text,
                    (long long)exact);
        plan->categories[p] = count;
        plan->width += count > 0 ? count : count == 0;
    }
    if (plan->width == 0) NN_FAIL(NN_ERROR_USAGE, "categories: every place is left out; keep at least one");
    return NN_OK;
}

static nn_status one_hot_build(nn_layer *layer)
{
    const one_hot_options *options = layer->options;
    nn_shape shape = layer->input_shapes[0];
    NN_TRY(nn_layer_check_inputs(layer, 1));
    if (shape.dimensions == 0) shape = (nn_shape){1, {1}};
    int64_t places = shape.extents[shape.dimensions - 1];
    if ((int64_t)options->categories.count != places)
        NN_FAIL(NN_ERROR_USAGE,
                "categories: lists %zu places, but the last axis of its input has %lld; give one number for "
                "each (0: copied)",
                options->categories.count, (long long)places);
    NN_TRY(nn_allocate(&layer->plan, 1, sizeof(one_hot_plan) + (size_t)places * sizeof(int64_t),
                       "a one_hot layer"));
    one_hot_plan *plan = layer->plan;
    plan->places = places;
    NN_TRY(one_hot_read(options, plan));
    shape.extents[shape.dimensions - 1] = plan->width;
    layer->output_shape = shape;
    layer->time.kept = shape.dimensions > 1;
    nn_layer_divide_by_sample(layer);
    return NN_OK;
}

/* ---- running ---- */

static int64_t one_hot_rows(const nn_layer *layer, const nn_layer_call *call)
{
    const one_hot_plan *plan = layer->plan;
    return call->samples * (nn_shape_count(layer->output_shape) / plan->width);
}

static void one_hot_write(nn_real number, int64_t count, nn_real *to)
{
    bool valid = number >= -1 && number < (nn_real)count && (nn_real)(int64_t)number == number;
    for (int64_t i = 0; i < count; i++) to[i] = valid ? 0 : (nn_real)NAN;
    if (valid && number >= 0) to[(int64_t)number] = 1;
}

static void one_hot_forward(const nn_layer *layer, const nn_layer_call *call)
{
    const one_hot_plan *plan = layer->plan;
    const nn_real *from = call->inputs[0];
    nn_real *to = call->output;
    for (int64_t row = 0; row < one_hot_rows(layer, call); row++, from += plan->places)
        for (int64_t p = 0; p < plan->places; p++) {
            int64_t count = plan->categories[p];
            if (count == 0) *to++ = from[p];
            if (count <= 0) continue;
            one_hot_write(from[p], count, to);
            to += count;
        }
}

/* Copies what belongs to the places that are copied; the output is piecewise constant in the others. */
static void one_hot_take_back(const nn_layer *layer, const nn_layer_call *call, const nn_real *from,
                              nn_real *to)
{
    const one_hot_plan *plan = layer->plan;
    for (int64_t row = 0; row < one_hot_rows(layer, call); row++, to += plan->places)
        for (int64_t p = 0; p < plan->places; p++) {
            int64_t count = plan->categories[p];
            to[p] = count == 0 ? *from : 0;
            from += count > 0 ? count : count == 0;
        }
}

static void one_hot_backward(const nn_layer *layer, const nn_layer_call *call)
{
    if (call->input_gradients[0])
        one_hot_take_back(layer, call, call->output_gradient, call->input_gradients[0]);
}

static void one_hot_tangent(const nn_layer *layer, const nn_layer_call *call)
{
    const one_hot_plan *plan = layer->plan;
    const nn_real *from = call->input_tangents[0];
    nn_real *to = call->output_tangent;
    for (int64_t row = 0; row < one_hot_rows(layer, call); row++, from += plan->places)
        for (int64_t p = 0; p < plan->places; p++) {
            int64_t count = plan->categories[p];
            if (count == 0) *to++ = from[p];
            for (int64_t i = 0; i < count; i++) *to++ = 0;
        }
}

const nn_layer_type nn_layer_one_hot = {
    .name = "one_hot",
    .summary = "numbers of categories in some places of the last axis become one value per category, one of "
               "which is 1",
    .example = "one_hot: {categories: [3, 2, 4]}",
    .example_shape = {1, {3}},
    .example_indices = 2,
    .options = one_hot_table,
    .options_size = sizeof(one_hot_options),
    .build = one_hot_build,
    .forward = one_hot_forward,
    .backward = one_hot_backward,
    .tangent = one_hot_tangent,
};
