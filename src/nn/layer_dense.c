/*
 * A fully connected layer: Y = f(X W + b). X is rows x inputs, W is inputs x units, both row-major. A row is
 * one sample of any shape or, with per_step, one step of a sample. If the weight is shared with a layer that
 * stores it as units x inputs (an embedding), W is its transpose (Press, Wolf: Using the output embedding;
 * EACL 2017).
 */
#include "base/memory.h"
#include "base/tree.h"
#include "nn/dense.h"
#include "nn/initializer.h"
#include "nn/tangent.h"
#include "tensor/kernels.h"
#include "tensor/matrix.h"

typedef struct dense_options {
    int64_t units;
    int activation;
    bool bias, per_step;
    int initializer;
} dense_options;

static const nn_option dense_table[] = {
    {"units", NN_OPTION_INTEGER, offsetof(dense_options, units), NULL, 1, 1e9, NULL, NN_EFFECT_RESULT,
     "number of outputs; `classes`: the number of classes of the target; `same`: the input's last dimension"},
    {"activation", NN_OPTION_CHOICE, offsetof(dense_options, activation), "none", 0, 0, nn_activation_names,
     NN_EFFECT_RESULT, "function applied to the outputs (leaky_relu with slope 0.01)"},
    {"bias", NN_OPTION_BOOLEAN, offsetof(dense_options, bias), "true", 0, 0, NULL, NN_EFFECT_RESULT,
     "add a trainable bias to each output"},
    {"per_step", NN_OPTION_BOOLEAN, offsetof(dense_options, per_step), "false", 0, 0, NULL, NN_EFFECT_RESULT,
     "apply the layer to each step of a sequence (the last dimension) instead of to the flattened sample"},
    {"initializer", NN_OPTION_CHOICE, offsetof(dense_options, initializer), "auto", 0, 0,
     nn_initializer_choices, NN_EFFECT_RESULT,
     "initial values of the weight; auto: he or xavier, depending on the activation"},
    {0}};

/* ---- building ---- */

static nn_status dense_add_parameters(nn_layer *layer, nn_dense_plan *plan)
{
    const dense_options *options = layer->options;
    const nn_initializer_type *initializer =
        nn_initializer_choose(NN_SCALAR_REAL, options->initializer, plan->activation->initializer);
    nn_shape weight = {2, {plan->weight_rows, plan->weight_columns}}, bias = {1, {plan->units}};
    NN_TRY(nn_layer_add_parameter(layer, "weight", weight, plan->inputs, plan->units, initializer,
                                  plan->activation->gain, NULL));
    if (!options->bias) return NN_OK;
    int index;
    NN_TRY(nn_layer_add_parameter(layer, "bias", bias, plan->inputs, plan->units,
                                  nn_initializer_find(NN_SCALAR_REAL, "zeros"), 1.0, &index));
    plan->bias = &layer->parameters[index];
    return NN_OK;
}

static nn_status dense_add_parts(nn_layer *layer, const nn_dense_plan *plan)
{
    int64_t end = plan->bias ? plan->bias->offset : layer->value_count;
    NN_TRY(nn_layer_add_row_parts(layer, plan->weight_rows, plan->weight_columns,
                                  nn_layer_product_rows(layer, plan->weight_rows, plan->weight_columns),
                                  end));
    return plan->bias ? nn_layer_add_part(layer, layer->value_count) : NN_OK;
}

int64_t nn_dense_rows_of_part(const nn_layer *layer, int part, int64_t *first)
{
    const nn_dense_plan *plan = layer->plan;
    int64_t end = layer->part_begin[part + 1] / plan->weight_columns;
    *first = layer->part_begin[part] / plan->weight_columns;
    return (end < plan->weight_rows ? end : plan->weight_rows) - *first;
}

static nn_status dense_check_parts(const nn_layer *layer, const nn_dense_plan *plan)
{
    for (int part = 0; part < plan->weight_parts; part++)
        if (layer->part_begin[part] % plan->weight_columns != 0)
            NN_FAIL(NN_ERROR_USAGE,
                    "the parameters of %s cannot be shared by a dense layer; share those of a dense or "
                    "embedding layer",
                    layer->shares->name);
    return NN_OK;
}

/* With `blas`: finds for each part whether its product accumulates exactly. */
static void dense_try_parts(nn_layer *layer, nn_dense_plan *plan)
{
    for (int part = 0; part < plan->weight_parts; part++) {
        int64_t first, rows = nn_dense_rows_of_part(layer, part, &first);
        plan->accumulates[part] = nn_matrix_accumulates_exactly(
            NN_TRANSPOSED, NN_PLAIN, rows, plan->weight_columns, layer->microbatch_size * plan->rows);
        if (rows * plan->weight_columns > layer->scratch_fixed)
            layer->scratch_fixed = rows * plan->weight_columns;
    }
}

/* The parts are known only now: appends accumulates[] to the plan. */
static nn_status dense_plan_parts(nn_layer *layer)
{
    nn_dense_plan *plan = layer->plan;
    int64_t weight = plan->weight_rows * plan->weight_columns;
    while (plan->weight_parts < layer->part_count && layer->part_begin[plan->weight_parts] < weight)
        plan->weight_parts++;
    size_t size = sizeof *plan + (size_t)plan->weight_parts;
    NN_TRY(nn_reallocate(&layer->plan, sizeof *plan, size, 1, "the plan of a dense layer"));
    plan = layer->plan;
    NN_TRY(dense_check_parts(layer, plan));
    if (layer->engine == NN_ENGINE_BLAS)
        dense_try_parts(layer, plan);
    else
        nn_dense_build_own(layer, plan);
    return NN_OK;
}

static nn_status dense_find_sizes(nn_layer *layer, nn_dense_plan *plan)
{
    const dense_options *options = layer->options;
    const nn_shape *input = &layer->input_shapes[0];
    char text[NN_SHAPE_TEXT];
    int last = input->dimensions - 1;
    if (options->per_step && last < 1)
        NN_FAIL(NN_ERROR_USAGE,
                "per_step needs a sequence, but its input has shape %s per sample; remove per_step, or set "
                "`output: sequence` in the recurrent layer before it",
                nn_shape_text(text, *input));
    int64_t width = last >= 0 ? input->extents[last] : 1;
    plan->inputs = options->per_step ? width : nn_shape_count(*input);
    plan->rows = nn_shape_count(*input) / plan->inputs;
    plan->units = options->units == NN_SYMBOL_SAME ? width : options->units;
    layer->output_shape = options->per_step ? *input : (nn_shape){1, {0}};
    layer->output_shape.extents[layer->output_shape.dimensions - 1] = plan->units;
    layer->time.kept = options->per_step;
    if (layer->shares && layer->shares->parameters[0].shape.dimensions == 2)
        plan->transposed = layer->shares->type != layer->type;
    plan->weight_rows = plan->transposed ? plan->units : plan->inputs;
    plan->weight_columns = plan->transposed ? plan->inputs : plan->units;
    return NN_OK;
}

static nn_status dense_build(nn_layer *layer)
{
    const dense_options *options = layer->options;
    NN_TRY(nn_layer_check_inputs(layer, 1));
    nn_dense_plan *plan;
    NN_TRY(NN_ALLOCATE(&plan, 1, "the plan of a dense layer"));
    layer->plan = plan;
    plan->activation = nn_activation_at(options->activation);
    NN_TRY(dense_find_sizes(layer, plan));
    NN_TRY(dense_add_parameters(layer, plan));
    plan->activation = nn_activation_of(layer, options->activation);
    NN_TRY(layer->shares ? nn_layer_share_parts(layer) : dense_add_parts(layer, plan));
    NN_TRY(dense_plan_parts(layer));
    plan = layer->plan;
    layer->reads_output = plan->activation->backward && !plan->activation->needs_input;
    layer->saved_per_sample = plan->activation->needs_input ? plan->rows * plan->units : 0;
    layer->flops_forward = 2.0 * (double)plan->rows * (double)plan->inputs * (double)plan->units;
    layer->flops_input_gradient = layer->flops_forward;
    layer->flops_gradient = layer->flops_forward;
    return NN_OK;
}

/* ---- running ---- */

/* Values that bias and activation process at a time, while they are in the first-level cache. */
#define FUSED_VALUES 2048

void nn_dense_activate(const nn_dense_plan *plan, int64_t rows, int64_t begin, int64_t end,
                       const nn_real *bias, nn_real *z, nn_real *y)
{
    bool all = end - begin == plan->units;
    int64_t step = !all ? 1 : FUSED_VALUES / plan->units > 0 ? FUSED_VALUES / plan->units : 1;
    if (!bias && !plan->activation->forward) return;
    for (int64_t row = 0; row < rows; row += step) {
        int64_t count = rows - row < step ? rows - row : step, at = row * plan->units + begin;
        if (bias) nn_add_bias(count, plan->units, bias, z + at);
        if (plan->activation->forward)
            plan->activation->forward(count, end - begin, (nn_real)NN_DEFAULT_SLOPE, z + at, y + at);
    }
}

static void dense_forward_one(const nn_dense_plan *plan, const nn_layer_call *call)
{
    int64_t rows = call->samples * plan->rows;
    nn_real *z = plan->activation->needs_input && !call->linear ? call->saved : call->output;
    nn_matrix_product(NN_PLAIN, plan->transposed ? NN_TRANSPOSED : NN_PLAIN, rows, plan->units, plan->inputs,
                      call->inputs[0], plan->inputs, call->parameters, plan->weight_columns, false, z,
                      plan->units);
    if (call->linear) return;
    nn_dense_activate(plan, rows, 0, plan->units, plan->bias ? call->parameters + plan->bias->offset : NULL,
                      z, call->output);
}

static void dense_forward(const nn_layer *layer, const nn_layer_call *calls)
{
    if (layer->engine != NN_ENGINE_BLAS)
        nn_dense_forward_own(layer, calls);
    else
        for (int i = 0; i < calls->count; i++) dense_forward_one(layer->plan, &calls[i]);
}

/* Leaves the gradient with respect to X W + b in output_gradient, for dense_gradient. */
static void dense_backward_one(const nn_dense_plan *plan, const nn_layer_call *call)
{
    int64_t rows = call->samples * plan->rows;
    nn_real *dz = call->output_gradient;
    if (plan->activation->backward)
        plan->activation->backward(rows, plan->units, (nn_real)NN_DEFAULT_SLOPE,
                                   plan->activation->needs_input ? call->saved : call->output, dz, dz);
    if (call->input_gradients[0])
        nn_matrix_product(NN_PLAIN, plan->transposed ? NN_PLAIN : NN_TRANSPOSED, rows, plan->inputs,
                          plan->units, dz, plan->units, call->parameters, plan->weight_columns, false,
                          call->input_gradients[0], plan->inputs);
}

static void dense_backward(const nn_layer *layer, const nn_layer_call *calls)
{
    if (layer->engine != NN_ENGINE_BLAS)
        nn_dense_backward_own(layer, calls);
    else
        for (int i = 0; i < calls->count; i++) dense_backward_one(layer->plan, &calls[i]);
}

static void dense_tangent(const nn_layer *layer, const nn_layer_call *call)
{
    const nn_dense_plan *plan = layer->plan;
    nn_tangent_linear(layer, call);
    nn_activation_tangent(plan->activation, layer, call, call->saved);
}

/* Rows [first, first + rows) of X^T dZ or, transposed, of dZ^T X. */
static void dense_weight_gradient(const nn_layer *layer, const nn_layer_call *call, int part, bool accumulate,
                                  nn_real *sum)
{
    const nn_dense_plan *plan = layer->plan;
    int64_t first, rows = nn_dense_rows_of_part(layer, part, &first);
    const nn_real *left = plan->transposed ? call->output_gradient : call->inputs[0];
    const nn_real *right = plan->transposed ? call->inputs[0] : call->output_gradient;
    bool exact = call->samples == layer->microbatch_size && plan->accumulates[part];
    nn_real *product = accumulate && !exact ? call->scratch : sum;
    nn_matrix_product(NN_TRANSPOSED, NN_PLAIN, rows, plan->weight_columns, call->samples * plan->rows,
                      left + first, plan->weight_rows, right, plan->weight_columns, accumulate && exact,
                      product, plan->weight_columns);
    if (product != sum) nn_add(rows * plan->weight_columns, product, sum);
}

static void dense_gradient(const nn_layer *layer, const nn_layer_call *call, int part, bool accumulate,
                           nn_real *values)
{
    const nn_dense_plan *plan = layer->plan;
    if (part >= plan->weight_parts && call->piece == 0)
        nn_sum_rows(call->samples * plan->rows, plan->units, call->output_gradient, plan->units, accumulate,
                    values);
    if (part >= plan->weight_parts) return;
    if (layer->engine == NN_ENGINE_BLAS)
        dense_weight_gradient(layer, call, part, accumulate, values);
    else
        nn_dense_gradient_own(layer, call, part, accumulate, values);
}

/* The bias has no product: its leaves are added here. */
static void dense_bias_sum(const nn_layer *layer, const nn_layer_call *calls, int64_t begin, int64_t end,
                           nn_real *scratch, nn_real *values)
{
    const nn_dense_plan *plan = layer->plan;
    if (end - begin == 1) {
        dense_gradient(layer, &calls[begin], plan->weight_parts, false, values);
        return;
    }
    int64_t middle = nn_tree_split(begin, end);
    dense_bias_sum(layer, calls, begin, middle, scratch, values);
    dense_bias_sum(layer, calls, middle, end, scratch + plan->units, scratch);
    nn_add(plan->units, scratch, values);
}

static void dense_gradient_sum(const nn_layer *layer, const nn_layer_call *calls, int part, nn_real *values)
{
    const nn_dense_plan *plan = layer->plan;
    if (part < plan->weight_parts)
        nn_dense_gradient_own(layer, calls, part, false, values);
    else
        dense_bias_sum(layer, calls, 0, calls->count, calls->scratch, values);
}

static const nn_tensor_axes dense_axes[] = {
    {"weight", "inputs, units", "weight'", "vars/0"}, {"bias", "units", "bias", "vars/1"}, {0}};

const nn_layer_type nn_layer_dense = {
    .name = "dense",
    .summary = "fully connected: every output depends on every input; flattens its input",
    .example = "dense: {units: 4}",
    .options = dense_table,
    .options_size = sizeof(dense_options),
    .activation_option = 1 + offsetof(dense_options, activation),
    .build = dense_build,
    .takes_groups = true,
    .forward = dense_forward,
    .backward = dense_backward,
    .tangent = dense_tangent,
    .gradient = dense_gradient,
    .gradient_sum = dense_gradient_sum,
    .axes = dense_axes,
};
