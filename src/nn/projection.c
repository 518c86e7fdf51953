/* A product with a trainable matrix inside a larger layer. */
#include "nn/projection.h"

#include "base/narrow.h"
#include "nn/initializer.h"
#include "tensor/kernels.h"
#include "tensor/matrix.h"

/* Above this many rows of X a separate addition costs almost nothing, and BLAS sums the rows in pieces. */
#define ACCUMULATED_ROWS 1024

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
    return inner <= ACCUMULATED_ROWS &&
           nn_matrix_accumulates_exactly(NN_TRANSPOSED, NN_PLAIN, rows, projection->units, inner);
}

nn_status nn_projection_build(nn_layer *layer, nn_projection *projection)
{
    NN_TRY(projection_add_parameters(layer, projection));
    int64_t rows = nn_layer_part_rows(projection->inputs, projection->units);
    int weight_parts;
    NN_TRY(nn_narrow((projection->inputs + rows - 1) / rows, "parts of a matrix", "make the layer smaller",
                     &weight_parts));
    projection->part_rows = rows;
    projection->part_count = weight_parts + (projection->bias_name ? 1 : 0);
    projection->accumulates = projection_accumulates(projection, layer, rows);
    projection->last_accumulates =
        projection_accumulates(projection, layer, projection->inputs - (weight_parts - 1) * rows);
    if (layer->shares) return NN_OK;
    NN_TRY(nn_layer_add_row_parts(layer, projection->inputs, projection->units, projection->bias));
    return projection->bias_name ? nn_layer_add_part(layer, layer->value_count) : NN_OK;
}

void nn_projection_forward(const nn_projection *projection, const nn_layer_call *call, const nn_real *x,
                           nn_real *y)
{
    int64_t rows = call->samples * projection->rows, units = projection->units;
    nn_matrix_product(NN_PLAIN, NN_PLAIN, rows, units, projection->inputs, x, projection->inputs,
                      call->parameters + projection->weight, units, false, y, units);
    if (projection->bias_name) nn_add_bias(rows, units, call->parameters + projection->bias, y);
}

void nn_projection_backward(const nn_projection *projection, const nn_layer_call *call, const nn_real *dy,
                            nn_real *dx)
{
    int64_t units = projection->units;
    nn_matrix_product(NN_PLAIN, NN_TRANSPOSED, call->samples * projection->rows, projection->inputs, units,
                      dy, units, call->parameters + projection->weight, units, false, dx, projection->inputs);
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
        nn_sum_rows(inner, units, dy, units, accumulate, values);
        return;
    }
    bool last = index == weight_parts - 1;
    int64_t first = index * projection->part_rows;
    int64_t rows = last ? projection->inputs - first : projection->part_rows;
    bool exact = call->samples == layer->microbatch_size &&
                 (last ? projection->last_accumulates : projection->accumulates);
    nn_real *product = accumulate && !exact ? call->scratch : values;
    nn_matrix_product(NN_TRANSPOSED, NN_PLAIN, rows, units, inner, x + first, projection->inputs, dy, units,
                      accumulate && exact, product, units);
    if (product != values) nn_add(rows * units, product, values);
}
