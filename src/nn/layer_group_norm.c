/*
 * Group normalisation (Wu, He, ECCV 2018): the channels, the last extent, are divided into groups, and each
 * group of each sample is normalised to mean 0 and variance 1 over its channels and all positions, y = (x -
 * mean) / sqrt(variance + epsilon) scale + shift. With one channel per group it is instance normalisation
 * (Ulyanov, Vedaldi, Lempitsky, 2016). Training and prediction compute the same, and samples do not affect
 * each other. Steps past the end of a sequence are ignored.
 */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "nn/affine.h"
#include "nn/rows.h"
#include "nn/saved.h"
#include "tensor/norm.h"

/* The values of the channels are repeated to about this many, so that the kernels run over long rows. */
#define PERIOD_VALUES 256

typedef struct group_norm_options {
    int64_t groups;
    double epsilon;
    bool scale, shift;
} group_norm_options;

typedef struct group_norm_plan {
    nn_rows rows;
    int64_t channels, groups, width, period; /* width: channels of a group */
    nn_affine affine;
} group_norm_plan;

static const nn_option group_norm_table[] = {
    {"groups", NN_OPTION_INTEGER, offsetof(group_norm_options, groups), "8", 1, 1e9, NULL, NN_EFFECT_RESULT,
     "number of groups; must divide the number of channels"},
    {"epsilon", NN_OPTION_REAL, offsetof(group_norm_options, epsilon), "1e-5", 1e-12, 1, NULL,
     NN_EFFECT_RESULT, "added to the variance before taking the square root"},
    {"scale", NN_OPTION_BOOLEAN, offsetof(group_norm_options, scale), "true", 0, 0, NULL, NN_EFFECT_RESULT,
     "multiply each channel by a trainable factor (gamma)"},
    {"shift", NN_OPTION_BOOLEAN, offsetof(group_norm_options, shift), "true", 0, 0, NULL, NN_EFFECT_RESULT,
     "add a trainable offset to each channel (beta)"},
    {0}};

/* ---- building ---- */

static nn_status group_norm_check(const group_norm_plan *plan)
{
    if (plan->channels % plan->groups != 0)
        NN_FAIL(NN_ERROR_USAGE,
                "its %lld channels cannot be divided into %lld groups; set `groups` to a divisor of the "
                "number of channels",
                (long long)plan->channels, (long long)plan->groups);
    if (plan->width * plan->rows.rows == 1)
        NN_FAIL(NN_ERROR_USAGE, "each group is a single value, which becomes 0 when its mean is subtracted; "
                                "choose fewer `groups`");
    return NN_OK;
}

enum { MEAN, FACTOR, OFFSET, CONSTANT = OFFSET, SLOPE, REPEATED_SLOTS };

/* 2 x channels doubles. */
static int64_t group_norm_double_values(const group_norm_plan *plan)
{
    return 2 * plan->channels * (int64_t)(sizeof(double) / sizeof(nn_real));
}

static nn_status group_norm_build(nn_layer *layer)
{
    const group_norm_options *options = layer->options;
    NN_TRY(nn_layer_check_inputs(layer, 1));
    group_norm_plan *plan;
    NN_TRY(NN_ALLOCATE(&plan, 1, "the plan of a normalisation"));
    layer->plan = plan;
    plan->rows = nn_rows_of(layer->input_shapes[0]);
    plan->channels = plan->rows.channels;
    plan->groups = options->groups;
    plan->width = plan->channels / plan->groups;
    plan->period = plan->channels * ((PERIOD_VALUES + plan->channels - 1) / plan->channels);
    NN_TRY(group_norm_check(plan));
    layer->output_shape = layer->input_shapes[0];
    layer->time.kept = plan->rows.steps > 0;
    layer->gradient_in_place = true;
    layer->little_gradient = true;
    nn_layer_divide_by_sample(layer);
    layer->saved_per_sample = group_norm_double_values(plan) + 2 * plan->groups;
    layer->scratch_fixed = group_norm_double_values(plan) + REPEATED_SLOTS * plan->period;
    return nn_affine_build(layer, plan->channels, options->scale, options->shift, &plan->affine);
}

/* ---- layout of saved and scratch ---- */

/* The sums over the rows of one sample. */
static double *group_norm_sums(const nn_layer_call *call)
{
    return (void *)call->scratch;
}

static nn_real *group_norm_repeated(const nn_layer *layer, const nn_layer_call *call, int slot)
{
    const group_norm_plan *plan = layer->plan;
    return call->scratch + group_norm_double_values(plan) + slot * plan->period;
}

/* Means of the groups of a sample; their inverse deviations follow. */
static nn_real *group_norm_saved(const nn_layer *layer, const nn_layer_call *call, int64_t sample)
{
    const group_norm_plan *plan = layer->plan;
    return nn_layer_saved(call, group_norm_double_values(plan), 2 * plan->groups) + sample * 2 * plan->groups;
}

/* What a sample adds to the gradients of the shift and of the scale. */
static double *group_norm_gradients(const nn_layer *layer, const nn_layer_call *call, int64_t sample)
{
    const group_norm_plan *plan = layer->plan;
    double *first = (void *)nn_layer_saved(call, 0, group_norm_double_values(plan));
    return first + sample * 2 * plan->channels;
}

/* The scale of channel c. */
static nn_real group_norm_scale(const nn_layer *layer, const nn_layer_call *call, int64_t c)
{
    const group_norm_plan *plan = layer->plan;
    return plan->affine.scale < 0 ? 1 : call->parameters[layer->parameters[plan->affine.scale].offset + c];
}

static void group_norm_repeat(const nn_layer *layer, const nn_layer_call *call, int slot)
{
    const group_norm_plan *plan = layer->plan;
    nn_real *values = group_norm_repeated(layer, call, slot);
    nn_norm_repeat(plan->channels, plan->period, values, values);
}

static void group_norm_clear(const nn_layer *layer, double *values)
{
    const group_norm_plan *plan = layer->plan;
    memset(values, 0, (size_t)(2 * plan->channels) * sizeof *values);
}

/* ---- forward ---- */

static void group_norm_add_moments(const nn_layer *layer, const nn_layer_call *call, int64_t row,
                                   int64_t rows)
{
    const group_norm_plan *plan = layer->plan;
    const nn_real *sample = call->inputs[0] + row / plan->rows.rows * plan->rows.rows * plan->channels;
    nn_norm_add_moments(rows, plan->channels, call->inputs[0] + row * plan->channels, sample,
                        group_norm_sums(call));
}

/* Mean and inverse deviation of a group, from the sums of its channels about `origin` over n rows: the
 * squares about the group's mean are those about the channel's mean plus n (channel's mean - group's mean)^2.
 */
static void group_norm_measure(const nn_layer *layer, int64_t group, const nn_real *origin,
                               const double *sums, int64_t rows, nn_real *saved)
{
    const group_norm_plan *plan = layer->plan;
    const group_norm_options *options = layer->options;
    const double *squares = sums + plan->channels;
    int64_t begin = group * plan->width, end = begin + plan->width;
    double n = (double)rows, mean = 0, spread = 0;
    for (int64_t c = begin; c < end; c++) mean += (double)origin[c] + sums[c] / n;
    mean /= (double)plan->width;
    for (int64_t c = begin; c < end; c++) {
        double away = (double)origin[c] + sums[c] / n - mean;
        double about = squares[c] - sums[c] * (sums[c] / n);
        spread += (about > 0 ? about : 0) + n * away * away;
    }
    saved[group] = (nn_real)mean;
    saved[plan->groups + group] = (nn_real)(1 / sqrt(spread / (n * (double)plan->width) + options->epsilon));
}

/* Mean of each channel's group, and factor = scale / deviation. */
static void group_norm_repeat_factor(const nn_layer *layer, const nn_layer_call *call, const nn_real *saved)
{
    const group_norm_plan *plan = layer->plan;
    nn_real *mean = group_norm_repeated(layer, call, MEAN),
            *factor = group_norm_repeated(layer, call, FACTOR);
    for (int64_t c = 0; c < plan->channels; c++) {
        mean[c] = saved[c / plan->width];
        factor[c] = group_norm_scale(layer, call, c) * saved[plan->groups + c / plan->width];
    }
    group_norm_repeat(layer, call, MEAN);
    group_norm_repeat(layer, call, FACTOR);
}

static void group_norm_forward_sample(const nn_layer *layer, const nn_layer_call *call, int64_t sample)
{
    const group_norm_plan *plan = layer->plan;
    int64_t at = sample * plan->rows.rows * plan->channels, rows = nn_rows_real(&plan->rows, call, sample);
    nn_real *saved = group_norm_saved(layer, call, sample);
    if (rows == 0) return;
    group_norm_clear(layer, group_norm_sums(call));
    nn_rows_walk_sample(&plan->rows, layer, call, sample, group_norm_add_moments);
    for (int64_t group = 0; group < plan->groups; group++)
        group_norm_measure(layer, group, call->inputs[0] + at, group_norm_sums(call), rows, saved);
    group_norm_repeat_factor(layer, call, saved);
    nn_norm_apply(rows * plan->channels, plan->period, group_norm_repeated(layer, call, MEAN),
                  group_norm_repeated(layer, call, FACTOR), group_norm_repeated(layer, call, OFFSET),
                  call->inputs[0] + at, NULL, call->output + at);
}

static void group_norm_forward(const nn_layer *layer, const nn_layer_call *call)
{
    const group_norm_plan *plan = layer->plan;
    nn_real *offset = group_norm_repeated(layer, call, OFFSET);
    for (int64_t c = 0; c < plan->channels; c++)
        offset[c] =
            plan->affine.shift < 0 ? 0 : call->parameters[layer->parameters[plan->affine.shift].offset + c];
    group_norm_repeat(layer, call, OFFSET);
    for (int64_t i = 0; i < call->samples; i++) group_norm_forward_sample(layer, call, i);
}

/* ---- backward ---- */

static void group_norm_add_products(const nn_layer *layer, const nn_layer_call *call, int64_t row,
                                    int64_t rows)
{
    const group_norm_plan *plan = layer->plan;
    nn_norm_add_products(rows, plan->channels, call->output_gradient + row * plan->channels,
                         call->inputs[0] + row * plan->channels, group_norm_repeated(layer, call, MEAN),
                         group_norm_sums(call));
}

/* From the sums s of dy and q of dy (x - mean) of each channel: the sample's part of the gradients of shift
 * and scale, and the coefficients of dx = factor dy - inverse (S + (x - mean) inverse^2 Q) / n, where S and Q
 * are the sums of scale s and scale q over a group of n values. */
static void group_norm_finish_sums(const nn_layer *layer, const nn_layer_call *call, const nn_real *saved,
                                   int64_t rows, double *gradients)
{
    const group_norm_plan *plan = layer->plan;
    const double *sums = group_norm_sums(call), *products = sums + plan->channels;
    double count = (double)(rows * plan->width);
    nn_real *constant = group_norm_repeated(layer, call, CONSTANT),
            *slope = group_norm_repeated(layer, call, SLOPE);
    for (int64_t group = 0; group < plan->groups; group++) {
        double inverse = (double)saved[plan->groups + group], sum = 0, product = 0;
        int64_t begin = group * plan->width, end = begin + plan->width;
        for (int64_t c = begin; c < end; c++) {
            double scale = (double)group_norm_scale(layer, call, c);
            gradients[c] = sums[c];
            gradients[plan->channels + c] = products[c] * inverse;
            sum += scale * sums[c];
            product += scale * products[c];
        }
        for (int64_t c = begin; c < end; c++) {
            constant[c] = (nn_real)(inverse * sum / count);
            slope[c] = (nn_real)(inverse * inverse * inverse * product / count);
        }
    }
}

static void group_norm_backward_sample(const nn_layer *layer, const nn_layer_call *call, int64_t sample)
{
    const group_norm_plan *plan = layer->plan;
    int64_t at = sample * plan->rows.rows * plan->channels, rows = nn_rows_real(&plan->rows, call, sample);
    const nn_real *saved = group_norm_saved(layer, call, sample);
    double *gradients = group_norm_gradients(layer, call, sample);
    group_norm_clear(layer, gradients);
    if (rows == 0) return;
    group_norm_repeat_factor(layer, call, saved);
    group_norm_clear(layer, group_norm_sums(call));
    nn_rows_walk_sample(&plan->rows, layer, call, sample, group_norm_add_products);
    group_norm_finish_sums(layer, call, saved, rows, gradients);
    if (!call->input_gradients[0]) return;
    group_norm_repeat(layer, call, CONSTANT);
    group_norm_repeat(layer, call, SLOPE);
    nn_norm_apply_gradient(rows * plan->channels, plan->period, group_norm_repeated(layer, call, MEAN),
                           group_norm_repeated(layer, call, FACTOR),
                           group_norm_repeated(layer, call, CONSTANT),
                           group_norm_repeated(layer, call, SLOPE), call->inputs[0] + at,
                           call->output_gradient + at, call->input_gradients[0] + at);
}

static void group_norm_backward(const nn_layer *layer, const nn_layer_call *call)
{
    const group_norm_plan *plan = layer->plan;
    for (int64_t i = 0; i < call->samples; i++) group_norm_backward_sample(layer, call, i);
    nn_rows_clear_padding(&plan->rows, call, call->input_gradients[0]);
}

static void group_norm_tangent(const nn_layer *layer, const nn_layer_call *call)
{
    const group_norm_plan *plan = layer->plan;
    nn_affine_tangent(layer, &plan->affine, call);
}

static void group_norm_gradient(const nn_layer *layer, const nn_layer_call *call, int part, bool accumulate,
                                nn_real *values)
{
    (void)part;
    const group_norm_plan *plan = layer->plan;
    nn_affine_gradient(layer, &plan->affine, call->samples, group_norm_gradients(layer, call, 0),
                       group_norm_sums(call), accumulate, values);
}

const nn_layer_type nn_layer_group_norm = {
    .name = "group_norm",
    .summary = "normalises each group of channels of a sample over its positions",
    .example = "group_norm: {groups: 2}",
    .options = group_norm_table,
    .options_size = sizeof(group_norm_options),
    .build = group_norm_build,
    .forward = group_norm_forward,
    .backward = group_norm_backward,
    .tangent = group_norm_tangent,
    .gradient = group_norm_gradient,
    .axes = nn_affine_axes,
};
