/* Keeps some places along one axis: a range or a list. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "nn/axes.h"
#include "nn/tangent.h"
#include "tensor/kernels.h"

typedef struct slice_options {
    int64_t axis, begin, end;
    nn_text_list places;
} slice_options;

/* Consecutive places along the axis, copied at once. */
typedef struct slice_run {
    int64_t begin, length;
} slice_run;

typedef struct slice_plan {
    int axis;
    int64_t run_count;
    slice_run runs[]; /* in the order of the output */
} slice_plan;

static const nn_option slice_table[] = {
    {"axis", NN_OPTION_INTEGER, offsetof(slice_options, axis), "-1", -NN_MAX_DIMENSIONS,
     NN_MAX_DIMENSIONS - 1, NULL, NN_EFFECT_RESULT, "axis to cut, counted from 0; -1 is the last"},
    {"begin", NN_OPTION_INTEGER, offsetof(slice_options, begin), "0", 0, 0, NULL, NN_EFFECT_RESULT,
     "first place to keep, counted from 0; negative values count from the end"},
    {"end", NN_OPTION_INTEGER, offsetof(slice_options, end), "0", 0, 0, NULL, NN_EFFECT_RESULT,
     "place after the last one to keep; 0: the end; negative values count from the end"},
    {"places", NN_OPTION_TEXT_LIST, offsetof(slice_options, places), "", 0, 0, NULL, NN_EFFECT_RESULT,
     "the places to keep, in this order, such as [0, 3, -1]; instead of begin and end"},
    {0}};

/* ---- building ---- */

static void slice_add(slice_plan *plan, int64_t begin, int64_t length)
{
    slice_run *last = plan->run_count > 0 ? &plan->runs[plan->run_count - 1] : NULL;
    if (last && last->begin + last->length == begin)
        last->length += length;
    else
        plan->runs[plan->run_count++] = (slice_run){begin, length};
}

static nn_status slice_add_range(const slice_options *options, int64_t extent, slice_plan *plan)
{
    int64_t begin = options->begin < 0 ? options->begin + extent : options->begin;
    int64_t end = options->end <= 0 ? options->end + extent : options->end;
    if (begin < 0 || end > extent || begin >= end)
        NN_FAIL(
            NN_ERROR_USAGE,
            "begin: %lld and end: %lld do not select a range of the axis; choose 0 <= begin < end <= %lld",
            (long long)options->begin, (long long)options->end, (long long)extent);
    slice_add(plan, begin, end - begin);
    return NN_OK;
}

static nn_status slice_add_places(const slice_options *options, int64_t extent, slice_plan *plan)
{
    if (options->begin != 0 || options->end != 0)
        NN_FAIL(NN_ERROR_USAGE, "places cannot be combined with begin and end; remove one or the other");
    for (size_t i = 0; i < options->places.count; i++) {
        const char *text = options->places.items[i];
        char *end;
        long long place = strtoll(text, &end, 10);
        if (end == text || *end || place < -extent || place >= extent)
            NN_FAIL(NN_ERROR_USAGE,
                    "places: %s is not a place on the axis; choose %lld to %lld (negative ones count from "
                    "the end)",
                    text, -(long long)extent, (long long)extent - 1);
        slice_add(plan, place < 0 ? place + extent : place, 1);
    }
    return NN_OK;
}

static nn_status slice_build(nn_layer *layer)
{
    const slice_options *options = layer->options;
    nn_shape from = layer->input_shapes[0];
    int axis;
    NN_TRY(nn_layer_check_inputs(layer, 1));
    NN_TRY(nn_axes_find(from, options->axis, &axis));
    size_t runs = options->places.count > 0 ? options->places.count : 1;
    NN_TRY(nn_allocate(&layer->plan, 1, sizeof(slice_plan) + runs * sizeof(slice_run), "a slice layer"));
    slice_plan *plan = layer->plan;
    plan->axis = axis;
    if (options->places.count > 0)
        NN_TRY(slice_add_places(options, from.extents[axis], plan));
    else
        NN_TRY(slice_add_range(options, from.extents[axis], plan));
    layer->output_shape = from;
    layer->output_shape.extents[axis] = 0;
    for (int64_t r = 0; r < plan->run_count; r++) layer->output_shape.extents[axis] += plan->runs[r].length;
    layer->time.kept = axis > 0;
    nn_layer_divide_by_sample(layer);
    return NN_OK;
}

/* ---- running ---- */

static void slice_forward(const nn_layer *layer, const nn_layer_call *call)
{
    const slice_plan *plan = layer->plan;
    nn_axis_cut cut = nn_axes_cut(layer->input_shapes[0], plan->axis);
    const nn_real *row = call->inputs[0];
    nn_real *to = call->output;
    for (int64_t i = 0; i < call->samples * cut.outer; i++, row += cut.extent * cut.inner)
        for (int64_t r = 0; r < plan->run_count; r++) {
            int64_t width = plan->runs[r].length * cut.inner;
            memcpy(to, row + plan->runs[r].begin * cut.inner, (size_t)width * sizeof *to);
            to += width;
        }
}

/* Adds, because a list may contain a place twice. */
static void slice_backward(const nn_layer *layer, const nn_layer_call *call)
{
    const slice_plan *plan = layer->plan;
    nn_axis_cut cut = nn_axes_cut(layer->input_shapes[0], plan->axis);
    const nn_real *from = call->output_gradient;
    nn_real *row = call->input_gradients[0];
    int64_t values = cut.extent * cut.inner;
    if (!row) return;
    memset(row, 0, (size_t)(call->samples * cut.outer * values) * sizeof *row);
    for (int64_t i = 0; i < call->samples * cut.outer; i++, row += values)
        for (int64_t r = 0; r < plan->run_count; r++) {
            int64_t width = plan->runs[r].length * cut.inner;
            nn_add(width, from, row + plan->runs[r].begin * cut.inner);
            from += width;
        }
}

const nn_layer_type nn_layer_slice = {
    .name = "slice",
    .summary = "keeps some places along one axis: a range or a list",
    .example = "slice: {axis: 0, begin: 1}",
    .example_shape = {2, {2, 4}},
    .picks = true,
    .options = slice_table,
    .options_size = sizeof(slice_options),
    .build = slice_build,
    .forward = slice_forward,
    .backward = slice_backward,
    .tangent = nn_tangent_linear,
};
