/* Builds a convolution (geometry, parameters and plan) and runs it. */
#include "nn/convolution.h"

#include <limits.h>
#include <string.h>

#include "base/least.h"
#include "base/memory.h"
#include "base/narrow.h"
#include "nn/activation.h"
#include "nn/convolution_plan.h"
#include "nn/initializer.h"
#include "nn/saved.h"
#include "nn/tangent.h"
#include "tensor/kernels.h"

/* Values that the activation processes at a time. */
#define FUSED_VALUES 2048

static const char *const groups_names[] = {"depthwise", NULL};

#define FIELD(field) offsetof(nn_convolution_options, field)

#define FILTERS                                                                                              \
    {                                                                                                        \
        "filters", NN_OPTION_INTEGER, FIELD(filters), NULL, 1, 1e9, NULL, NN_EFFECT_RESULT,                  \
            "number of output channels"                                                                      \
    }
#define ACTIVATION                                                                                           \
    {                                                                                                        \
        "activation", NN_OPTION_CHOICE, FIELD(activation), "none", 0, 0, nn_activation_names,                \
            NN_EFFECT_RESULT, "function applied to the outputs (leaky_relu with slope 0.01)"                 \
    }
#define BIAS                                                                                                 \
    {                                                                                                        \
        "bias", NN_OPTION_BOOLEAN, FIELD(bias), "true", 0, 0, NULL, NN_EFFECT_RESULT,                        \
            "add a trainable bias to each filter"                                                            \
    }
#define INITIALIZER                                                                                          \
    {                                                                                                        \
        "initializer", NN_OPTION_CHOICE, FIELD(initializer), "auto", 0, 0, nn_initializer_choices,           \
            NN_EFFECT_RESULT,                                                                                \
            "initial values of the weight; auto: he or xavier, depending on the activation"                  \
    }

const nn_option nn_convolution_table[] = {
    FILTERS,
    NN_WINDOW_KERNEL(FIELD(window), "3"),
    NN_WINDOW_STRIDE(FIELD(window), "1", "distance between windows: one number, or a list"),
    NN_WINDOW_PADDING(FIELD(window), "valid"),
    NN_WINDOW_DILATION(FIELD(window)),
    {"groups", NN_OPTION_INTEGER_LIST, FIELD(groups), "1", 1, 1e9, groups_names, NN_EFFECT_RESULT,
     "number of channel groups that are convolved separately; depthwise: one per channel"},
    ACTIVATION,
    BIAS,
    INITIALIZER,
    {0}};

const nn_option nn_convolution_transposed_table[] = {
    FILTERS,
    NN_WINDOW_KERNEL(FIELD(window), "3"),
    NN_WINDOW_STRIDE(FIELD(window), "2", "factor by which the extents grow: one number, or a list"),
    NN_WINDOW_LIST(
        "padding", FIELD(window), padding, "same", 0, nn_padding_names,
        "same (input x stride outputs), valid (all), or the number of outputs cut off at each end"),
    NN_WINDOW_DILATION(FIELD(window)),
    {"output_padding", NN_OPTION_INTEGER_LIST, FIELD(output_padding), "0", 0, 1e6, NULL, NN_EFFECT_RESULT,
     "additional outputs at the end, less than the stride"},
    ACTIVATION,
    BIAS,
    INITIALIZER,
    {0}};

/* The correlations of a pass: the straight one, or those that reverse it. */
static const nn_correlation *convolution_correlations(const nn_convolution_plan *plan, nn_pass pass,
                                                      int *count)
{
    bool turned = plan->transposed == (pass == NN_FORWARD);
    *count = turned ? plan->turned_count : 1;
    return turned ? plan->turned : &plan->straight;
}

static int64_t convolution_room(const nn_correlation *correlation)
{
    return (correlation->packed_values + NN_PARAMETER_ALIGNMENT - 1) / NN_PARAMETER_ALIGNMENT *
           NN_PARAMETER_ALIGNMENT;
}

/* ---- building ---- */

static nn_status convolution_find_groups(const nn_layer *layer, int64_t channels, int64_t *groups)
{
    const nn_convolution_options *options = layer->options;
    if (options->groups.count > 1)
        NN_FAIL(NN_ERROR_USAGE, "groups: a list is not possible; give one number, or depthwise");
    *groups = options->groups.count == 0 ? channels : options->groups.items[0];
    if (channels % *groups || options->filters % *groups)
        NN_FAIL(NN_ERROR_USAGE,
                "groups: %lld does not divide the %lld channels of its input and its %lld filters; choose a "
                "number that divides both",
                (long long)*groups, (long long)channels, (long long)options->filters);
    return NN_OK;
}

/* Called before the plan is made: checks that the size is possible. */
static nn_status convolution_add_parameters(nn_layer *layer, const nn_window *window, int64_t inputs,
                                            int64_t groups, bool transposed)
{
    const nn_convolution_options *options = layer->options;
    const nn_activation *activation = nn_activation_at(options->activation);
    int dimensions = window->dimensions;
    nn_shape weight = {.dimensions = dimensions + 2}, bias = {1, {options->filters}};
    for (int i = 0; i < dimensions; i++)
        weight.extents[i] = window->axes[NN_WINDOW_AXES - dimensions + i].kernel;
    weight.extents[dimensions] = transposed ? options->filters : inputs / groups;
    weight.extents[dimensions + 1] = transposed ? inputs : options->filters;
    int64_t count = nn_shape_count(weight), fan_in = count / options->filters, fan_out = count / inputs;
    NN_TRY(nn_layer_add_parameter(
        layer, "weight", weight, fan_in, fan_out,
        nn_initializer_choose(NN_SCALAR_REAL, options->initializer, activation->initializer),
        activation->gain, NULL));
    if (!options->bias) return NN_OK;
    return nn_layer_add_parameter(layer, "bias", bias, fan_in, fan_out,
                                  nn_initializer_find(NN_SCALAR_REAL, "zeros"), 1.0, NULL);
}

/* The shape decides how the gradient is cut into parts, so equal counts are not enough. */
static nn_status convolution_share(nn_layer *layer)
{
    const nn_layer *owner = layer->shares;
    if (owner->type != layer->type || !nn_shape_equal(owner->parameters[0].shape, layer->parameters[0].shape))
        NN_FAIL(NN_ERROR_USAGE,
                "its weight does not have the shape of that of %s, which it shares; both need the same "
                "kernel, filters, groups and input channels",
                owner->name);
    return nn_layer_share_parts(layer);
}

static nn_status convolution_add_parts(nn_layer *layer, nn_convolution_plan *plan)
{
    int64_t terms = plan->straight.terms, outputs = plan->straight.outputs;
    plan->part_rows = nn_layer_part_rows(terms, outputs);
    NN_TRY(nn_narrow((terms + plan->part_rows - 1) / plan->part_rows, "parts of a kernel",
                     "choose fewer filters or a smaller kernel", &plan->weight_parts));
    if (layer->shares) return convolution_share(layer);
    int64_t end = plan->bias ? plan->bias->offset : layer->value_count;
    NN_TRY(nn_layer_add_row_parts(layer, terms, outputs, plan->part_rows, end));
    return plan->bias ? nn_layer_add_part(layer, layer->value_count) : NN_OK;
}

static int64_t convolution_scratch(const nn_convolution_plan *plan)
{
    const nn_correlation *straight = &plan->straight;
    int64_t most = straight->packed_values;
    if (plan->part_rows * straight->outputs > most) most = plan->part_rows * straight->outputs;
    most += straight->buffer_values;
    for (int i = 0; i < plan->turned_count; i++) {
        int64_t values = plan->turned[i].packed_values + plan->turned[i].buffer_values;
        if (values > most) most = values;
    }
    return most;
}

static void convolution_describe(nn_layer *layer, nn_convolution_plan *plan, const nn_window *window)
{
    double windows = 1;
    for (int i = 0; i < NN_WINDOW_AXES; i++) windows *= (double)window->axes[i].output;
    plan->inputs = nn_shape_count(layer->input_shapes[0]);
    plan->positions = nn_shape_count(layer->output_shape) / plan->filters;
    layer->scratch_fixed = convolution_scratch(plan);
    for (int pass = NN_FORWARD; pass < NN_PASSES; pass++) {
        int count;
        const nn_correlation *correlations = convolution_correlations(plan, (nn_pass)pass, &count);
        bool runs = pass == NN_FORWARD || layer->needs_input_gradient;
        for (int i = 0; runs && i < count; i++)
            layer->packed_values[pass] += convolution_room(&correlations[i]);
    }
    nn_layer_divide_by_sample(layer);
    layer->cuts = true;
    layer->reads_output = plan->activation->backward && !plan->activation->needs_input;
    layer->saved_per_sample = plan->activation->needs_input ? plan->positions * plan->filters : 0;
    layer->flops_forward = 2.0 * windows * (double)plan->straight.terms * (double)plan->straight.outputs;
    layer->flops_input_gradient = layer->flops_forward;
    layer->flops_gradient = layer->flops_forward;
}

/* `inputs`: channels of the layer's input. Needs the layer's output_shape. */
static nn_status convolution_make(nn_layer *layer, const nn_window *window, int64_t inputs, int64_t groups,
                                  bool transposed)
{
    const nn_convolution_options *options = layer->options;
    nn_convolution_plan *plan;
    int64_t outputs = transposed ? inputs : options->filters;
    bool turned = transposed || layer->needs_input_gradient;
    NN_TRY(convolution_add_parameters(layer, window, inputs, groups, transposed));
    NN_TRY(nn_convolution_plan_create(window, outputs, groups, layer->engine, turned, &plan));
    layer->plan = plan;
    plan->transposed = transposed;
    plan->activation = nn_activation_of(layer, options->activation);
    plan->bias = options->bias ? &layer->parameters[1] : NULL;
    plan->filters = options->filters;
    layer->windows = nn_window_list_axes(window);
    NN_TRY(convolution_add_parts(layer, plan));
    convolution_describe(layer, plan, window);
    return NN_OK;
}

nn_status nn_convolution_build(nn_layer *layer, int dimensions)
{
    const nn_convolution_options *options = layer->options;
    nn_window window;
    int64_t groups = 1;
    NN_TRY(nn_layer_check_inputs(layer, 1));
    NN_TRY(nn_window_create(&options->window, layer->input_shapes[0], dimensions, &window));
    NN_TRY(convolution_find_groups(layer, window.channels, &groups));
    layer->output_shape = nn_window_shape(&window, options->filters);
    layer->time = nn_window_time(&window);
    return convolution_make(layer, &window, window.channels, groups, false);
}

nn_status nn_convolution_build_transposed(nn_layer *layer, int dimensions)
{
    const nn_convolution_options *options = layer->options;
    nn_window window;
    NN_TRY(nn_layer_check_inputs(layer, 1));
    NN_TRY(nn_window_create_transposed(&options->window, &options->output_padding, layer->input_shapes[0],
                                       dimensions, &window));
    int64_t inputs = window.channels;
    window.channels = options->filters;
    layer->output_shape.dimensions = dimensions + 1;
    for (int i = 0; i < dimensions; i++)
        layer->output_shape.extents[i] = window.axes[NN_WINDOW_AXES - dimensions + i].input;
    layer->output_shape.extents[dimensions] = options->filters;
    return convolution_make(layer, &window, inputs, 1, true);
}

/* ---- running ---- */

static void convolution_pack_one(const nn_convolution_plan *plan, const nn_correlation *correlation,
                                 bool biased, const nn_real *parameters, nn_real *packed)
{
    nn_correlation_pack(correlation, parameters,
                        biased && plan->bias ? parameters + plan->bias->offset : NULL, packed);
}

void nn_convolution_pack(const nn_layer *layer, nn_pass pass, const nn_real *parameters, nn_real *packed)
{
    int count;
    const nn_correlation *correlations = convolution_correlations(layer->plan, pass, &count);
    for (int i = 0; i < count; packed += convolution_room(&correlations[i]), i++)
        convolution_pack_one(layer->plan, &correlations[i], pass == NN_FORWARD, parameters, packed);
}

static nn_real *convolution_sums(const nn_convolution_plan *plan, const nn_layer_call *call)
{
    bool apart = plan->activation->needs_input && !call->linear;
    return apart ? nn_layer_saved(call, 0, plan->positions * plan->filters) : call->output;
}

/* Runs the samples of a call through one correlation. */
static void convolution_run_samples(const nn_convolution_plan *plan, const nn_correlation *correlation,
                                    nn_pass pass, const nn_layer_call *call, const nn_real *packed)
{
    bool forward = pass == NN_FORWARD;
    int64_t outputs = plan->positions * plan->filters;
    int64_t from_values = forward ? plan->inputs : outputs, to_values = forward ? outputs : plan->inputs;
    const nn_real *from = forward ? call->inputs[0] : call->output_gradient;
    nn_real *to = forward ? convolution_sums(plan, call) : call->input_gradients[0];
    nn_real *buffer = call->scratch + correlation->packed_values;
    for (int64_t i = 0; i < call->samples; i++)
        nn_correlation_run(correlation, from + i * from_values, packed, buffer, to + i * to_values);
}

static void convolution_run(const nn_convolution_plan *plan, nn_pass pass, const nn_layer_call *calls)
{
    int count;
    const nn_correlation *correlations = convolution_correlations(plan, pass, &count);
    const nn_real *packed = calls->packed;
    bool biased = pass == NN_FORWARD && !calls->linear;
    for (int i = 0; i < count; i++) {
        if (!calls->packed) {
            convolution_pack_one(plan, &correlations[i], biased, calls->parameters, calls->scratch);
            packed = calls->scratch;
        }
        for (int c = 0; c < calls->count; c++)
            convolution_run_samples(plan, &correlations[i], pass, &calls[c], packed);
        packed += convolution_room(&correlations[i]);
    }
}

/* Writes the activation of the sums to the output, while the rows are in cache. */
static void convolution_activate(const nn_convolution_plan *plan, const nn_layer_call *call)
{
    if (!plan->activation->forward) return;
    const nn_real *z = convolution_sums(plan, call);
    int64_t end = call->samples * plan->positions, step = FUSED_VALUES / plan->filters;
    if (step < 1) step = 1;
    for (int64_t row = 0; row < end; row += step)
        plan->activation->forward(row + step < end ? step : end - row, plan->filters,
                                  (nn_real)NN_DEFAULT_SLOPE, z + row * plan->filters,
                                  call->output + row * plan->filters);
}

void nn_convolution_forward(const nn_layer *layer, const nn_layer_call *calls)
{
    const nn_convolution_plan *plan = layer->plan;
    convolution_run(plan, NN_FORWARD, calls);
    for (int c = 0; !calls->linear && c < calls->count; c++) convolution_activate(plan, &calls[c]);
}

void nn_convolution_tangent(const nn_layer *layer, const nn_layer_call *call)
{
    const nn_convolution_plan *plan = layer->plan;
    nn_tangent_linear(layer, call);
    nn_activation_tangent(plan->activation, layer, call, convolution_sums(plan, call));
}

/* Leaves the gradient before the activation in output_gradient, for nn_convolution_gradient. */
void nn_convolution_backward(const nn_layer *layer, const nn_layer_call *calls)
{
    const nn_convolution_plan *plan = layer->plan;
    for (int c = 0; plan->activation->backward && c < calls->count; c++) {
        const nn_layer_call *call = &calls[c];
        nn_real *dz = call->output_gradient;
        plan->activation->backward(call->samples * plan->positions, plan->filters, (nn_real)NN_DEFAULT_SLOPE,
                                   convolution_sums(plan, call), dz, dz);
    }
    if (calls->input_gradients[0]) convolution_run(plan, NN_BACKWARD, calls);
}

static void convolution_weight_gradient(const nn_convolution_plan *plan, const nn_layer_call *call, int part,
                                        bool accumulate, nn_real *values)
{
    const nn_correlation *straight = &plan->straight;
    int64_t first = part * plan->part_rows, outputs = plan->positions * plan->filters;
    int64_t end = first + plan->part_rows < straight->terms ? first + plan->part_rows : straight->terms;
    int64_t begin = first;
    nn_layer_cut(call, straight->kernels->rows, &begin, &end);
    values += (begin - first) * straight->outputs;
    int64_t count = (end - begin) * straight->outputs;
    nn_real *sums = accumulate ? call->scratch : values;
    nn_real *buffer = call->scratch + plan->part_rows * straight->outputs;
    memset(sums, 0, (size_t)count * sizeof *sums);
    for (int64_t i = 0; i < call->samples; i++) {
        const nn_real *x = call->inputs[0] + i * plan->inputs, *dz = call->output_gradient + i * outputs;
        nn_correlation_gradient(straight, plan->transposed ? dz : x, plan->transposed ? x : dz, begin, end,
                                buffer, sums);
    }
    if (accumulate) nn_add(count, sums, values);
}

void nn_convolution_gradient(const nn_layer *layer, const nn_layer_call *call, int part, bool accumulate,
                             nn_real *values)
{
    const nn_convolution_plan *plan = layer->plan;
    if (part < plan->weight_parts)
        convolution_weight_gradient(plan, call, part, accumulate, values);
    else if (call->piece == 0)
        nn_sum_rows(call->samples * plan->positions, plan->filters, call->output_gradient, plan->filters,
                    accumulate, values);
}
