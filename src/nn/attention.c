/* Scaled dot-product attention, tile by tile. */
#include "nn/attention.h"

#include <math.h>
#include <string.h>

#include "base/least.h"
#include "tensor/kernels.h"
#include "tensor/kernels_attention.h"
#include "tensor/kernels_dropout.h"
#include "tensor/product.h"

/* Queries per block: enough for BLAS to be fast, few enough for causal attention to skip much. */
#define BLOCK_QUERIES 64

/* ---- memory ---- */

int64_t nn_attention_block(const nn_attention *attention)
{
    int64_t blocks = (attention->query_steps + BLOCK_QUERIES - 1) / BLOCK_QUERIES;
    return (attention->query_steps + blocks - 1) / blocks;
}

static int64_t attention_tile_values(const nn_attention *attention)
{
    return nn_attention_block(attention) * attention->key_steps;
}

/* What our own products need. */
static int64_t attention_product_scratch(const nn_attention *attention)
{
    if (attention->engine == NN_ENGINE_BLAS) return 0;
    int64_t inner = nn_larger(attention->size, attention->key_steps);
    return nn_larger(nn_product_buffer(inner), nn_product_sum_buffer());
}

int64_t nn_attention_forward_scratch(const nn_attention *attention)
{
    return attention_product_scratch(attention) +
           attention_tile_values(attention) * (attention->dropout > 0 ? 2 : 1);
}

int64_t nn_attention_backward_scratch(const nn_attention *attention)
{
    return attention_product_scratch(attention) +
           attention_tile_values(attention) * (attention->dropout > 0 ? 3 : 2) +
           2 * attention->key_steps * attention->size + nn_attention_block(attention);
}

/* ---- products ---- */

/* A matrix within queries, keys, values, outputs or scores. */
typedef struct attention_matrix {
    const nn_real *values;
    int64_t stride;
} attention_matrix;

/* C (rows x columns) = A op(B). scratch: attention_product_scratch. */
static void attention_multiply(const nn_attention *attention, int64_t rows, int64_t columns, int64_t inner,
                               attention_matrix a, nn_transpose transpose, attention_matrix b,
                               nn_real *scratch, nn_real *c, int64_t ldc)
{
    if (attention->engine == NN_ENGINE_BLAS) {
        nn_matrix_product(NN_PLAIN, transpose, rows, columns, inner, a.values, a.stride, b.values, b.stride,
                          false, c, ldc);
        return;
    }
    nn_product product = {.engine = attention->engine,
                          .inner = inner,
                          .columns = columns,
                          .transpose = transpose,
                          .b = b.values,
                          .ldb = b.stride};
    nn_product_rows all = {rows, a.values, a.stride, c, ldc};
    nn_product_run(&product, 1, &all, 0, columns, scratch);
}

/* C (rows x columns, contiguous) = A^T B, or with `add` C += A^T B. */
static void attention_multiply_turned(const nn_attention *attention, int64_t rows, int64_t columns,
                                      int64_t inner, attention_matrix a, attention_matrix b, bool add,
                                      nn_real *scratch, nn_real *c)
{
    if (attention->engine == NN_ENGINE_BLAS) {
        nn_matrix_product(NN_TRANSPOSED, NN_PLAIN, rows, columns, inner, a.values, a.stride, b.values,
                          b.stride, add, c, columns);
        return;
    }
    nn_product_leaf leaf = {inner, a.values, a.stride, b.values, b.stride};
    nn_product_sum(attention->engine, rows, columns, 1, &leaf, add, scratch, c, columns);
}

/* ---- used by both passes ---- */

/* A block of queries: tile holds their number and the keys that they see. */
typedef struct attention_rows {
    nn_scores_tile tile;
    int64_t first;
    nn_real *query;
} attention_rows;

static attention_rows attention_rows_from(const nn_attention *attention, const nn_attention_head *head,
                                          int64_t first)
{
    int64_t left = head->queries - first, block = nn_attention_block(attention);
    int64_t rows = left < block ? left : block;
    nn_scores_tile tile = {.rows = rows,
                           .columns = head->keys,
                           .visible = head->keys,
                           .scale = (nn_real)(1.0 / sqrt((double)attention->size))};
    if (attention->causal) {
        tile.visible = first + 1;
        if (first + rows < tile.columns) tile.columns = first + rows;
    }
    return (attention_rows){tile, first, head->query + first * attention->query_stride};
}

/* scores = Q K^T */
static void attention_scores(const nn_attention *attention, const nn_attention_head *head,
                             const attention_rows *rows, nn_real *scratch, nn_real *scores)
{
    attention_multiply(attention, rows->tile.rows, rows->tile.columns, attention->size,
                       (attention_matrix){rows->query, attention->query_stride}, NN_TRANSPOSED,
                       (attention_matrix){head->key, attention->key_stride}, scratch, scores,
                       rows->tile.columns);
}

/* The factors of one row are consecutive in the random stream, those of one column key_steps apart. */
static void attention_draw(const nn_attention *attention, const nn_attention_head *head,
                           const attention_rows *rows, nn_real *factors)
{
    bool gapless = rows->tile.columns == attention->key_steps;
    int64_t together = gapless ? rows->tile.rows : 1;
    for (int64_t row = 0; row < rows->tile.rows; row += together) {
        uint64_t begin = head->random_begin + (uint64_t)(rows->first + row) * (uint64_t)attention->key_steps;
        nn_dropout_factors(head->random, attention->dropout, begin, together * rows->tile.columns,
                           factors + row * rows->tile.columns);
    }
}

/* Steps [begin, end) become 0. */
static void attention_clear(int64_t begin, int64_t end, int64_t size, int64_t stride, nn_real *values)
{
    for (int64_t step = begin; step < end; step++)
        memset(values + step * stride, 0, (size_t)size * sizeof *values);
}

/* ---- forward ---- */

/* O = (e / sum) V: the few values of the output are divided instead of the many weights. */
static void attention_forward_rows(const nn_attention *attention, const nn_attention_head *head,
                                   const attention_rows *rows, nn_real *scratch)
{
    nn_scores_tile tile = rows->tile;
    nn_real *weights = scratch + attention_product_scratch(attention);
    nn_real *factors = weights + attention_tile_values(attention);
    nn_real *output = head->output + rows->first * attention->output_stride;
    attention_scores(attention, head, rows, scratch, weights);
    nn_scores_exp(tile, weights, head->shifts + rows->first, head->sums + rows->first);
    if (head->drops) {
        attention_draw(attention, head, rows, factors);
        nn_multiply(tile.rows * tile.columns, factors, weights);
    }
    attention_multiply(attention, tile.rows, attention->size, tile.columns,
                       (attention_matrix){weights, tile.columns}, NN_PLAIN,
                       (attention_matrix){head->value, attention->key_stride}, scratch, output,
                       attention->output_stride);
    nn_scores_divide_rows(tile.rows, attention->size, attention->output_stride, head->sums + rows->first,
                          output);
}

void nn_attention_forward(const nn_attention *attention, const nn_attention_head *head, nn_real *scratch)
{
    int64_t done = head->keys > 0 ? head->queries : 0;
    for (int64_t first = 0; first < done; first += nn_attention_block(attention)) {
        attention_rows rows = attention_rows_from(attention, head, first);
        attention_forward_rows(attention, head, &rows, scratch);
    }
    attention_clear(done, attention->query_steps, attention->size, attention->output_stride, head->output);
}

/* ---- backward ---- */

typedef struct attention_buffers {
    nn_real *weights, *gradient, *factors;  /* tiles */
    nn_real *key_gradient, *value_gradient; /* key_steps x size */
    nn_real *means;                         /* one per query of the block */
    nn_real *scratch;                       /* of products */
} attention_buffers;

static attention_buffers attention_cut(const nn_attention *attention, nn_real *scratch)
{
    int64_t tile = attention_tile_values(attention), values = attention->key_steps * attention->size;
    attention_buffers buffers = {.scratch = scratch};
    buffers.key_gradient = scratch + attention_product_scratch(attention);
    buffers.value_gradient = buffers.key_gradient + values;
    buffers.weights = buffers.value_gradient + values;
    buffers.gradient = buffers.weights + tile;
    buffers.means = buffers.gradient + tile;
    buffers.factors = buffers.means + nn_attention_block(attention);
    return buffers;
}

/* Recomputes the weights p of forward, and computes the gradients of the scores. The sum over a row of p dp
 * is that of O dO, since O = p V and dp = dO V^T. */
static void attention_backward_tile(const nn_attention *attention, const nn_attention_head *head,
                                    const attention_rows *rows, const nn_real *dy,
                                    const attention_buffers *buffers)
{
    nn_scores_tile tile = rows->tile;
    const nn_real *output = head->output + rows->first * attention->output_stride;
    attention_scores(attention, head, rows, buffers->scratch, buffers->weights);
    nn_scores_exp_again(tile, head->shifts + rows->first, buffers->weights);
    attention_multiply(attention, tile.rows, tile.columns, attention->size,
                       (attention_matrix){dy, attention->output_stride}, NN_TRANSPOSED,
                       (attention_matrix){head->value, attention->key_stride}, buffers->scratch,
                       buffers->gradient, tile.columns);
    if (head->drops) {
        attention_draw(attention, head, rows, buffers->factors);
        nn_multiply(tile.rows * tile.columns, buffers->factors, buffers->gradient);
    }
    nn_scores_row_products(tile.rows, attention->size, attention->output_stride, output, dy, buffers->means);
    nn_scores_gradient(tile, head->sums + rows->first, buffers->means, buffers->weights, buffers->gradient);
    if (head->drops) nn_multiply(tile.rows * tile.columns, buffers->factors, buffers->weights);
}

/* The gradients of keys and values are summed over the blocks; the gradient of the block's queries overwrites
 * the queries, which no other block needs. */
static void attention_backward_rows(const nn_attention *attention, const nn_attention_head *head,
                                    const attention_rows *rows, const nn_real *output_gradient, bool grows,
                                    const attention_buffers *buffers)
{
    nn_scores_tile tile = rows->tile;
    int64_t size = attention->size;
    const nn_real *dy = output_gradient + rows->first * attention->output_stride;
    attention_backward_tile(attention, head, rows, dy, buffers);
    const attention_matrix weights = {buffers->weights, tile.columns}, dz = {buffers->gradient, tile.columns};
    attention_multiply_turned(attention, tile.columns, size, tile.rows, weights,
                              (attention_matrix){dy, attention->output_stride}, grows, buffers->scratch,
                              buffers->value_gradient);
    attention_multiply_turned(attention, tile.columns, size, tile.rows, dz,
                              (attention_matrix){rows->query, attention->query_stride}, grows,
                              buffers->scratch, buffers->key_gradient);
    attention_multiply(attention, tile.rows, size, tile.columns, dz, NN_PLAIN,
                       (attention_matrix){head->key, attention->key_stride}, buffers->scratch, rows->query,
                       attention->query_stride);
}

static void attention_replace(const nn_attention *attention, int64_t keys, const nn_real *gradient,
                              nn_real *values)
{
    for (int64_t step = 0; step < keys; step++)
        memcpy(values + step * attention->key_stride, gradient + step * attention->size,
               (size_t)attention->size * sizeof *values);
    attention_clear(keys, attention->key_steps, attention->size, attention->key_stride, values);
}

/* Starts with the last block: it sees all keys, so that it can write their gradients instead of adding. */
void nn_attention_backward(const nn_attention *attention, const nn_attention_head *head,
                           const nn_real *output_gradient, nn_real *scratch)
{
    attention_buffers buffers = attention_cut(attention, scratch);
    int64_t block = nn_attention_block(attention), done = head->keys > 0 ? head->queries : 0;
    int64_t last = done > 0 ? (done - 1) / block * block : -1;
    for (int64_t first = last; first >= 0; first -= block) {
        attention_rows rows = attention_rows_from(attention, head, first);
        attention_backward_rows(attention, head, &rows, output_gradient, first < last, &buffers);
    }
    int64_t keys = done > 0 ? head->keys : 0;
    if (attention->causal && keys > done) keys = done; /* keys that no query sees have no gradient */
    attention_clear(done, attention->query_steps, attention->size, attention->query_stride, head->query);
    attention_replace(attention, keys, buffers.key_gradient, head->key);
    attention_replace(attention, keys, buffers.value_gradient, head->value);
}

/* ---- tangent ---- */

/* A second tile, and the second term of a block's output. */
int64_t nn_attention_tangent_scratch(const nn_attention *attention)
{
    return nn_attention_backward_scratch(attention) + attention_tile_values(attention) +
           nn_attention_block(attention) * attention->size;
}

/* Leaves p in buffers->weights, and dp = p (ds - sum of p ds) in buffers->gradient, where ds = (dQ K^T + Q
 * dK^T) / sqrt(size): the Jacobian of softmax is symmetric, so that its gradient is its tangent. */
static void attention_tangent_tile(const nn_attention *attention, const nn_attention_head *head,
                                   const nn_attention_head *tangent, const attention_rows *rows,
                                   const attention_buffers *buffers, nn_real *second)
{
    nn_scores_tile tile = rows->tile;
    int64_t values = tile.rows * tile.columns;
    nn_attention_head of_key = *head;
    attention_rows turned = *rows;
    of_key.key = tangent->key;
    turned.query = tangent->query + rows->first * attention->query_stride;
    attention_scores(attention, head, rows, buffers->scratch, buffers->weights);
    nn_scores_exp_again(tile, head->shifts + rows->first, buffers->weights);
    attention_scores(attention, head, &turned, buffers->scratch, buffers->gradient);
    attention_scores(attention, &of_key, rows, buffers->scratch, second);
    nn_add(values, second, buffers->gradient);
    nn_scores_row_products(tile.rows, tile.columns, tile.columns, buffers->weights, buffers->gradient,
                           buffers->means);
    nn_scores_divide_rows(tile.rows, 1, 1, head->sums + rows->first, buffers->means);
    nn_scores_gradient(tile, head->sums + rows->first, buffers->means, buffers->weights, buffers->gradient);
}

/* dO = dp V + p dV. */
static void attention_tangent_rows(const nn_attention *attention, const nn_attention_head *head,
                                   const nn_attention_head *tangent, const attention_rows *rows,
                                   const attention_buffers *buffers, nn_real *second)
{
    int64_t size = attention->size, columns = rows->tile.columns, stride = attention->output_stride;
    const attention_matrix p = {buffers->weights, columns}, dp = {buffers->gradient, columns};
    nn_real *output = tangent->output + rows->first * stride,
            *term = second + attention_tile_values(attention);
    attention_tangent_tile(attention, head, tangent, rows, buffers, second);
    attention_multiply(attention, rows->tile.rows, size, columns, dp, NN_PLAIN,
                       (attention_matrix){head->value, attention->key_stride}, buffers->scratch, output,
                       stride);
    attention_multiply(attention, rows->tile.rows, size, columns, p, NN_PLAIN,
                       (attention_matrix){tangent->value, attention->key_stride}, buffers->scratch, term,
                       size);
    for (int64_t row = 0; row < rows->tile.rows; row++)
        nn_add(size, term + row * size, output + row * stride);
}

void nn_attention_tangent(const nn_attention *attention, const nn_attention_head *head,
                          const nn_attention_head *tangent, nn_real *scratch)
{
    attention_buffers buffers = attention_cut(attention, scratch);
    nn_real *second = scratch + nn_attention_backward_scratch(attention);
    int64_t done = head->keys > 0 ? head->queries : 0;
    for (int64_t first = 0; first < done; first += nn_attention_block(attention)) {
        attention_rows rows = attention_rows_from(attention, head, first);
        attention_tangent_rows(attention, head, tangent, &rows, &buffers, second);
    }
    attention_clear(done, attention->query_steps, attention->size, attention->output_stride, tangent->output);
}
