/*
 * The passes of a dense layer by our own kernels. Where samples are single rows, weights are large against
 * activations, and threads share the columns of a product, so that each weight is read once for all
 * microbatches; otherwise they share the samples.
 */
#include "base/least.h"
#include "nn/dense.h"
#include "nn/saved.h"
#include "tensor/kernels.h"

/* Rows of a weight per piece of its gradient: a multiple of these. */
#define PIECE_ROWS 16

/* Whether threads share the columns of a product. */
static bool own_has_tiles(const nn_dense_plan *plan, int64_t columns)
{
    return plan->rows == 1 && columns > NN_PRODUCT_COLUMNS;
}

static int own_tiles(int64_t columns)
{
    return (int)((columns + NN_PRODUCT_COLUMNS - 1) / NN_PRODUCT_COLUMNS);
}

/* An activation of complete rows, such as softmax, cannot be applied to some columns. */
static void own_divide(nn_layer *layer, const nn_dense_plan *plan)
{
    nn_layer_division *forward = layer->division[NN_FORWARD], *backward = layer->division[NN_BACKWARD];
    bool joins = nn_activation_joins_columns(plan->activation);
    nn_layer_divide_by_sample(layer);
    if (own_has_tiles(plan, plan->units) && !joins)
        forward[0] = (nn_layer_division){.tiles = own_tiles(plan->units)};
    if (!layer->needs_input_gradient || !own_has_tiles(plan, plan->inputs)) return;
    bool derives = plan->activation->backward != NULL;
    layer->phases[NN_BACKWARD] = derives ? 2 : 1;
    backward[derives ? 1 : 0] = (nn_layer_division){.tiles = own_tiles(plan->inputs)};
}

void nn_dense_build_own(nn_layer *layer, nn_dense_plan *plan)
{
    plan->linear = (nn_linear){.engine = layer->engine,
                               .inputs = plan->inputs,
                               .units = plan->units,
                               .transposed = plan->transposed};
    int64_t terms = layer->microbatch_size * plan->rows, first, most = 0;
    for (int part = 0; part < plan->weight_parts; part++)
        most = nn_larger(most, nn_dense_rows_of_part(layer, part, &first) * plan->weight_columns);
    layer->scratch_fixed = nn_linear_scratch(&plan->linear) + nn_larger(most, NN_LAYER_GROUP * plan->units);
    layer->sums = (int)nn_smaller(nn_product_sum_terms() / nn_larger(terms, 1), NN_LAYER_GROUP);
    layer->cuts = true;
    own_divide(layer, plan);
}

/* The columns that the tiles of the calls cover, of those of one pass. */
static void own_range(const nn_layer *layer, nn_pass pass, const nn_layer_call *calls, int64_t columns,
                      int64_t *begin, int64_t *end)
{
    bool tiled = layer->division[pass][calls->phase].tiles > 1;
    *begin = tiled ? (int64_t)calls->tile_begin * NN_PRODUCT_COLUMNS : 0;
    *end = tiled ? nn_smaller((int64_t)calls->tile_end * NN_PRODUCT_COLUMNS, columns) : columns;
}

static nn_real *own_sums(const nn_dense_plan *plan, const nn_layer_call *call)
{
    bool apart = plan->activation->needs_input && !call->linear;
    return apart ? nn_layer_saved(call, 0, plan->rows * plan->units) : call->output;
}

void nn_dense_forward_own(const nn_layer *layer, const nn_layer_call *calls)
{
    const nn_dense_plan *plan = layer->plan;
    const nn_real *weight = calls->parameters;
    const nn_real *bias = plan->bias && !calls->linear ? weight + plan->bias->offset : NULL;
    nn_product_rows rows[NN_LAYER_GROUP];
    int64_t begin, end;
    own_range(layer, NN_FORWARD, calls, plan->units, &begin, &end);
    for (int i = 0; i < calls->count; i++)
        rows[i] = (nn_product_rows){.rows = calls[i].samples * plan->rows,
                                    .a = calls[i].inputs[0],
                                    .lda = plan->inputs,
                                    .c = own_sums(plan, &calls[i]),
                                    .ldc = plan->units};
    nn_linear_forward(&plan->linear, weight, bias, calls->count, rows, begin, end, calls->scratch);
    for (int i = 0; !calls->linear && i < calls->count; i++)
        nn_dense_activate(plan, rows[i].rows, begin, end, NULL, rows[i].c, calls[i].output);
}

/* Leaves the gradient with respect to X W + b in output_gradient. */
static void own_derive(const nn_dense_plan *plan, const nn_layer_call *call)
{
    if (plan->activation->backward)
        plan->activation->backward(call->samples * plan->rows, plan->units, (nn_real)NN_DEFAULT_SLOPE,
                                   own_sums(plan, call), call->output_gradient, call->output_gradient);
}

void nn_dense_backward_own(const nn_layer *layer, const nn_layer_call *calls)
{
    const nn_dense_plan *plan = layer->plan;
    nn_product_rows rows[NN_LAYER_GROUP];
    int64_t begin, end;
    for (int i = 0; calls->phase == 0 && i < calls->count; i++) own_derive(plan, &calls[i]);
    if (!calls->input_gradients[0]) return;
    own_range(layer, NN_BACKWARD, calls, plan->inputs, &begin, &end);
    for (int i = 0; i < calls->count; i++)
        rows[i] = (nn_product_rows){.rows = calls[i].samples * plan->rows,
                                    .a = calls[i].output_gradient,
                                    .lda = plan->units,
                                    .c = calls[i].input_gradients[0],
                                    .ldc = plan->inputs};
    nn_linear_backward(&plan->linear, calls->parameters, calls->count, rows, begin, end, calls->scratch);
}

void nn_dense_gradient_own(const nn_layer *layer, const nn_layer_call *calls, int part, bool accumulate,
                           nn_real *values)
{
    const nn_dense_plan *plan = layer->plan;
    nn_product_leaf leaves[NN_LAYER_GROUP];
    int64_t first, end = nn_dense_rows_of_part(layer, part, &first), begin = first;
    end += first;
    nn_layer_cut(calls, PIECE_ROWS, &begin, &end);
    if (begin == end) return;
    for (int i = 0; i < calls->count; i++)
        leaves[i] = (nn_product_leaf){.terms = calls[i].samples * plan->rows,
                                      .a = calls[i].inputs[0],
                                      .lda = plan->inputs,
                                      .b = calls[i].output_gradient,
                                      .ldb = plan->units};
    nn_linear_gradient(&plan->linear, calls->count, leaves, begin, end - begin, accumulate, calls->scratch,
                       calls->scratch + nn_linear_scratch(&plan->linear),
                       values + (begin - first) * plan->weight_columns);
}
