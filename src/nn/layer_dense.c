/*
 * A fully connected layer: Y = f(X W + b). X is samples x inputs, W is inputs x units, both row-major. A
 * sample of more than one dimension is taken as one row.
 */
#include "base/memory.h"
#include "nn/activation.h"
#include "nn/initializer.h"
#include "tensor/kernels.h"
#include "tensor/matrix.h"

/* Values of the weight's gradient that one part computes: they stay in a core's cache over the microbatches
 * that are summed into them. */
#define PART_VALUES 131072
#define PART_ROWS_MULTIPLE 16

/* Values that bias and activation handle at a time: those that the last read brought into the first-level
 * cache. */
#define FUSED_VALUES 2048

typedef struct dense_options {
    int64_t units;
    int activation;
    bool bias;
    int initializer;
} dense_options;

typedef struct dense_plan {
    const nn_activation *activation;
    int64_t inputs, units;
    int64_t part_rows;                  /* rows of W in a part; the last part may have fewer */
    int weight_parts;                   /* the bias, if any, is one more */
    const nn_parameter *bias;           /* NULL: none */
    bool accumulates, last_accumulates; /* a part, and the last one: the product itself may add */
} dense_plan;

static const char *const initializer_names[] = {"auto",
#define NN_INITIALIZER(name) #name,
#include "nn/initializer_list.h"
#undef NN_INITIALIZER
                                                NULL};

static const nn_option dense_table[] = {
    {"units", NN_OPTION_INTEGER, offsetof(dense_options, units), NULL, 1, 1e9, NULL, NN_EFFECT_RESULT,
     "number of outputs; `classes` is the number of classes of the target"},
    {"activation", NN_OPTION_CHOICE, offsetof(dense_options, activation), "none", 0, 0, nn_activation_names,
     NN_EFFECT_RESULT, "function on the outputs (leaky_relu has slope 0.01 here)"},
    {"bias", NN_OPTION_BOOLEAN, offsetof(dense_options, bias), "true", 0, 0, NULL, NN_EFFECT_RESULT,
     "add a trainable bias to each output"},
    {"initializer", NN_OPTION_CHOICE, offsetof(dense_options, initializer), "auto", 0, 0, initializer_names,
     NN_EFFECT_RESULT, "first values of the weight; auto: he or xavier, by activation"},
    {0}};

/* ---- building ---- */

static nn_status dense_add_parameters(nn_layer *layer, dense_plan *plan)
{
    const dense_options *options = layer->options;
    const char *name =
        options->initializer == 0 ? plan->activation->initializer : initializer_names[options->initializer];
    nn_shape weight = {2, {plan->inputs, plan->units}}, bias = {1, {plan->units}};
    NN_TRY(nn_layer_add_parameter(layer, "weight", weight, plan->inputs, plan->units,
                                  nn_initializer_find(name), plan->activation->gain, NULL));
    if (!options->bias) return NN_OK;
    int index;
    NN_TRY(nn_layer_add_parameter(layer, "bias", bias, plan->inputs, plan->units,
                                  nn_initializer_find("zeros"), 1.0, &index));
    plan->bias = &layer->parameters[index];
    return NN_OK;
}

static int64_t dense_part_rows(int64_t inputs, int64_t units)
{
    int64_t parts = (inputs * units + PART_VALUES - 1) / PART_VALUES;
    int64_t rows = (inputs + parts - 1) / parts;
    int64_t rounded = (rows + PART_ROWS_MULTIPLE - 1) / PART_ROWS_MULTIPLE * PART_ROWS_MULTIPLE;
    return rounded < inputs ? rounded : inputs;
}

static nn_status dense_add_parts(nn_layer *layer, dense_plan *plan)
{
    plan->part_rows = dense_part_rows(plan->inputs, plan->units);
    plan->weight_parts = (int)((plan->inputs + plan->part_rows - 1) / plan->part_rows);
    for (int part = 1; part < plan->weight_parts; part++)
        NN_TRY(nn_layer_add_part(layer, part * plan->part_rows * plan->units));
    if (plan->bias) NN_TRY(nn_layer_add_part(layer, plan->bias->offset));
    NN_TRY(nn_layer_add_part(layer, layer->value_count));
    int64_t last_rows = plan->inputs - (plan->weight_parts - 1) * plan->part_rows;
    plan->accumulates = nn_matrix_accumulates_exactly(NN_TRANSPOSED, NN_PLAIN, plan->part_rows, plan->units,
                                                      layer->microbatch_size);
    plan->last_accumulates = nn_matrix_accumulates_exactly(NN_TRANSPOSED, NN_PLAIN, last_rows, plan->units,
                                                           layer->microbatch_size);
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
    plan->inputs = nn_shape_count(layer->input_shapes[0]);
    plan->units = options->units;
    layer->output_shape = (nn_shape){1, {plan->units}};
    NN_TRY(dense_add_parameters(layer, plan));
    NN_TRY(dense_add_parts(layer, plan));
    layer->scratch_fixed = plan->part_rows * plan->units;
    layer->reads_output = plan->activation->backward && !plan->activation->needs_input;
    layer->saved_per_sample = plan->activation->needs_input ? plan->units : 0;
    layer->flops_forward = 2.0 * (double)plan->inputs * (double)plan->units;
    layer->flops_input_gradient = layer->flops_forward;
    layer->flops_gradient = layer->flops_forward;
    return NN_OK;
}

/* ---- running ---- */

/* Bias and activation on z, to y, while the rows are in cache. */
static void dense_finish_rows(const dense_plan *plan, const nn_layer_call *call, nn_real *z, nn_real *y)
{
    int64_t step = FUSED_VALUES / plan->units > 0 ? FUSED_VALUES / plan->units : 1;
    for (int64_t row = 0; row < call->samples; row += step) {
        int64_t rows = call->samples - row < step ? call->samples - row : step;
        int64_t at = row * plan->units;
        if (plan->bias) nn_add_bias(rows, plan->units, call->parameters + plan->bias->offset, z + at);
        if (plan->activation->forward)
            plan->activation->forward(rows, plan->units, (nn_real)NN_DEFAULT_SLOPE, z + at, y + at);
    }
}

static void dense_forward(const nn_layer *layer, const nn_layer_call *call)
{
    const dense_plan *plan = layer->plan;
    nn_real *z = plan->activation->needs_input ? call->saved : call->output;
    nn_matrix_product(NN_PLAIN, NN_PLAIN, call->samples, plan->units, plan->inputs, call->inputs[0],
                      plan->inputs, call->parameters, plan->units, false, z, plan->units);
    dense_finish_rows(plan, call, z, call->output);
}

/* Leaves the gradient with respect to X W + b in output_gradient, where dense_gradient finds it. */
static void dense_backward(const nn_layer *layer, const nn_layer_call *call)
{
    const dense_plan *plan = layer->plan;
    nn_real *dz = call->output_gradient;
    if (plan->activation->backward)
        plan->activation->backward(call->samples, plan->units, (nn_real)NN_DEFAULT_SLOPE,
                                   plan->activation->needs_input ? call->saved : call->output, dz, dz);
    if (call->input_gradients[0])
        nn_matrix_product(NN_PLAIN, NN_TRANSPOSED, call->samples, plan->inputs, plan->units, dz, plan->units,
                          call->parameters, plan->units, false, call->input_gradients[0], plan->inputs);
}

static void dense_weight_gradient(const nn_layer *layer, const nn_layer_call *call, int part, bool accumulate,
                                  nn_real *values)
{
    const dense_plan *plan = layer->plan;
    bool last = part == plan->weight_parts - 1;
    int64_t first = part * plan->part_rows;
    int64_t rows = last ? plan->inputs - first : plan->part_rows;
    nn_real *sum = values;
    bool exact =
        call->samples == layer->microbatch_size && (last ? plan->last_accumulates : plan->accumulates);
    nn_real *product = accumulate && !exact ? call->scratch : sum;
    nn_matrix_product(NN_TRANSPOSED, NN_PLAIN, rows, plan->units, call->samples, call->inputs[0] + first,
                      plan->inputs, call->output_gradient, plan->units, accumulate && exact, product,
                      plan->units);
    if (product != sum) nn_add(rows * plan->units, product, sum);
}

static void dense_gradient(const nn_layer *layer, const nn_layer_call *call, int part, bool accumulate,
                           nn_real *values)
{
    const dense_plan *plan = layer->plan;
    if (part < plan->weight_parts)
        dense_weight_gradient(layer, call, part, accumulate, values);
    else
        nn_sum_rows(call->samples, plan->units, call->output_gradient, plan->units, accumulate, values);
}

const nn_layer_type NN_REAL_SYMBOL(nn_layer_dense) = {
    .name = "dense",
    .summary = "fully connected: every output sees every input; flattens its input",
    .example = "dense: {units: 4}",
    .options = dense_table,
    .options_size = sizeof(dense_options),
    .build = dense_build,
    .forward = dense_forward,
    .backward = dense_backward,
    .gradient = dense_gradient,
};
