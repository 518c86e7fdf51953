/* A product with a trainable matrix inside a larger layer. */
#include "nn/projection.h"

#include "base/least.h"
#include "base/narrow.h"
#include "nn/initializer.h"
#include "tensor/kernels.h"
#include "tensor/matrix.h"

/* Above this many rows of X a separate addition costs almost nothing, and BLAS sums the rows in pieces. */
#define ACCUMULATED_ROWS 1024

/* Rows of a weight per piece of its gradient: a multiple of these. */
#define PIECE_ROWS 16

static nn_status projection_add_parameters(nn_layer *layer, nn_projection *projection)
{
    nn_shape weight = {2, {projection->inputs, projection->units}}, bias = {1, {projection->units}};
    const char *initializer = projection->initializer ? projection->initializer : "xavier";
    projection->weight = layer->value_count;
    NN_TRY(nn_layer_add_parameter(layer, projection->weight_name, weight, projection->inputs,
                                  projection->fan_out, nn_initializer_find(NN_SCALAR_REAL, initializer),
                                  projection->gain > 0 ? projection->gain : 1.0, NULL));
    projection->bias = layer->value_count;
    if (!projection->bias_name) return NN_OK;
    return nn_layer_add_parameter(layer, projection->bias_name, bias, projection->inputs, projection->fan_out,
                                  nn_initializer_find(NN_SCALAR_REAL, "zeros"), 1.0, NULL);
}

static bool projection_accumulates(const nn_projection *projection, const nn_layer *layer, int64_t rows)
{
    int64_t inner = layer->microbatch_size * projection->rows;
    if (layer->engine != NN_ENGINE_BLAS) return false;
    return inner <= ACCUMULATED_ROWS &&
           nn_matrix_accumulates_exactly(NN_TRANSPOSED, NN_PLAIN, rows, projection->units, inner);
}

nn_status nn_projection_build(nn_layer *layer, nn_projection *projection)
{
    NN_TRY(projection_add_parameters(layer, projection));
    int64_t rows = nn_layer_product_rows(layer, projection->inputs, projection->units);
    int weight_parts;
    NN_TRY(nn_narrow((projection->inputs + rows - 1) / rows, "parts of a matrix", "make the layer smaller",
                     &weight_parts));
    projection->linear = (nn_linear){layer->engine, projection->inputs, projection->units, false};
    projection->part_rows = rows;
    projection->part_count = weight_parts + (projection->bias_name ? 1 : 0);
    projection->accumulates = projection_accumulates(projection, layer, rows);
    projection->last_accumulates =
        projection_accumulates(projection, layer, projection->inputs - (weight_parts - 1) * rows);
    if (layer->shares) return NN_OK;
    NN_TRY(nn_layer_add_row_parts(layer, projection->inputs, projection->units, rows, projection->bias));
    return projection->bias_name ? nn_layer_add_part(layer, layer->value_count) : NN_OK;
}

static bool projection_is_own(const nn_projection *projection)
{
    return projection->linear.engine != NN_ENGINE_BLAS;
}

int64_t nn_projection_scratch(const nn_projection *projection)
{
    return projection_is_own(projection) ? nn_linear_scratch(&projection->linear) : 0;
}

int64_t nn_projection_gradient_scratch(const nn_projection *projection)
{
    return nn_projection_scratch(projection) + projection->part_rows * projection->units;
}

void nn_projection_forward(const nn_projection *projection, const nn_layer_call *call, const nn_real *x,
                           nn_real *y, nn_real *scratch)
{
    int64_t rows = call->samples * projection->rows, inputs = projection->inputs, units = projection->units;
    const nn_real *weight = call->parameters + projection->weight;
    const nn_real *bias = projection->bias_name && !call->linear ? call->parameters + projection->bias : NULL;
    if (projection_is_own(projection)) {
        nn_product_rows all = {rows, x, inputs, y, units};
        nn_linear_forward(&projection->linear, weight, bias, 1, &all, 0, units, scratch);
        return;
    }
    nn_matrix_product(NN_PLAIN, NN_PLAIN, rows, units, inputs, x, inputs, weight, units, false, y, units);
    if (bias) nn_add_bias(rows, units, bias, y);
}

void nn_projection_backward(const nn_projection *projection, const nn_layer_call *call, const nn_real *dy,
                            nn_real *dx, nn_real *scratch)
{
    int64_t rows = call->samples * projection->rows, inputs = projection->inputs, units = projection->units;
    const nn_real *weight = call->parameters + projection->weight;
    if (projection_is_own(projection)) {
        nn_product_rows all = {rows, dy, units, dx, inputs};
        nn_linear_backward(&projection->linear, weight, 1, &all, 0, inputs, scratch);
        return;
    }
    nn_matrix_product(NN_PLAIN, NN_TRANSPOSED, rows, inputs, units, dy, units, weight, units, false, dx,
                      inputs);
}

bool nn_projection_has_part(const nn_projection *projection, int part)
{
    return part >= projection->first_part && part < projection->first_part + projection->part_count;
}

void nn_projection_gradient(const nn_projection *projection, const nn_layer *layer, const nn_layer_call *call,
                            const nn_real *x, const nn_real *dy, int part, bool accumulate, nn_real *values)
{
    int64_t inner = call->samples * projection->rows, units = projection->units;
    int weight_parts = projection->part_count - (projection->bias_name ? 1 : 0);
    int index = part - projection->first_part;
    if (index == weight_parts) {
        if (call->piece == 0) nn_sum_rows(inner, units, dy, units, accumulate, values);
        return;
    }
    bool last = index == weight_parts - 1;
    int64_t first = index * projection->part_rows;
    int64_t rows = last ? projection->inputs - first : projection->part_rows;
    if (projection_is_own(projection)) {
        nn_product_leaf leaf = {inner, x, projection->inputs, dy, units};
        int64_t begin = first, end = first + rows;
        nn_layer_cut(call, PIECE_ROWS, &begin, &end);
        if (begin < end)
            nn_linear_gradient(&projection->linear, 1, &leaf, begin, end - begin, accumulate, call->scratch,
                               call->scratch + nn_projection_scratch(projection),
                               values + (begin - first) * units);
        return;
    }
    bool exact = call->samples == layer->microbatch_size &&
                 (last ? projection->last_accumulates : projection->accumulates);
    nn_real *product = accumulate && !exact ? call->scratch : values;
    nn_matrix_product(NN_TRANSPOSED, NN_PLAIN, rows, units, inner, x + first, projection->inputs, dy, units,
                      accumulate && exact, product, units);
    if (product != values) nn_add(rows * units, product, values);
}
