/* The tiles of convolutions against their definition, term by term: every kernel set of this CPU, to the bit.
 */
#include "check.h"

#include "base/memory.h"
#include "tensor/tile.h"

enum { ROWS = 31, COLUMNS = 40, RUNS = 3, VALUES = 4096, TRIALS = 400 };

static const nn_real mark = (nn_real)-77;

static nn_real multiply_add(nn_real a, nn_real b, nn_real c)
{
    return sizeof(nn_real) == sizeof(float) ? (nn_real)fmaf((float)a, (float)b, (float)c)
                                            : (nn_real)fma((double)a, (double)b, (double)c);
}

/* Operands of a trial. */
typedef struct operands {
    nn_real a[VALUES], b[VALUES], panel[VALUES], c[VALUES], expected[VALUES];
    nn_tile_run runs[RUNS];
    int64_t offsets[ROWS];
} operands;

static operands data;

static void fill_operands(uint32_t trial)
{
    check_fill(10 * trial, 1, VALUES, data.a);
    check_fill(10 * trial + 1, 1, VALUES, data.b);
    check_fill(10 * trial + 2, 1, VALUES, data.panel);
    for (int t = 0; t < RUNS; t++)
        data.runs[t] = (nn_tile_run){check_number(4, 10 * trial + (uint64_t)t, 200),
                                     1 + check_number(5, 10 * trial + (uint64_t)t, 9)};
    for (int r = 0; r < ROWS; r++) data.offsets[r] = check_number(6, 100 * trial + (uint64_t)r, 300);
}

static int64_t number(uint32_t trial, uint64_t which, int64_t below)
{
    return check_number(7, 100 * trial + which, below);
}

/* C is filled with markers, so that writes outside of the result are detected. */
static void begin_results(bool are_sums)
{
    if (are_sums)
        check_fill(8, 1, VALUES, data.c);
    else
        for (int i = 0; i < VALUES; i++) data.c[i] = mark;
    memcpy(data.expected, data.c, sizeof data.c);
}

/* ---- product ---- */

static void expect_product(const nn_tile_product *call, int64_t width)
{
    for (int64_t r = 0; r < call->rows; r++)
        for (int64_t column = 0; column < call->columns; column++) {
            const nn_real *weight = call->panel + column;
            nn_real sum = *weight;
            for (int t = 0; t < call->run_count; t++)
                for (int64_t k = 0; k < call->runs[t].length; k++) {
                    weight += width;
                    sum = multiply_add(call->a[r * call->lda + call->runs[t].offset + k], *weight, sum);
                }
            data.expected[r * call->ldc + column] = sum;
        }
}

static void check_product(const nn_tile_kernels *kernels, uint32_t trial)
{
    fill_operands(trial);
    begin_results(false);
    int64_t lanes = kernels->lanes, columns = 1 + number(trial, 0, lanes * NN_TILE_VECTORS);
    nn_tile_product call = {.rows = 1 + number(trial, 1, ROWS),
                            .lda = 1 + number(trial, 2, 60),
                            .ldc = columns + number(trial, 3, 9),
                            .columns = columns,
                            .run_count = (int)number(trial, 4, RUNS + 1),
                            .runs = data.runs,
                            .a = data.a,
                            .panel = data.panel,
                            .c = data.c};
    expect_product(&call, (columns + lanes - 1) / lanes * lanes);
    kernels->product(&call);
    check_same_bits(VALUES, data.c, data.expected);
}

static void expect_channel_product(const nn_tile_product *call)
{
    for (int64_t r = 0; r < call->rows; r++)
        for (int64_t c = 0; c < call->columns; c++) {
            nn_real sum = call->panel[c];
            for (int t = 0; t < call->run_count; t++)
                sum = multiply_add(call->a[r * call->lda + call->runs[t].offset + c],
                                   call->panel[(1 + t) * call->columns + c], sum);
            data.expected[r * call->ldc + c] = sum;
        }
}

static void check_channel_product(const nn_tile_kernels *kernels, uint32_t trial)
{
    fill_operands(trial);
    begin_results(false);
    int64_t columns = 1 + number(trial, 0, COLUMNS);
    nn_tile_product call = {.rows = 1 + number(trial, 1, ROWS),
                            .lda = 1 + number(trial, 2, 60),
                            .ldc = columns + number(trial, 3, 9),
                            .columns = columns,
                            .run_count = (int)number(trial, 4, RUNS + 1),
                            .runs = data.runs,
                            .a = data.a,
                            .panel = data.panel,
                            .c = data.c};
    expect_channel_product(&call);
    kernels->channel_product(&call);
    check_same_bits(VALUES, data.c, data.expected);
}

/* ---- gradient ---- */

static void expect_gradient(const nn_tile_gradient *call, bool channelwise)
{
    for (int64_t r = 0; r < call->rows; r++)
        for (int64_t column = 0; column < call->columns; column++) {
            int64_t offset = (call->offsets ? call->offsets[r] : r) + (channelwise ? column : 0);
            nn_real sum = 0;
            for (int64_t i = 0; i < call->lines; i++)
                for (int64_t p = 0; p < call->length; p++)
                    sum = multiply_add(call->a[i * call->line_a + p * call->lda + offset],
                                       call->b[i * call->line_b + p * call->ldb + column], sum);
            data.expected[r * call->ldc + column] += sum;
        }
}

static nn_tile_gradient make_gradient(uint32_t trial, int64_t columns, bool has_offsets)
{
    fill_operands(trial);
    begin_results(true);
    return (nn_tile_gradient){.lines = number(trial, 1, 4),
                              .length = 1 + number(trial, 2, 9),
                              .line_a = number(trial, 3, 400),
                              .lda = 1 + number(trial, 4, 60),
                              .line_b = number(trial, 5, 400),
                              .ldb = columns + number(trial, 6, 9),
                              .ldc = columns + number(trial, 7, 9),
                              .rows = 1 + number(trial, 8, ROWS),
                              .columns = columns,
                              .offsets = has_offsets ? data.offsets : NULL,
                              .a = data.a,
                              .b = data.b,
                              .c = data.c};
}

static void check_gradient(const nn_tile_kernels *kernels, uint32_t trial)
{
    int64_t columns = 1 + number(trial, 0, kernels->lanes * NN_TILE_VECTORS);
    nn_tile_gradient call = make_gradient(trial, columns, trial % 2 == 0);
    expect_gradient(&call, false);
    kernels->gradient(&call);
    check_same_bits(VALUES, data.c, data.expected);
}

static void check_channel_gradient(const nn_tile_kernels *kernels, uint32_t trial)
{
    nn_tile_gradient call = make_gradient(trial, 1 + number(trial, 0, COLUMNS), true);
    expect_gradient(&call, true);
    kernels->channel_gradient(&call);
    check_same_bits(VALUES, data.c, data.expected);
}

/* ---- every kernel set ---- */

static void for_all_kernels(void (*check)(const nn_tile_kernels *kernels, uint32_t trial))
{
    for (int index = 0; nn_tile_kernels_at(index); index++)
        for (uint32_t trial = 0; trial < TRIALS; trial++) check(nn_tile_kernels_at(index), trial);
}

/* Each fails when a kernel set leaves a term out, takes terms in another order, rounds a product before it is
 * added, or reads or writes beyond its columns: runs on another CPU would then give other bits. */
static void test_product(void **state)
{
    (void)state;
    for_all_kernels(check_product);
}

static void test_gradient(void **state)
{
    (void)state;
    for_all_kernels(check_gradient);
}

static void test_channel_product(void **state)
{
    (void)state;
    for_all_kernels(check_channel_product);
}

static void test_channel_gradient(void **state)
{
    (void)state;
    for_all_kernels(check_channel_gradient);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_product),
        cmocka_unit_test(test_gradient),
        cmocka_unit_test(test_channel_product),
        cmocka_unit_test(test_channel_gradient),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
