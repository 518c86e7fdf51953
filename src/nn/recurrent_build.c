/* Shapes, parameters and parts of recurrent layers. */
#include "base/least.h"
#include "base/memory.h"
#include "nn/recurrent.h"

const char *const nn_recurrent_outputs[] = {"last", "sequence", NULL};

const char *const nn_recurrent_initializers[] = {
#define NN_INITIALIZER(name) #name,
#include "nn/initializer_list.h"
#undef NN_INITIALIZER
    NULL};

static const char *const recurrent_names[2][NN_RECURRENT_TENSORS] = {
    {"input_weight", "recurrent_weight", "bias", "recurrent_bias"},
    {"input_weight_reverse", "recurrent_weight_reverse", "bias_reverse", "recurrent_bias_reverse"}};

/* A layer without gates has a single block of units. Two biases of PyTorch are added. */
const nn_tensor_axes nn_recurrent_axes[] = {
    {"input_weight", "features, gates x units", "weight_ih_l0'", "cell/vars/0"},
    {"recurrent_weight", "units, gates x units", "weight_hh_l0'", "cell/vars/1"},
    {"bias", "gates x units", "bias_ih_l0 + bias_hh_l0", "cell/vars/2"},
    {0}};

/* ---- parameters ---- */

static int recurrent_tensors(const nn_recurrent_plan *plan)
{
    return plan->cell.apart > 0 ? NN_RECURRENT_TENSORS : NN_RECURRENT_BIAS;
}

/* A bias counts as one row. */
static int64_t recurrent_rows(const nn_recurrent_plan *plan, int tensor)
{
    if (tensor == NN_RECURRENT_INPUT_WEIGHT) return plan->features;
    return tensor == NN_RECURRENT_WEIGHT ? plan->units : 1;
}

static int64_t recurrent_columns(const nn_recurrent_plan *plan, int tensor)
{
    return tensor == NN_RECURRENT_BIAS ? plan->cell.apart * plan->units : plan->columns;
}

/* fan_in and fan_out are those of one gate. */
static nn_status recurrent_add_parameter(nn_layer *layer, nn_recurrent_plan *plan, int direction, int tensor)
{
    const nn_recurrent_options *options = layer->options;
    int64_t rows = recurrent_rows(plan, tensor), columns = recurrent_columns(plan, tensor);
    const nn_initializer_type *initializer = nn_initializer_find(NN_SCALAR_REAL, "zeros");
    double gain = 1;
    nn_shape shape = {1, {columns}};
    if (tensor == NN_RECURRENT_INPUT_WEIGHT || tensor == NN_RECURRENT_WEIGHT) {
        int chosen = tensor == NN_RECURRENT_WEIGHT ? options->recurrent_initializer : options->initializer;
        initializer = nn_initializer_find(NN_SCALAR_REAL, nn_recurrent_initializers[chosen]);
        shape = (nn_shape){2, {rows, columns}};
    } else if (tensor == NN_RECURRENT_INPUT_BIAS && plan->cell.bias) {
        initializer = plan->cell.bias;
        gain = plan->cell.bias_gain;
    }
    int index;
    NN_TRY(nn_layer_add_parameter(layer, recurrent_names[direction][tensor], shape, rows, plan->units,
                                  initializer, gain, &index));
    plan->offsets[direction][tensor] = layer->parameters[index].offset;
    return NN_OK;
}

/* ---- parts ---- */

static int64_t recurrent_count_parts(const nn_recurrent_plan *plan)
{
    int64_t count = 0;
    for (int tensor = 0; tensor < recurrent_tensors(plan); tensor++) {
        int64_t rows = recurrent_rows(plan, tensor);
        int64_t step = nn_layer_part_rows(rows, recurrent_columns(plan, tensor));
        count += (rows + step - 1) / step;
    }
    return count * plan->directions;
}

/* Appends the parts of one tensor, which ends at value `end`, padding included. */
static nn_status recurrent_cut(nn_layer *layer, nn_recurrent_plan *plan, int direction, int tensor,
                               int64_t end, int *count)
{
    int64_t rows = recurrent_rows(plan, tensor), columns = recurrent_columns(plan, tensor);
    int64_t step = nn_layer_part_rows(rows, columns);
    for (int64_t first = 0; first < rows; first += step) {
        nn_recurrent_part *part = &plan->parts[(*count)++];
        *part = (nn_recurrent_part){direction, (nn_recurrent_tensor)tensor, first, step};
        if (part->rows > rows - first) part->rows = rows - first;
    }
    return layer->shares ? NN_OK : nn_layer_add_row_parts(layer, rows, columns, step, end);
}

static nn_status recurrent_add_parts(nn_layer *layer, nn_recurrent_plan *plan)
{
    int tensors = recurrent_tensors(plan), count = 0;
    for (int p = 0; p < layer->parameter_count; p++) {
        int64_t end = p + 1 < layer->parameter_count ? layer->parameters[p + 1].offset : layer->value_count;
        NN_TRY(recurrent_cut(layer, plan, p / tensors, p % tensors, end, &count));
    }
    return layer->shares ? nn_layer_share_parts(layer) : NN_OK;
}

/* ---- the layer ---- */

static nn_status recurrent_check(const nn_layer *layer)
{
    const nn_recurrent_options *options = layer->options;
    NN_TRY(nn_layer_check_inputs(layer, 1));
    if (layer->input_shapes[0].dimensions < 2) {
        char text[NN_SHAPE_TEXT];
        NN_FAIL(NN_ERROR_USAGE,
                "its input has shape %s, but %s reads sequences: steps x features; cut the data into windows "
                "(data.window), or reshape the input",
                nn_shape_text(text, layer->input_shapes[0]), layer->type->name);
    }
    if (options->bidirectional && options->carry)
        NN_FAIL(NN_ERROR_USAGE, "the state can be carried to the next window in one direction only; remove "
                                "`carry` or `bidirectional`");
    return NN_OK;
}

/* The features of a step are all extents but the first. */
static nn_status recurrent_make_plan(nn_layer *layer, const nn_recurrent_cell *cell)
{
    const nn_recurrent_options *options = layer->options;
    int64_t steps = layer->input_shapes[0].extents[0];
    nn_recurrent_plan sizes = {.cell = *cell,
                               .kernels = nn_tile_kernels_of(layer->engine),
                               .steps = steps,
                               .features = nn_shape_count(layer->input_shapes[0]) / steps,
                               .units = options->units,
                               .columns = cell->gates * options->units,
                               .directions = options->bidirectional ? 2 : 1};
    size_t parts = (size_t)recurrent_count_parts(&sizes);
    NN_TRY(nn_allocate(&layer->plan, 1, sizeof sizes + parts * sizeof *sizes.parts,
                       "the plan of a recurrent layer"));
    *(nn_recurrent_plan *)layer->plan = sizes;
    return NN_OK;
}

/* The product with the transposed recurrent weight is needed even if no input gradient is. */
static void recurrent_count_flops(nn_layer *layer, const nn_recurrent_plan *plan)
{
    double steps = 2.0 * (double)plan->directions * (double)plan->steps * (double)plan->columns;
    double input = steps * (double)plan->features, state = steps * (double)plan->units;
    layer->flops_forward = input + state;
    layer->flops_input_gradient = input;
    layer->flops_gradient = input + 2 * state;
}

/* Size of the largest part of a weight, in values. */
static int64_t recurrent_part_values(const nn_recurrent_plan *plan)
{
    int64_t input = nn_layer_part_rows(plan->features, plan->columns);
    int64_t state = nn_layer_part_rows(plan->units, plan->columns);
    return (input > state ? input : state) * plan->columns;
}

nn_panels nn_recurrent_panels_of(const nn_recurrent_plan *plan, nn_recurrent_panels which)
{
    if (which == NN_RECURRENT_OF_INPUT) return nn_panels_of(plan->kernels, plan->features, plan->columns);
    if (which == NN_RECURRENT_OF_STATE) return nn_panels_of(plan->kernels, plan->units, plan->columns);
    if (which == NN_RECURRENT_OF_RETURN) return nn_panels_of(plan->kernels, plan->columns, plan->units);
    nn_panels both = nn_panels_of(plan->kernels, plan->columns, plan->features);
    both.run_count = plan->directions;
    both.runs[1] = both.runs[0];
    return both;
}

int64_t nn_recurrent_panels_values(const nn_recurrent_plan *plan, nn_recurrent_panels which)
{
    nn_panels panels = nn_recurrent_panels_of(plan, which);
    return (nn_panels_values(&panels) + NN_PARAMETER_ALIGNMENT - 1) / NN_PARAMETER_ALIGNMENT *
           NN_PARAMETER_ALIGNMENT;
}

/* Scratch holds one set of panels and a buffer for its product, or one part of a gradient, at a time. */
static void recurrent_count_values(nn_layer *layer, nn_recurrent_plan *plan)
{
    const nn_recurrent_options *options = layer->options;
    int64_t states = plan->cell.has_memory ? 2 : 1;
    layer->saved_per_sample =
        plan->directions * plan->steps * (plan->columns + (1 + plan->cell.kept) * plan->units);
    layer->tangent_per_sample = plan->steps * plan->columns;
    layer->scratch_per_sample = plan->columns + (1 + states) * plan->units;
    int64_t sizes[NN_RECURRENT_PANELS], buffer = 0;
    for (int i = 0; i < NN_RECURRENT_PANELS; i++) {
        nn_panels panels = nn_recurrent_panels_of(plan, (nn_recurrent_panels)i);
        sizes[i] = nn_recurrent_panels_values(plan, (nn_recurrent_panels)i);
        plan->largest = nn_larger(plan->largest, sizes[i]);
        buffer = nn_larger(buffer, nn_panels_product_buffer(&panels));
    }
    layer->scratch_fixed = nn_larger(plan->largest + buffer,
                                     nn_panels_gradient_buffer(plan->kernels) + recurrent_part_values(plan));
    layer->packed_values[NN_FORWARD] =
        plan->directions * (sizes[NN_RECURRENT_OF_INPUT] + sizes[NN_RECURRENT_OF_STATE]);
    layer->packed_values[NN_BACKWARD] =
        plan->directions * sizes[NN_RECURRENT_OF_RETURN] + sizes[NN_RECURRENT_OF_GRADIENT];
    nn_layer_divide_by_sample(layer);
    layer->cuts = true;
    layer->carried_per_sample = options->carry ? states * plan->units : 0;
}

nn_status nn_recurrent_build(nn_layer *layer, const nn_recurrent_cell *cell)
{
    const nn_recurrent_options *options = layer->options;
    NN_TRY(recurrent_check(layer));
    NN_TRY(recurrent_make_plan(layer, cell));
    nn_recurrent_plan *plan = layer->plan;
    int64_t width = plan->directions * plan->units;
    layer->time.kept = options->output == NN_RECURRENT_SEQUENCE;
    layer->output_shape = layer->time.kept ? (nn_shape){2, {plan->steps, width}} : (nn_shape){1, {width}};
    for (int direction = 0; direction < plan->directions; direction++)
        for (int tensor = 0; tensor < recurrent_tensors(plan); tensor++)
            NN_TRY(recurrent_add_parameter(layer, plan, direction, tensor));
    NN_TRY(recurrent_add_parts(layer, plan));
    recurrent_count_flops(layer, plan);
    recurrent_count_values(layer, plan);
    return NN_OK;
}
