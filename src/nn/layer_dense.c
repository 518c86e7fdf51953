/*
 * A fully connected layer: Y = f(X W + b). X is rows x inputs, W is inputs x units, both row-major. A row is
 * one sample of any shape or, with per_step, one step of a sample. If the weight is shared with a layer that
 * stores it as units x inputs (an embedding), W is its transpose (Press, Wolf: Using the output embedding;
 * EACL 2017).
 */
#include "base/memory.h"
#include "nn/activation.h"
#include "nn/initializer.h"
#include "tensor/kernels.h"
#include "tensor/matrix.h"

/* Bias and activation are applied to this many values at a time, while they are in the first-level cache. */
#define FUSED_VALUES 2048

typedef struct dense_options {
    int64_t units;
    int activation;
    bool bias, per_step;
    int initializer;
} dense_options;

typedef struct dense_plan {
    const nn_activation *activation;
    int64_t inputs, units, rows;         /* rows per sample */
    bool transposed;                     /* the weight is units x inputs */
    int64_t weight_rows, weight_columns; /* of the weight as stored; parts consist of complete rows */
    int weight_parts;                    /* the bias, if any, is one more */
    const nn_parameter *bias;            /* NULL: none */
    bool accumulates[];                  /* per part: the product may add to the sum itself */
} dense_plan;

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

static nn_status dense_add_parameters(nn_layer *layer, dense_plan *plan)
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

static nn_status dense_add_parts(nn_layer *layer, const dense_plan *plan)
{
    int64_t end = plan->bias ? plan->bias->offset : layer->value_count;
    NN_TRY(nn_layer_add_row_parts(layer, plan->weight_rows, plan->weight_columns, end));
    return plan->bias ? nn_layer_add_part(layer, layer->value_count) : NN_OK;
}

/* Returns the number of rows of the weight in a part; *first: the first of them. */
static int64_t dense_rows_of_part(const nn_layer *layer, int part, int64_t *first)
{
    const dense_plan *plan = layer->plan;
    int64_t end = layer->part_begin[part + 1] / plan->weight_columns;
    *first = layer->part_begin[part] / plan->weight_columns;
    return (end < plan->weight_rows ? end : plan->weight_rows) - *first;
}

/* Appends accumulates[] to the plan: the parts are known only now. */
static nn_status dense_try_parts(nn_layer *layer)
{
    dense_plan *plan = layer->plan;
    int64_t weight = plan->weight_rows * plan->weight_columns, first;
    while (plan->weight_parts < layer->part_count && layer->part_begin[plan->weight_parts] < weight)
        plan->weight_parts++;
    size_t size = sizeof *plan + (size_t)plan->weight_parts;
    NN_TRY(nn_reallocate(&layer->plan, sizeof *plan, size, 1, "the plan of a dense layer"));
    plan = layer->plan;
    for (int part = 0; part < plan->weight_parts; part++) {
        int64_t rows = dense_rows_of_part(layer, part, &first);
        if (layer->part_begin[part] % plan->weight_columns != 0)
            NN_FAIL(NN_ERROR_USAGE,
                    "the parameters of %s cannot be shared by a dense layer; share those of a dense or "
                    "embedding layer",
                    layer->shares->name);
        plan->accumulates[part] = nn_matrix_accumulates_exactly(
            NN_TRANSPOSED, NN_PLAIN, rows, plan->weight_columns, layer->microbatch_size * plan->rows);
        if (rows * plan->weight_columns > layer->scratch_fixed)
            layer->scratch_fixed = rows * plan->weight_columns;
    }
    return NN_OK;
}

static nn_status dense_find_sizes(nn_layer *layer, dense_plan *plan)
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
    dense_plan *plan;
    NN_TRY(NN_ALLOCATE(&plan, 1, "the plan of a dense layer"));
    layer->plan = plan;
    plan->activation = nn_activation_at(options->activation);
    NN_TRY(dense_find_sizes(layer, plan));
    NN_TRY(dense_add_parameters(layer, plan));
    plan->activation = nn_activation_of(layer, options->activation);
    NN_TRY(layer->shares ? nn_layer_share_parts(layer) : dense_add_parts(layer, plan));
    NN_TRY(dense_try_parts(layer));
    plan = layer->plan;
    layer->reads_output = plan->activation->backward && !plan->activation->needs_input;
    layer->saved_per_sample = plan->activation->needs_input ? plan->rows * plan->units : 0;
    layer->flops_forward = 2.0 * (double)plan->rows * (double)plan->inputs * (double)plan->units;
    layer->flops_input_gradient = layer->flops_forward;
    layer->flops_gradient = layer->flops_forward;
    return NN_OK;
}

/* ---- running ---- */

/* Adds the bias to z and writes the activation to y, while the rows are in cache. */
static void dense_finish_rows(const dense_plan *plan, const nn_layer_call *call, int64_t count, nn_real *z,
                              nn_real *y)
{
    int64_t step = FUSED_VALUES / plan->units > 0 ? FUSED_VALUES / plan->units : 1;
    for (int64_t row = 0; row < count; row += step) {
        int64_t rows = count - row < step ? count - row : step;
        int64_t at = row * plan->units;
        if (plan->bias) nn_add_bias(rows, plan->units, call->parameters + plan->bias->offset, z + at);
        if (plan->activation->forward)
            plan->activation->forward(rows, plan->units, (nn_real)NN_DEFAULT_SLOPE, z + at, y + at);
    }
}

static void dense_forward(const nn_layer *layer, const nn_layer_call *call)
{
    const dense_plan *plan = layer->plan;
    int64_t rows = call->samples * plan->rows;
    nn_real *z = plan->activation->needs_input ? call->saved : call->output;
    nn_matrix_product(NN_PLAIN, plan->transposed ? NN_TRANSPOSED : NN_PLAIN, rows, plan->units, plan->inputs,
                      call->inputs[0], plan->inputs, call->parameters, plan->weight_columns, false, z,
                      plan->units);
    dense_finish_rows(plan, call, rows, z, call->output);
}

/* Leaves the gradient with respect to X W + b in output_gradient, for dense_gradient. */
static void dense_backward(const nn_layer *layer, const nn_layer_call *call)
{
    const dense_plan *plan = layer->plan;
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

/* Rows [first, first + rows) of X^T dZ or, transposed, of dZ^T X. */
static void dense_weight_gradient(const nn_layer *layer, const nn_layer_call *call, int part, bool accumulate,
                                  nn_real *sum)
{
    const dense_plan *plan = layer->plan;
    int64_t first, rows = dense_rows_of_part(layer, part, &first);
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
    const dense_plan *plan = layer->plan;
    if (part < plan->weight_parts)
        dense_weight_gradient(layer, call, part, accumulate, values);
    else
        nn_sum_rows(call->samples * plan->rows, plan->units, call->output_gradient, plan->units, accumulate,
                    values);
}

const nn_layer_type nn_layer_dense = {
    .name = "dense",
    .summary = "fully connected: every output depends on every input; flattens its input",
    .example = "dense: {units: 4}",
    .options = dense_table,
    .options_size = sizeof(dense_options),
    .activation_option = 1 + offsetof(dense_options, activation),
    .build = dense_build,
    .forward = dense_forward,
    .backward = dense_backward,
    .gradient = dense_gradient,
};
