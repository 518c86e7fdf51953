/*
 * Speed of the products of a dense layer by the engines `blas` and `portable`: forward, input gradient, and
 * weight gradient summed along the canonical tree; on one thread, in turn, by CPU time, so that results hold
 * on a busy machine. And the largest error of both relative to double precision, in units of the last place
 * of the largest result.
 *
 *   bench_product [MICROBATCHES ROWS INPUTS UNITS]     several shapes
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "base/tree.h"
#include "tensor/kernels.h"
#include "tensor/product.h"
#include "tensor/tile.h"
#include "tensor/trial.h"

enum { ROUNDS = 7, LEAVES = 64 };
#define BENCH_OPERATIONS 4e8 /* per measurement */

typedef struct bench {
    int64_t leaves, rows, inputs, units;
    nn_real *x, *w, *z, *dx, *gradient, *right, *buffer;
} bench;

static nn_engine bench_engine = NN_ENGINE_PORTABLE; /* NN_BENCH_ENGINE=mixed: the other */

static double bench_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* ---- the products ---- */

static void bench_blas_forward(const bench *b)
{
    for (int64_t l = 0; l < b->leaves; l++)
        nn_matrix_product(NN_PLAIN, NN_PLAIN, b->rows, b->units, b->inputs, b->x + l * b->rows * b->inputs,
                          b->inputs, b->w, b->units, false, b->z + l * b->rows * b->units, b->units);
}

static void bench_blas_backward(const bench *b)
{
    for (int64_t l = 0; l < b->leaves; l++)
        nn_matrix_product(NN_PLAIN, NN_TRANSPOSED, b->rows, b->inputs, b->units,
                          b->z + l * b->rows * b->units, b->units, b->w, b->units, false,
                          b->dx + l * b->rows * b->inputs, b->inputs);
}

static void bench_blas_node(const bench *b, int64_t begin, int64_t end, nn_real *sum, nn_real *right)
{
    int64_t values = b->inputs * b->units;
    if (end - begin == 1) {
        nn_matrix_product(NN_TRANSPOSED, NN_PLAIN, b->inputs, b->units, b->rows,
                          b->x + begin * b->rows * b->inputs, b->inputs, b->z + begin * b->rows * b->units,
                          b->units, false, sum, b->units);
        return;
    }
    int64_t middle = nn_tree_split(begin, end);
    bench_blas_node(b, begin, middle, sum, right);
    bench_blas_node(b, middle, end, right, right + values);
    nn_add(values, right, sum);
}

static void bench_blas_gradient(const bench *b)
{
    bench_blas_node(b, 0, b->leaves, b->gradient, b->right);
}

static void bench_run(const bench *b, bool forward)
{
    nn_product_rows rows[LEAVES];
    nn_product product = {.engine = bench_engine,
                          .inner = forward ? b->inputs : b->units,
                          .columns = forward ? b->units : b->inputs,
                          .transpose = forward ? NN_PLAIN : NN_TRANSPOSED,
                          .b = b->w,
                          .ldb = b->units};
    for (int64_t l = 0; l < b->leaves; l++)
        rows[l] = (nn_product_rows){.rows = b->rows,
                                    .a = (forward ? b->x : b->z) + l * b->rows * product.inner,
                                    .lda = product.inner,
                                    .c = (forward ? b->z : b->dx) + l * b->rows * product.columns,
                                    .ldc = product.columns};
    nn_product_run(&product, (int)b->leaves, rows, 0, product.columns, b->buffer);
}

static void bench_own_forward(const bench *b)
{
    bench_run(b, true);
}

static void bench_own_backward(const bench *b)
{
    bench_run(b, false);
}

/* Leaves of many terms are summed one by one, as a layer does it. */
static void bench_own_node(const bench *b, const nn_product_leaf *leaves, int64_t begin, int64_t end,
                           nn_real *sum, nn_real *right)
{
    if (end - begin == 1 || (end - begin) * b->rows <= nn_product_sum_terms()) {
        nn_product_sum(bench_engine, b->inputs, b->units, end - begin, leaves + begin, false, b->buffer, sum,
                       b->units);
        return;
    }
    int64_t middle = nn_tree_split(begin, end), values = b->inputs * b->units;
    bench_own_node(b, leaves, begin, middle, sum, right);
    bench_own_node(b, leaves, middle, end, right, right + values);
    nn_add(values, right, sum);
}

static void bench_own_gradient(const bench *b)
{
    nn_product_leaf leaves[LEAVES];
    for (int64_t l = 0; l < b->leaves; l++)
        leaves[l] = (nn_product_leaf){.terms = b->rows,
                                      .a = b->x + l * b->rows * b->inputs,
                                      .lda = b->inputs,
                                      .b = b->z + l * b->rows * b->units,
                                      .ldb = b->units};
    bench_own_node(b, leaves, 0, b->leaves, b->gradient, b->right);
}

/* ---- measuring ---- */

typedef void bench_call(const bench *b);

static double bench_seconds(const bench *b, bench_call *call, int repeats)
{
    double start = bench_clock();
    for (int r = 0; r < repeats; r++) call(b);
    return (bench_clock() - start) / repeats;
}

/* GFLOP/s of both, best of several rounds in turn. */
static void bench_compare(const bench *b, const char *name, bench_call *blas, bench_call *own)
{
    double operations = 2.0 * (double)(b->leaves * b->rows * b->inputs) * (double)b->units;
    int repeats = 1 + (int)(BENCH_OPERATIONS / operations);
    double best[2] = {1e30, 1e30};
    for (int round = 0; round < ROUNDS; round++)
        for (int side = 0; side < 2; side++)
            best[side] = fmin(best[side], bench_seconds(b, side == 0 ? blas : own, repeats));
    printf("  %s %4.0f %4.0f", name, operations / best[0] * 1e-9, operations / best[1] * 1e-9);
}

/* Of the forward product of the first microbatch, in units of 2^-24 of the largest result. */
static double bench_error(const bench *b)
{
    double worst = 0, largest = 0;
    for (int64_t row = 0; row < 4; row++)
        for (int64_t column = 0; column < b->units; column++) {
            double sum = 0;
            for (int64_t k = 0; k < b->inputs; k++)
                sum += (double)b->x[row * b->inputs + k] * (double)b->w[k * b->units + column];
            worst = fmax(worst, fabs(sum - (double)b->z[row * b->units + column]));
            largest = fmax(largest, fabs(sum));
        }
    return worst / largest * 0x1p24;
}

static nn_status bench_shape(int64_t leaves, int64_t rows, int64_t inputs, int64_t units)
{
    bench b = {.leaves = leaves, .rows = rows, .inputs = inputs, .units = units};
    int64_t buffer = nn_product_buffer(inputs), back = nn_product_buffer(units);
    int64_t depth = 1;
    while (INT64_C(1) << depth < leaves) depth++;
    if (back > buffer) buffer = back;
    if (nn_product_sum_buffer() > buffer) buffer = nn_product_sum_buffer();
    NN_TRY(NN_ALLOCATE(&b.x, leaves * rows * inputs, "x"));
    NN_TRY(NN_ALLOCATE(&b.w, inputs * units, "w"));
    NN_TRY(NN_ALLOCATE(&b.z, leaves * rows * units, "z"));
    NN_TRY(NN_ALLOCATE(&b.dx, leaves * rows * inputs, "dx"));
    NN_TRY(NN_ALLOCATE(&b.gradient, inputs * units, "gradient"));
    NN_TRY(NN_ALLOCATE(&b.right, depth * inputs * units, "gradient"));
    NN_TRY(NN_ALLOCATE(&b.buffer, buffer, "buffer"));
    nn_trial_fill(1, -1, 1, leaves * rows * inputs, b.x);
    nn_trial_fill(2, -1, 1, inputs * units, b.w);
    bench_blas_forward(&b);
    double blas_error = bench_error(&b);
    bench_own_forward(&b);
    printf("%2lld x %4lld %5lld -> %4lld", (long long)leaves, (long long)rows, (long long)inputs,
           (long long)units);
    bench_compare(&b, "forward", bench_blas_forward, bench_own_forward);
    bench_compare(&b, "backward", bench_blas_backward, bench_own_backward);
    bench_compare(&b, "gradient", bench_blas_gradient, bench_own_gradient);
    printf("  error %.2f %.2f\n", blas_error, bench_error(&b));
    nn_real *const blocks[] = {b.x, b.w, b.z, b.dx, b.gradient, b.right, b.buffer};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) nn_free(blocks[i]);
    return NN_OK;
}

int main(int count, char **arguments)
{
    static const int64_t shapes[][4] = {{4, 32, 784, 512},   {4, 32, 512, 512},   {4, 32, 512, 10},
                                        {4, 32, 1024, 4096}, {4, 32, 4096, 4096}, {8, 32, 4096, 4096},
                                        {2, 1024, 128, 384}, {2, 1024, 128, 512}, {2, 1024, 512, 128},
                                        {4, 16, 128, 96},    {16, 4, 256, 256}};
    if (nn_matrix_setup() != NN_OK) return 1;
    const char *engine = getenv("NN_BENCH_ENGINE");
    if (engine && strcmp(engine, "mixed") == 0) bench_engine = NN_ENGINE_MIXED;
    printf("GFLOP/s of %s and ours (%s); errors in 2^-24 of the largest result\n", nn_matrix_kernels(),
           nn_tile_kernels_of(bench_engine)->name);
    if (count == 5)
        return bench_shape(atoll(arguments[1]), atoll(arguments[2]), atoll(arguments[3]),
                           atoll(arguments[4])) == NN_OK
                   ? 0
                   : 1;
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
        if (bench_shape(shapes[s][0], shapes[s][1], shapes[s][2], shapes[s][3]) != NN_OK) return 1;
    return 0;
}
