/*
 * A random orthogonal matrix times the gain (Saxe, McClelland, Ganguli: Exact solutions to the nonlinear
 * dynamics of learning in deep linear neural networks; ICLR 2014): the first extent against all others; rows
 * or columns are orthonormal, whichever are fewer.
 *
 * Normal vectors are made orthonormal by Gram-Schmidt in blocks, each block twice ("twice is enough", Giraud,
 * Langou, Rozloznik 2005). The products are our own whatever the engine: initial weights do not depend on the
 * CPU.
 */
#include <math.h>

#include "base/memory.h"
#include "nn/initializer.h"
#include "tensor/kernels.h"
#include "tensor/product.h"

#define BLOCK_VECTORS 16

/* `count` vectors of `length` values, one per row. Scratch: products, BLOCK_VECTORS x count; projections,
 * BLOCK_VECTORS x length; and that of nn_product_run. */
typedef struct orthogonal_basis {
    int64_t count, length;
    nn_real *vectors, *products, *projections, *buffer;
} orthogonal_basis;

/* Subtracts from vectors [first, first + vectors) their projections onto vectors [begin, end). */
static void orthogonal_project(const orthogonal_basis *basis, int64_t first, int64_t vectors, int64_t begin,
                               int64_t end)
{
    int64_t length = basis->length, known = end - begin;
    if (known == 0) return;
    nn_real *rows = basis->vectors + first * length;
    const nn_real *along = basis->vectors + begin * length;
    nn_product onto = {.engine = NN_ENGINE_PORTABLE,
                       .inner = length,
                       .columns = known,
                       .transpose = NN_TRANSPOSED,
                       .b = along,
                       .ldb = length};
    nn_product back = {.engine = NN_ENGINE_PORTABLE,
                       .inner = known,
                       .columns = length,
                       .transpose = NN_PLAIN,
                       .b = along,
                       .ldb = length};
    nn_product_rows products = {
        .rows = vectors, .a = rows, .lda = length, .c = basis->products, .ldc = known};
    nn_product_rows projections = {
        .rows = vectors, .a = basis->products, .lda = known, .c = basis->projections, .ldc = length};
    nn_product_run(&onto, 1, &products, 0, known, basis->buffer);
    nn_scale(vectors * known, -1, basis->products);
    nn_product_run(&back, 1, &projections, 0, length, basis->buffer);
    nn_add(vectors * length, basis->projections, rows);
}

static void orthogonal_make_basis(const orthogonal_basis *basis)
{
    for (int64_t first = 0; first < basis->count; first += BLOCK_VECTORS) {
        int64_t end = first + BLOCK_VECTORS < basis->count ? first + BLOCK_VECTORS : basis->count;
        for (int pass = 0; pass < 2; pass++) {
            orthogonal_project(basis, first, end - first, 0, first);
            for (int64_t v = first; v < end; v++) {
                orthogonal_project(basis, v, 1, first, v);
                nn_real *values = basis->vectors + v * basis->length;
                nn_scale(basis->length, (nn_real)(1.0 / sqrt(nn_sum_squares(basis->length, values))), values);
            }
        }
    }
}

static int64_t orthogonal_rows(const nn_parameter *parameter)
{
    return parameter->shape.dimensions > 0 ? parameter->shape.extents[0] : 1;
}

static double orthogonal_deviation(const nn_parameter *parameter)
{
    int64_t rows = orthogonal_rows(parameter), columns = parameter->count / rows;
    return parameter->gain / sqrt((double)(rows > columns ? rows : columns));
}

static nn_status orthogonal_fill_whole(const nn_parameter *parameter, nn_random stream, nn_real *values)
{
    int64_t rows = orthogonal_rows(parameter), columns = parameter->count / rows;
    bool by_column = rows > columns;
    orthogonal_basis basis = {.count = by_column ? columns : rows, .length = by_column ? rows : columns};
    nn_status status;
    NN_TRY_TO(out, status,
              NN_ALLOCATE(&basis.vectors, parameter->count, "the vectors of an orthogonal matrix"));
    NN_TRY_TO(out, status,
              NN_ALLOCATE(&basis.products, BLOCK_VECTORS * basis.count, "the products of those vectors"));
    NN_TRY_TO(
        out, status,
        NN_ALLOCATE(&basis.projections, BLOCK_VECTORS * basis.length, "the projections of those vectors"));
    NN_TRY_TO(out, status,
              NN_ALLOCATE(&basis.buffer, nn_product_buffer(basis.length), "the products of those vectors"));
    for (int64_t i = 0; i < parameter->count; i++)
        basis.vectors[i] = (nn_real)nn_random_normal(stream, (uint64_t)i);
    orthogonal_make_basis(&basis);
    for (int64_t v = 0; v < basis.count; v++)
        for (int64_t i = 0; i < basis.length; i++)
            values[by_column ? i * columns + v : v * columns + i] =
                (nn_real)(parameter->gain * (double)basis.vectors[v * basis.length + i]);
out:
    nn_free(basis.vectors);
    nn_free(basis.products);
    nn_free(basis.projections);
    nn_free(basis.buffer);
    return status;
}

const nn_initializer_type nn_initializer_orthogonal = {
    .name = "orthogonal",
    .summary = "random orthogonal rows or columns, times the gain: for deep or recurrent networks",
    .deviation = orthogonal_deviation,
    .fill_whole = orthogonal_fill_whole,
};
