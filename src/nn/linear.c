#include "nn/linear.h"

#include "base/least.h"
#include "nn/layer.h"
#include "tensor/kernels.h"

int64_t nn_linear_scratch(const nn_linear *linear)
{
    int64_t inner = nn_larger(linear->inputs, linear->units);
    return nn_larger(nn_product_buffer(inner), nn_product_sum_buffer());
}

void nn_linear_forward(const nn_linear *linear, const nn_real *weight, const nn_real *bias, int count,
                       const nn_product_rows *rows, int64_t begin, int64_t end, nn_real *scratch)
{
    nn_product product = {.engine = linear->engine,
                          .inner = linear->inputs,
                          .columns = linear->units,
                          .transpose = linear->transposed ? NN_TRANSPOSED : NN_PLAIN,
                          .b = weight,
                          .ldb = linear->transposed ? linear->inputs : linear->units,
                          .first = bias};
    nn_product_run(&product, count, rows, begin, end, scratch);
}

void nn_linear_backward(const nn_linear *linear, const nn_real *weight, int count,
                        const nn_product_rows *rows, int64_t begin, int64_t end, nn_real *scratch)
{
    nn_product product = {.engine = linear->engine,
                          .inner = linear->units,
                          .columns = linear->inputs,
                          .transpose = linear->transposed ? NN_PLAIN : NN_TRANSPOSED,
                          .b = weight,
                          .ldb = linear->transposed ? linear->inputs : linear->units};
    nn_product_run(&product, count, rows, begin, end, scratch);
}

void nn_linear_gradient(const nn_linear *linear, int count, const nn_product_leaf *leaves, int64_t first,
                        int64_t rows, bool add, nn_real *scratch, nn_real *sums, nn_real *values)
{
    nn_product_leaf turned[NN_LAYER_GROUP];
    for (int i = 0; i < count; i++) {
        const nn_product_leaf *leaf = &leaves[i];
        turned[i] = linear->transposed
                        ? (nn_product_leaf){leaf->terms, leaf->b + first, leaf->ldb, leaf->a, leaf->lda}
                        : (nn_product_leaf){leaf->terms, leaf->a + first, leaf->lda, leaf->b, leaf->ldb};
    }
    int64_t columns = linear->transposed ? linear->inputs : linear->units;
    bool apart = add && leaves->terms > nn_product_sum_terms();
    nn_product_sum(linear->engine, rows, columns, count, turned, add && !apart, scratch,
                   apart ? sums : values, columns);
    if (apart) nn_add(rows * columns, sums, values);
}
