/*
 * Batch normalisation (Ioffe, Szegedy, ICML 2015) of channels, the last extent: y = f((x - mean) /
 * sqrt(variance + epsilon) scale + shift + second input). In training, mean and variance are taken over all
 * samples and positions of the batch, across ranks (elsewhere called synchronised batch normalisation), or
 * over the microbatch: ghost batch normalisation (Hoffer, Hubara, Soudry: Train longer, generalize better,
 * NIPS 2017), which needs no communication but sufficiently large microbatches. In prediction, and where the
 * layer is frozen, the running values are used. Steps past the end of a sequence are ignored.
 *
 * In the backward pass, the effect of every x on the loss through mean and variance is given by the sums of
 * dz and dz (x - mean) over the batch: see batch_norm_finish_sums.
 */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "nn/activation.h"
#include "nn/initializer.h"
#include "nn/moments.h"
#include "nn/rows.h"
#include "nn/saved.h"
#include "nn/tangent.h"
#include "tensor/norm.h"

/* The values of the channels are repeated to about this many, so that the kernels run over long rows. */
#define PERIOD_VALUES 256

/* With at least this many rows per sample, sums are taken for each sample. */
#define ROWS_APART 4

typedef struct batch_norm_options {
    double epsilon, running_decay;
    bool scale, shift;
    int activation, over;
} batch_norm_options;

typedef struct batch_norm_plan {
    const nn_activation *activation;
    nn_rows rows;
    int64_t channels, period;
    bool sums_apart;                  /* of each sample */
    int scale, shift, mean, variance; /* indices of parameters; -1: none */
} batch_norm_plan;

static const nn_option batch_norm_table[] = {
    {"epsilon", NN_OPTION_REAL, offsetof(batch_norm_options, epsilon), "1e-5", 1e-12, 1, NULL,
     NN_EFFECT_RESULT, "added to the variance before taking the square root"},
    {"running_decay", NN_OPTION_REAL, offsetof(batch_norm_options, running_decay), "0.9", 0, 1, NULL,
     NN_EFFECT_RESULT,
     "fraction of the running mean and variance that each step keeps (1 - PyTorch's momentum)"},
    {"scale", NN_OPTION_BOOLEAN, offsetof(batch_norm_options, scale), "true", 0, 0, NULL, NN_EFFECT_RESULT,
     "multiply each channel by a trainable factor (gamma)"},
    {"shift", NN_OPTION_BOOLEAN, offsetof(batch_norm_options, shift), "true", 0, 0, NULL, NN_EFFECT_RESULT,
     "add a trainable offset to each channel (beta)"},
    {"activation", NN_OPTION_CHOICE, offsetof(batch_norm_options, activation), "none", 0, 0,
     nn_activation_names, NN_EFFECT_RESULT, "function applied to the outputs (leaky_relu with slope 0.01)"},
    {"over", NN_OPTION_CHOICE, offsetof(batch_norm_options, over), "auto", 0, 0, nn_over_names,
     NN_EFFECT_RESULT, NN_OVER_HELP},
    {0}};

/* ---- building ---- */

static nn_status batch_norm_add_parameter(nn_layer *layer, const char *name, const char *initializer,
                                          int *index)
{
    const batch_norm_plan *plan = layer->plan;
    nn_shape shape = {1, {plan->channels}};
    return nn_layer_add_parameter(layer, name, shape, plan->channels, plan->channels,
                                  nn_initializer_find(NN_SCALAR_REAL, initializer), 1.0, index);
}

static nn_status batch_norm_add_parameters(nn_layer *layer, batch_norm_plan *plan)
{
    const batch_norm_options *options = layer->options;
    plan->scale = plan->shift = -1;
    if (options->scale) NN_TRY(batch_norm_add_parameter(layer, "scale", "ones", &plan->scale));
    if (options->shift) NN_TRY(batch_norm_add_parameter(layer, "shift", "zeros", &plan->shift));
    NN_TRY(batch_norm_add_parameter(layer, "running_mean", "zeros", &plan->mean));
    NN_TRY(batch_norm_add_parameter(layer, "running_variance", "ones", &plan->variance));
    for (int p = plan->mean; p <= plan->variance; p++) {
        layer->parameters[p].statistic = true;
        layer->parameters[p].decay = options->running_decay;
    }
    return layer->shares ? nn_layer_share_parts(layer) : nn_layer_add_part(layer, layer->value_count);
}

static bool batch_norm_over_batch(const nn_layer *layer)
{
    const batch_norm_options *options = layer->options;
    if (layer->frozen) return false;
    return options->over == NN_OVER_BATCH ||
           (options->over == NN_OVER_AUTO && layer->microbatch_size < NN_LAYER_SAMPLES_ENOUGH);
}

static nn_status batch_norm_check(const nn_layer *layer)
{
    NN_TRY(nn_layer_check_inputs(layer, layer->input_count > 1 ? 2 : 1));
    nn_shape shape = layer->input_shapes[0];
    char first[NN_SHAPE_TEXT], second[NN_SHAPE_TEXT];
    if (layer->input_count > 1 && !nn_shape_equal(shape, layer->input_shapes[1]))
        NN_FAIL(
            NN_ERROR_USAGE,
            "its inputs have shapes %s and %s; the second is added to the first and must have the same shape",
            nn_shape_text(first, shape), nn_shape_text(second, layer->input_shapes[1]));
    int64_t channels = shape.dimensions > 0 ? shape.extents[shape.dimensions - 1] : 1;
    if (!batch_norm_over_batch(layer) && layer->microbatch_size * (nn_shape_count(shape) / channels) == 1 &&
        !layer->frozen)
        NN_FAIL(NN_ERROR_USAGE,
                "a microbatch of one sample has one value per channel, which becomes 0 when its mean is "
                "subtracted; set `over: batch`, or a larger training.microbatch_size, such as 16");
    return NN_OK;
}

/* Slots of `channels` values each, saved per microbatch. */
enum { SAVED_MEAN, SAVED_INVERSE, SAVED_VARIANCE, SAVED_SHIFT_GRADIENT, SAVED_SCALE_GRADIENT, SAVED_SLOTS };

/* Forward: sums over x, statistics, application. Backward: the gradient before the activation and sums over
 * it, totals, application. Where a sample has many rows, its sums are computed alone, and then added. */
enum { SUMS, TOTALS, APPLICATION, PHASES };

/* Number of values collected: forward, the moments of x; backward, the sums of dz, then those of dz (x -
 * mean). */
static int64_t batch_norm_collected(const batch_norm_plan *plan, nn_pass pass)
{
    return pass == NN_FORWARD ? nn_moments_values(plan->channels) : 2 * plan->channels;
}

/* Saved for each sample, in doubles: its sums. Those of the microbatch replace those of its first sample. */
static int64_t batch_norm_sample_values(const batch_norm_plan *plan)
{
    return 2 * plan->channels * (int64_t)(sizeof(double) / sizeof(nn_real));
}

/* Scratch holds the collected values, in double, and then four repeated arrays: size of the former in
 * nn_real. */
static int64_t batch_norm_sum_values(const batch_norm_plan *plan)
{
    return batch_norm_collected(plan, NN_FORWARD) * (int64_t)(sizeof(double) / sizeof(nn_real));
}

static void batch_norm_divide(nn_layer *layer, batch_norm_plan *plan)
{
    plan->sums_apart = plan->rows.rows >= ROWS_APART;
    for (int pass = 0; pass < NN_PASSES; pass++) {
        layer->phases[pass] = PHASES;
        layer->division[pass][SUMS].by_sample = plan->sums_apart;
        layer->division[pass][TOTALS].little = true;
        layer->division[pass][APPLICATION].by_sample = true;
    }
}

static nn_status batch_norm_build(nn_layer *layer)
{
    const batch_norm_options *options = layer->options;
    NN_TRY(batch_norm_check(layer));
    batch_norm_plan *plan;
    NN_TRY(NN_ALLOCATE(&plan, 1, "the plan of a normalisation"));
    layer->plan = plan;
    nn_shape shape = layer->input_shapes[0];
    plan->activation = nn_activation_of(layer, options->activation);
    plan->rows = nn_rows_of(shape);
    plan->channels = plan->rows.channels;
    plan->period = plan->channels * ((PERIOD_VALUES + plan->channels - 1) / plan->channels);
    layer->output_shape = shape;
    layer->time.kept = plan->rows.steps > 0;
    layer->reads_output = plan->activation->backward && !plan->activation->needs_input;
    batch_norm_divide(layer, plan);
    layer->saved_per_sample =
        batch_norm_sample_values(plan) + (plan->activation->needs_input ? nn_shape_count(shape) : 0);
    layer->gradient_in_place = true;
    layer->little_gradient = true;
    layer->saved_fixed = SAVED_SLOTS * plan->channels;
    layer->scratch_fixed = batch_norm_sum_values(plan) + 4 * plan->period;
    layer->values_per_statistic = layer->frozen ? 0 : plan->rows.rows;
    for (int pass = 0; batch_norm_over_batch(layer) && pass < NN_PASSES; pass++)
        layer->statistics[pass] = batch_norm_collected(plan, (nn_pass)pass);
    return batch_norm_add_parameters(layer, plan);
}

/* ---- layout of saved and scratch ---- */

static nn_real *batch_norm_saved(const nn_layer *layer, const nn_layer_call *call, int slot)
{
    const batch_norm_plan *plan = layer->plan;
    return nn_layer_saved(call, layer->saved_per_sample, 0) + slot * plan->channels;
}

/* The sums of the call's samples; those of the whole microbatch. */
static double *batch_norm_sample_sums(const nn_layer *layer, const nn_layer_call *call)
{
    return (void *)nn_layer_saved(call, 0, batch_norm_sample_values(layer->plan));
}

static double *batch_norm_totals(const nn_layer *layer, const nn_layer_call *call)
{
    (void)layer;
    return (void *)nn_layer_saved(call, 0, 0);
}

/* The values before the activation, which write themselves over by it unless it needs them. */
static nn_real *batch_norm_z(const nn_layer *layer, const nn_layer_call *call)
{
    const batch_norm_plan *plan = layer->plan;
    if (!plan->activation->needs_input || call->linear) return call->output;
    return nn_layer_saved(call, batch_norm_sample_values(plan), nn_shape_count(layer->output_shape));
}

/* Sums of the backward pass. */
static double *batch_norm_sums(const nn_layer_call *call)
{
    return (void *)call->scratch;
}

enum { REPEATED_MEAN, REPEATED_FACTOR, REPEATED_OFFSET, REPEATED_CONSTANT = REPEATED_OFFSET, REPEATED_SLOPE };

static nn_real *batch_norm_repeated(const nn_layer *layer, const nn_layer_call *call, int which)
{
    const batch_norm_plan *plan = layer->plan;
    return call->scratch + batch_norm_sum_values(plan) + which * plan->period;
}

/* A parameter tensor; NULL if the layer does not have it. */
static const nn_real *batch_norm_parameter(const nn_layer *layer, const nn_layer_call *call, int index)
{
    return index < 0 ? NULL : call->parameters + layer->parameters[index].offset;
}

/* ---- collected over the batch ---- */

/* Leaves dz, the gradient before the activation, in output_gradient, and adds it to the sums. */
static void batch_norm_add_gradient(const nn_layer *layer, const nn_layer_call *call, int64_t row,
                                    int64_t rows)
{
    const batch_norm_plan *plan = layer->plan;
    const nn_activation *activation = plan->activation;
    int64_t at = row * plan->channels;
    nn_real *dz = call->output_gradient + at;
    if (activation->backward)
        activation->backward(rows, plan->channels, (nn_real)NN_DEFAULT_SLOPE, batch_norm_z(layer, call) + at,
                             dz, dz);
    nn_norm_add_products(rows, plan->channels, dz, call->inputs[0] + at,
                         batch_norm_saved(layer, call, SAVED_MEAN), batch_norm_sums(call));
}

/* Adds the sums of all samples to those of the first. */
static void batch_norm_add_up(const nn_layer *layer, const nn_layer_call *call)
{
    const batch_norm_plan *plan = layer->plan;
    double *totals = batch_norm_totals(layer, call);
    for (int64_t i = 1; plan->sums_apart && i < call->samples; i++)
        for (int64_t c = 0; c < 2 * plan->channels; c++) totals[c] += totals[i * 2 * plan->channels + c];
}

/* Leaves dz in output_gradient, and saves its sums and those of dz (x - mean). */
static void batch_norm_sum_gradient(const nn_layer *layer, const nn_layer_call *call)
{
    const batch_norm_plan *plan = layer->plan;
    double *sums = batch_norm_sums(call), *kept = batch_norm_sample_sums(layer, call);
    size_t bytes = (size_t)(2 * plan->channels) * sizeof *sums;
    for (int64_t i = 0; i < (plan->sums_apart ? call->samples : 1); i++) {
        memset(sums, 0, bytes);
        if (plan->sums_apart)
            nn_rows_walk_sample(&plan->rows, layer, call, i, batch_norm_add_gradient);
        else
            nn_rows_walk(&plan->rows, layer, call, batch_norm_add_gradient);
        memcpy(kept + i * 2 * plan->channels, sums, bytes);
    }
}

/* From the sums over the microbatch: the gradient of shift and, divided by the deviation, that of scale. */
static void batch_norm_total_gradient(const nn_layer *layer, const nn_layer_call *call)
{
    const batch_norm_plan *plan = layer->plan;
    const double *totals = batch_norm_totals(layer, call);
    const nn_real *inverse = batch_norm_saved(layer, call, SAVED_INVERSE);
    nn_real *shift_gradient = batch_norm_saved(layer, call, SAVED_SHIFT_GRADIENT);
    nn_real *scale_gradient = batch_norm_saved(layer, call, SAVED_SCALE_GRADIENT);
    batch_norm_add_up(layer, call);
    for (int64_t c = 0; c < plan->channels; c++) {
        shift_gradient[c] = (nn_real)totals[c];
        scale_gradient[c] = (nn_real)(totals[plan->channels + c] * (double)inverse[c]);
    }
}

static void batch_norm_collect(const nn_layer *layer, const nn_layer_call *call, nn_pass pass, double *values)
{
    const double *own = batch_norm_totals(layer, call);
    if (pass == NN_FORWARD) {
        own = nn_moments_measure(layer, call);
    } else {
        batch_norm_sum_gradient(layer, call);
        batch_norm_total_gradient(layer, call);
    }
    memcpy(values, own, (size_t)batch_norm_collected(layer->plan, pass) * sizeof *values);
}

static void batch_norm_merge(nn_pass pass, int64_t channels, const double *right, double *left)
{
    if (pass == NN_FORWARD) {
        nn_moments_merge(channels, right, left);
        return;
    }
    for (int64_t i = 0; i < 2 * channels; i++) left[i] += right[i];
}

static const nn_layer_statistics batch_norm_statistics = {
    .collect = batch_norm_collect, .shared = {[NN_FORWARD] = 1}, .rows = {2, 2}, .merge = batch_norm_merge};

/* ---- forward ---- */

/* Number of values per channel that the statistics are taken over. */
static double batch_norm_count(const nn_layer *layer, const nn_layer_call *call)
{
    const batch_norm_plan *plan = layer->plan;
    const double *batch = call->statistics[NN_FORWARD];
    return batch ? batch[0] : (double)nn_rows_count_all(&plan->rows, call);
}

static bool batch_norm_uses_running(const nn_layer *layer, const nn_layer_call *call)
{
    return !call->training || layer->frozen || batch_norm_count(layer, call) == 0;
}

/* Saves the sums of x, and of its square, about one of the values. */
static void batch_norm_sum(const nn_layer *layer, const nn_layer_call *call)
{
    const batch_norm_plan *plan = layer->plan;
    double *sums = batch_norm_sample_sums(layer, call);
    if (!plan->sums_apart) {
        nn_moments_sum(layer, call, 0, call->samples, sums);
        return;
    }
    for (int64_t i = 0; i < call->samples; i++)
        nn_moments_sum(layer, call, i, i + 1, sums + i * 2 * plan->channels);
}

/* Mean, inverse deviation, and the unbiased variance for the running one, which a single value leaves
 * unchanged. */
static void batch_norm_take_measured(const nn_layer *layer, const nn_layer_call *call)
{
    const batch_norm_plan *plan = layer->plan;
    const batch_norm_options *options = layer->options;
    const double *measured = call->statistics[NN_FORWARD];
    if (!measured) {
        batch_norm_add_up(layer, call);
        measured = nn_moments_of_sums(layer, call, batch_norm_totals(layer, call));
    }
    double count = measured[0];
    const double *means = measured + 1, *squares = means + plan->channels;
    nn_real *mean = batch_norm_saved(layer, call, SAVED_MEAN);
    nn_real *inverse = batch_norm_saved(layer, call, SAVED_INVERSE);
    nn_real *variance = batch_norm_saved(layer, call, SAVED_VARIANCE);
    const nn_real *running = batch_norm_parameter(layer, call, plan->variance);
    for (int64_t c = 0; c < plan->channels; c++) {
        mean[c] = (nn_real)means[c];
        inverse[c] = (nn_real)(1 / sqrt(squares[c] / count + options->epsilon));
        variance[c] = count > 1 ? (nn_real)(squares[c] / (count - 1)) : running[c];
    }
}

static void batch_norm_take_running(const nn_layer *layer, const nn_layer_call *call)
{
    const batch_norm_plan *plan = layer->plan;
    const batch_norm_options *options = layer->options;
    const nn_real *variance = batch_norm_parameter(layer, call, plan->variance);
    size_t bytes = (size_t)plan->channels * sizeof(nn_real);
    memcpy(batch_norm_saved(layer, call, SAVED_MEAN), batch_norm_parameter(layer, call, plan->mean), bytes);
    memcpy(batch_norm_saved(layer, call, SAVED_VARIANCE), variance, bytes);
    nn_real *inverse = batch_norm_saved(layer, call, SAVED_INVERSE);
    for (int64_t c = 0; c < plan->channels; c++)
        inverse[c] = (nn_real)(1 / sqrt((double)variance[c] + options->epsilon));
}

/* Mean, and factor = scale / deviation. */
static void batch_norm_repeat_factor(const nn_layer *layer, const nn_layer_call *call)
{
    const batch_norm_plan *plan = layer->plan;
    const nn_real *scale = batch_norm_parameter(layer, call, plan->scale);
    const nn_real *inverse = batch_norm_saved(layer, call, SAVED_INVERSE);
    nn_real *factor = batch_norm_repeated(layer, call, REPEATED_FACTOR);
    for (int64_t c = 0; c < plan->channels; c++) factor[c] = scale ? scale[c] * inverse[c] : inverse[c];
    nn_norm_repeat(plan->channels, plan->period, factor, factor);
    nn_norm_repeat(plan->channels, plan->period, batch_norm_saved(layer, call, SAVED_MEAN),
                   batch_norm_repeated(layer, call, REPEATED_MEAN));
}

static void batch_norm_apply(const nn_layer *layer, const nn_layer_call *call, int64_t row, int64_t rows)
{
    const batch_norm_plan *plan = layer->plan;
    const nn_activation *activation = plan->activation;
    int64_t at = row * plan->channels;
    nn_real *y = call->output + at, *z = batch_norm_z(layer, call) + at;
    nn_norm_apply(rows * plan->channels, plan->period, batch_norm_repeated(layer, call, REPEATED_MEAN),
                  batch_norm_repeated(layer, call, REPEATED_FACTOR),
                  batch_norm_repeated(layer, call, REPEATED_OFFSET), call->inputs[0] + at,
                  layer->input_count > 1 ? call->inputs[1] + at : NULL, z);
    if (activation->forward && !call->linear)
        activation->forward(rows, plan->channels, (nn_real)NN_DEFAULT_SLOPE, z, y);
}

static void batch_norm_apply_all(const nn_layer *layer, const nn_layer_call *call)
{
    const batch_norm_plan *plan = layer->plan;
    batch_norm_repeat_factor(layer, call);
    const nn_real *shift = batch_norm_parameter(layer, call, plan->shift);
    nn_real *offset = batch_norm_repeated(layer, call, REPEATED_OFFSET);
    memset(offset, 0, (size_t)plan->channels * sizeof *offset);
    nn_norm_repeat(plan->channels, plan->period, shift && !call->linear ? shift : offset, offset);
    if (call->linear)
        memset(batch_norm_repeated(layer, call, REPEATED_MEAN), 0, (size_t)plan->period * sizeof(nn_real));
    nn_rows_walk(&plan->rows, layer, call, batch_norm_apply);
}

static void batch_norm_forward(const nn_layer *layer, const nn_layer_call *call)
{
    bool running = batch_norm_uses_running(layer, call);
    if (call->phase == SUMS && !running && !call->statistics[NN_FORWARD]) batch_norm_sum(layer, call);
    if (call->phase == TOTALS && running) batch_norm_take_running(layer, call);
    if (call->phase == TOTALS && !running) batch_norm_take_measured(layer, call);
    if (call->phase == APPLICATION) batch_norm_apply_all(layer, call);
}

/* With running statistics, a fixed factor for each channel. */
static void batch_norm_tangent(const nn_layer *layer, const nn_layer_call *call)
{
    const batch_norm_plan *plan = layer->plan;
    nn_tangent_linear(layer, call);
    nn_activation_tangent(plan->activation, layer, call, batch_norm_z(layer, call));
}

/* ---- backward ---- */

/* Passes dz to the second input, and dx to the first. */
static void batch_norm_apply_gradient(const nn_layer *layer, const nn_layer_call *call, int64_t row,
                                      int64_t rows)
{
    const batch_norm_plan *plan = layer->plan;
    int64_t at = row * plan->channels, count = rows * plan->channels;
    const nn_real *dz = call->output_gradient + at;
    if (layer->input_count > 1 && call->input_gradients[1])
        memcpy(call->input_gradients[1] + at, dz, (size_t)count * sizeof *dz);
    if (call->input_gradients[0])
        nn_norm_apply_gradient(count, plan->period, batch_norm_repeated(layer, call, REPEATED_MEAN),
                               batch_norm_repeated(layer, call, REPEATED_FACTOR),
                               batch_norm_repeated(layer, call, REPEATED_CONSTANT),
                               batch_norm_repeated(layer, call, REPEATED_SLOPE), call->inputs[0] + at, dz,
                               call->input_gradients[0] + at);
}

/* With s and q the sums of dz and dz (x - mean) over the n values that mean and variance were taken over, dx
 * = factor (dz - s / n - (x - mean) q / (n (variance + epsilon))): computes the coefficients per channel.
 * With running statistics, mean and variance are constants and only factor dz remains. */
static void batch_norm_finish_sums(const nn_layer *layer, const nn_layer_call *call, const double *sums)
{
    const batch_norm_plan *plan = layer->plan;
    double share = batch_norm_uses_running(layer, call) ? 0 : 1 / batch_norm_count(layer, call);
    const nn_real *inverse = batch_norm_saved(layer, call, SAVED_INVERSE);
    batch_norm_repeat_factor(layer, call);
    const nn_real *factor = batch_norm_repeated(layer, call, REPEATED_FACTOR);
    nn_real *constant = batch_norm_repeated(layer, call, REPEATED_CONSTANT);
    nn_real *slope = batch_norm_repeated(layer, call, REPEATED_SLOPE);
    for (int64_t c = 0; c < plan->channels; c++) {
        double normalized = sums[plan->channels + c] * (double)inverse[c];
        constant[c] = (nn_real)((double)factor[c] * sums[c] * share);
        slope[c] = (nn_real)((double)factor[c] * normalized * (double)inverse[c] * share);
    }
    nn_norm_repeat(plan->channels, plan->period, constant, constant);
    nn_norm_repeat(plan->channels, plan->period, slope, slope);
}

static void batch_norm_apply_gradients(const nn_layer *layer, const nn_layer_call *call)
{
    const batch_norm_plan *plan = layer->plan;
    const double *sums = call->statistics[NN_BACKWARD];
    batch_norm_finish_sums(layer, call, sums ? sums : batch_norm_totals(layer, call));
    nn_rows_walk(&plan->rows, layer, call, batch_norm_apply_gradient);
    for (int i = 0; i < layer->input_count; i++)
        nn_rows_clear_padding(&plan->rows, call, call->input_gradients[i]);
}

/* With statistics of the batch, the first two phases are done: their results have been collected. */
static void batch_norm_backward(const nn_layer *layer, const nn_layer_call *call)
{
    bool collected = call->statistics[NN_BACKWARD] != NULL;
    if (call->phase == SUMS && !collected) batch_norm_sum_gradient(layer, call);
    if (call->phase == TOTALS && !collected) batch_norm_total_gradient(layer, call);
    if (call->phase == APPLICATION) batch_norm_apply_gradients(layer, call);
}

static void batch_norm_put(int64_t channels, const nn_real *from, nn_real factor, bool accumulate,
                           nn_real *to)
{
    for (int64_t c = 0; c < channels; c++) {
        nn_real value = from[c] * factor;
        to[c] = accumulate ? to[c] + value : value;
    }
}

/* Statistics of the batch: the first microbatch adds them and the others add 0, so that the sum is exact. A
 * value that is not finite is added by the microbatches that caused it, so that it is reported there. */
static void batch_norm_put_whole(const nn_layer *layer, const nn_layer_call *call, const nn_real *whole,
                                 bool accumulate, nn_real *to)
{
    const batch_norm_plan *plan = layer->plan;
    const double *own = NULL;
    for (int64_t c = 0; c < plan->channels; c++) {
        bool adds = call->first_sample == 0;
        if (!isfinite(whole[c])) {
            if (!own) own = nn_moments_measure(layer, call);
            adds = nn_moments_widen(plan->channels, c, own, call->statistics[NN_FORWARD]) ||
                   (adds && !isfinite(call->statistics[NN_FORWARD][1 + plan->channels + c]));
        }
        nn_real value = adds ? whole[c] : 0;
        to[c] = accumulate ? to[c] + value : value;
    }
}

static void batch_norm_put_running(const nn_layer *layer, const nn_layer_call *call, int parameter, int slot,
                                   bool accumulate, nn_real *values)
{
    const batch_norm_plan *plan = layer->plan;
    const nn_real *running = batch_norm_saved(layer, call, slot);
    nn_real *to = values + layer->parameters[parameter].offset;
    if (call->statistics[NN_FORWARD])
        batch_norm_put_whole(layer, call, running, accumulate, to);
    else
        batch_norm_put(plan->channels, running, (nn_real)call->samples / (nn_real)call->batch_samples,
                       accumulate, to);
}

static void batch_norm_gradient(const nn_layer *layer, const nn_layer_call *call, int part, bool accumulate,
                                nn_real *values)
{
    (void)part;
    const batch_norm_plan *plan = layer->plan;
    const int parameters[] = {plan->scale, plan->shift};
    const int slots[] = {SAVED_SCALE_GRADIENT, SAVED_SHIFT_GRADIENT};
    for (int i = 0; i < 2; i++)
        if (parameters[i] >= 0)
            batch_norm_put(plan->channels, batch_norm_saved(layer, call, slots[i]), 1, accumulate,
                           values + layer->parameters[parameters[i]].offset);
    batch_norm_put_running(layer, call, plan->mean, SAVED_MEAN, accumulate, values);
    batch_norm_put_running(layer, call, plan->variance, SAVED_VARIANCE, accumulate, values);
}

static const nn_tensor_axes batch_norm_axes[] = {{"scale", "channels", "weight", "vars/0"},
                                                 {"shift", "channels", "bias", "vars/1"},
                                                 {"running_mean", "channels", "running_mean", "vars/2"},
                                                 {"running_variance", "channels", "running_var", "vars/3"},
                                                 {0}};

const nn_layer_type nn_layer_batch_norm = {
    .name = "batch_norm",
    .summary =
        "normalises each channel over the samples of a batch; can add a second input before the activation",
    .example = "batch_norm",
    .options = batch_norm_table,
    .options_size = sizeof(batch_norm_options),
    .activation_option = 1 + offsetof(batch_norm_options, activation),
    .takes_sum = true,
    .statistics = &batch_norm_statistics,
    .build = batch_norm_build,
    .forward = batch_norm_forward,
    .backward = batch_norm_backward,
    .tangent = batch_norm_tangent,
    .gradient = batch_norm_gradient,
    .axes = batch_norm_axes,
};
