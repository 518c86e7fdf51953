/* The tiles of mixed precision against the definition of mixed-1: every kernel set of this CPU, to the bit.
 */
#include "check.h"

#include "tensor/bfloat.h"
#include "tensor/tile.h"
#include "tensor/tile_pack.h"

#ifdef NN_REAL_FLOAT

#include <float.h>

enum { ROWS = 31, RUNS = 3, VALUES = 4096, TRIALS = 300, PAIRS = 300000 };

static uint64_t random_state = 1;

static uint32_t random_bits(void)
{
    uint64_t bits = random_state += UINT64_C(0x9e3779b97f4a7c15);
    bits = (bits ^ (bits >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    bits = (bits ^ (bits >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)(bits >> 31);
}

static int64_t random_below(int64_t bound)
{
    return (int64_t)(random_bits() % (uint32_t)bound);
}

static float from_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint32_t to_bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static bool is_same(float a, float b)
{
    return to_bits(a) == to_bits(b) || (isnan(a) && isnan(b));
}

static void check_same(int64_t count, const float *found, const float *expected)
{
    for (int64_t i = 0; i < count; i++)
        if (!is_same(found[i], expected[i]))
            fail_msg("value %lld is %a, not %a", (long long)i, (double)found[i], (double)expected[i]);
}

/* ---- the definition ---- */

/* The nearer of the two neighbours of 8 bits; the even one if both are as near. */
static float expect_rounded(float value)
{
    uint32_t bits = to_bits(value), low = bits & 0xffff0000, high = low + 0x10000;
    if (isnan(value) || isinf(value)) return value;
    double below = fabs((double)from_bits(low)), size = fabs((double)value);
    double above = isinf(from_bits(high)) ? 0x1p128 : fabs((double)from_bits(high));
    if (size - below == above - size) return from_bits(low & 0x10000 ? high : low);
    return from_bits(size - below < above - size ? low : high);
}

static float expect_flushed(float value)
{
    return fabsf(value) < FLT_MIN ? copysignf(0, value) : value;
}

/* The product is scaled to about 1, where nothing is denormal, to see whether a result of 2^-126 would be
 * less when rounded to 24 bits with any exponent. */
static float expect_multiply_add(float a, float b, float c)
{
    int a_exponent, b_exponent;
    a = expect_flushed(a);
    b = expect_flushed(b);
    c = expect_flushed(c);
    float result = fmaf(a, b, c);
    if (fabsf(result) != FLT_MIN || a == 0 || b == 0) return expect_flushed(result);
    float a_scaled = frexpf(a, &a_exponent), b_scaled = frexpf(b, &b_exponent);
    float scaled = fmaf(a_scaled, b_scaled, ldexpf(c, -a_exponent - b_exponent));
    return fabs(ldexp((double)scaled, a_exponent + b_exponent)) < (double)FLT_MIN ? copysignf(0, result)
                                                                                  : result;
}

static float expect_pair(const float a[2], const float b[2], float c)
{
    return expect_multiply_add(expect_rounded(a[0]), expect_rounded(b[0]),
                               expect_multiply_add(expect_rounded(a[1]), expect_rounded(b[1]), c));
}

static float expect_add(float a, float b)
{
    return expect_flushed(expect_flushed(a) + expect_flushed(b));
}

/* `terms` terms of a run or line: values of a and b are step_a and step_b apart. */
static float expect_terms(int64_t terms, const float *a, int64_t step_a, const float *b, int64_t step_b,
                          float c)
{
    for (int64_t k = 0; k < terms; k += 2) {
        bool single = k + 1 == terms;
        float pair_a[2] = {a[k * step_a], single ? 0 : a[(k + 1) * step_a]};
        float pair_b[2] = {b[k * step_b], single ? 0 : b[(k + 1) * step_b]};
        c = expect_pair(pair_a, pair_b, c);
    }
    return c;
}

/* ---- operands ---- */

static float random_exponent(int low, int count)
{
    return from_bits((random_bits() & 0x807fffff) | (uint32_t)(low + random_below(count)) << 23);
}

/* Kind 0: any bits. 1: near 1. 2: products near the smallest normal value. 3: near 1 with a few special
 * values. */
static float random_value(int kind)
{
    static const uint32_t special[] = {0,          0x80000000, 0x7f800000, 0xff800000,
                                       0x7fc00000, 0x7f800001, 0x7f7fffff, 0xff7fffff,
                                       0x007fffff, 0x00800000, 0x80000001, 0x3f808000};
    if (kind == 0) return from_bits(random_bits());
    if (kind == 2) return random_exponent(62, 4);
    if (kind == 3 && random_below(40) == 0)
        return from_bits(special[random_below((int64_t)(sizeof special / sizeof *special))]);
    return random_exponent(120, 10);
}

/* Initial values and results to which sums are added. */
static float random_sum(int kind)
{
    return kind == 2 ? random_exponent(0, 4) : random_value(kind);
}

typedef struct operands {
    float a[VALUES], b[VALUES], first[ROWS * 2 * 16], c[VALUES], expected[VALUES];
    float packed_a[VALUES], packed_b[VALUES];
    nn_tile_run runs[RUNS];
    int64_t offsets[ROWS];
} operands;

static operands data;

static void fill_operands(int kind)
{
    for (int i = 0; i < VALUES; i++) data.a[i] = random_value(kind);
    for (int i = 0; i < VALUES; i++) data.b[i] = random_value(kind);
    for (int i = 0; i < VALUES; i++) data.c[i] = data.expected[i] = random_sum(kind);
    for (size_t i = 0; i < sizeof data.first / sizeof *data.first; i++) data.first[i] = random_sum(kind);
    for (int t = 0; t < RUNS; t++) data.runs[t] = (nn_tile_run){random_below(200), random_below(10)};
    for (int r = 0; r < ROWS; r++) data.offsets[r] = random_below(300);
}

/* ---- products ---- */

static int64_t full_width(const nn_tile_kernels *kernels, int64_t columns)
{
    return (columns + kernels->lanes - 1) / kernels->lanes * kernels->lanes;
}

/* The rows of B, `columns` values each, become those of the panel. */
static void pack_panel(const nn_tile_kernels *kernels, const nn_tile_product *call)
{
    int64_t width = full_width(kernels, call->columns), row = 1, term = 0;
    memcpy(data.packed_b, data.first, (size_t)width * sizeof(float));
    for (int t = 0; t < call->run_count; t++) {
        int64_t length = call->runs[t].length;
        nn_tile_pack_panel(kernels->operands, length, call->columns, width, data.b + term * call->columns,
                           call->columns, 1, data.packed_b + row * width);
        row += nn_tile_pack_height(kernels->operands, length);
        term += length;
    }
}

static void expect_product(const nn_tile_product *call)
{
    for (int64_t r = 0; r < call->rows; r++)
        for (int64_t column = 0; column < call->columns; column++) {
            const float *b = data.b + column;
            float sum = call->add ? 0 : data.first[column];
            float *c = &data.expected[r * call->ldc + column];
            for (int t = 0; t < call->run_count; b += call->runs[t].length * call->columns, t++)
                sum = expect_terms(call->runs[t].length, data.a + r * call->lda + call->runs[t].offset, 1, b,
                                   call->columns, sum);
            *c = call->add ? expect_add(*c, sum) : sum;
        }
}

static void check_product(const nn_tile_kernels *kernels, int kind)
{
    fill_operands(kind);
    int64_t columns = 1 + random_below(kernels->lanes * NN_TILE_VECTORS);
    nn_tile_product call = {.rows = 1 + random_below(ROWS),
                            .lda = 1 + random_below(60),
                            .ldc = columns + random_below(9),
                            .columns = columns,
                            .run_count = (int)random_below(RUNS + 1),
                            .add = random_below(2),
                            .runs = data.runs,
                            .a = data.packed_a,
                            .panel = data.packed_b,
                            .c = data.c};
    nn_tile_pack_rows(kernels->operands, 1, VALUES, data.a, VALUES, data.packed_a, VALUES);
    pack_panel(kernels, &call);
    expect_product(&call);
    kernels->product(&call);
    check_same(VALUES, data.c, data.expected);
}

/* ---- gradients ---- */

static void expect_gradient(const nn_tile_gradient *call, int64_t columns, int64_t line_b)
{
    for (int64_t r = 0; r < call->rows; r++)
        for (int64_t column = 0; column < columns; column++) {
            const float *a = data.a + (call->offsets ? call->offsets[r] : r);
            float *c = &data.expected[r * call->ldc + column], sum = 0;
            for (int64_t i = 0; i < call->lines; i++)
                sum = expect_terms(call->length, a + i * call->line_a, call->lda,
                                   data.b + i * line_b + column, columns, sum);
            *c = call->replace ? sum : expect_add(*c, sum);
        }
}

static void check_gradient(const nn_tile_kernels *kernels, int kind)
{
    fill_operands(kind);
    int64_t columns = 1 + random_below(kernels->lanes * NN_TILE_VECTORS);
    int64_t width = full_width(kernels, columns), length = random_below(10);
    int64_t height = nn_tile_pack_height(kernels->operands, length);
    nn_tile_gradient call = {.lines = random_below(4),
                             .length = length,
                             .line_a = random_below(400),
                             .lda = 1 + random_below(60),
                             .line_b = height * width,
                             .ldb = width,
                             .ldc = columns + random_below(9),
                             .rows = 1 + random_below(ROWS),
                             .columns = columns,
                             .replace = random_below(2),
                             .offsets = random_below(2) ? data.offsets : NULL,
                             .a = data.packed_a,
                             .b = data.packed_b,
                             .c = data.c};
    nn_tile_pack_positions(kernels->operands, VALUES, call.lda, data.a, data.packed_a);
    for (int64_t i = 0; i < call.lines; i++)
        nn_tile_pack_panel(kernels->operands, length, columns, width, data.b + i * length * columns, columns,
                           1, data.packed_b + i * call.line_b);
    expect_gradient(&call, columns, length * columns);
    kernels->gradient(&call);
    check_same(VALUES, data.c, data.expected);
}

/* ---- one pair ---- */

/* Exact sums just below 2^-126: rounded to 24 bits they are 2^-126 or less. */
static void make_edge(float a[2], float b[2], float *c)
{
    uint32_t sign = random_bits() & 0x80000000;
    float scale = from_bits(sign | 0x3f800000);
    int first = random_below(2) ? 1 : 0;
    *c = scale * (random_below(3) == 0 ? FLT_MIN : nextafterf(FLT_MIN, 1));
    a[first] = scale * random_exponent(127, 1) * 0x1p-63f;
    b[first] = -fabsf(random_exponent(127, 1)) * ldexpf(1, -63 - (int)(22 + random_below(4)));
    a[first] = copysignf(a[first], scale);
    a[1 - first] = random_below(2) ? 0 : random_exponent(0, 2);
    b[1 - first] = random_exponent(0, 2);
}

static void check_pair(const nn_tile_kernels *kernels, int kind)
{
    float a[2], b[2], c, expected, found[1], panel[3 * 16] = {0}, packed_a[2];
    const nn_tile_run run = {0, 2};
    for (int i = 0; i < 2; i++) {
        a[i] = random_value(kind);
        b[i] = random_value(kind);
    }
    c = random_sum(kind);
    if (kind == 4) make_edge(a, b, &c);
    expected = expect_pair(a, b, c);
    panel[0] = c;
    nn_tile_pack_rows(kernels->operands, 1, 2, a, 2, packed_a, 2);
    nn_tile_pack_panel(kernels->operands, 2, 1, kernels->lanes, b, 1, 1, panel + kernels->lanes);
    kernels->product(&(nn_tile_product){.rows = 1,
                                        .lda = 2,
                                        .ldc = 1,
                                        .columns = 1,
                                        .run_count = 1,
                                        .runs = &run,
                                        .a = packed_a,
                                        .panel = panel,
                                        .c = found});
    if (!is_same(*found, expected))
        fail_msg("%s: %a + (%a, %a) x (%a, %a) is %a, not %a", kernels->name, (double)c, (double)a[0],
                 (double)a[1], (double)b[0], (double)b[1], (double)*found, (double)expected);
}

/* ---- every kernel set ---- */

static void for_all_kernels(void (*check)(const nn_tile_kernels *kernels, int kind), int kinds, int trials)
{
    for (int index = 0; nn_tile_mixed_at(index); index++) {
        random_state = 1;
        for (int trial = 0; trial < trials; trial++) check(nn_tile_mixed_at(index), trial % kinds);
    }
}

/* Each of the following fails when a kernel set takes the terms of a pair in another order, rounds in
 * between, keeps a denormal value, flushes one that another CPU would not, or reads or writes beyond its
 * columns. */
static void test_products(void **state)
{
    (void)state;
    for_all_kernels(check_product, 4, TRIALS);
}

static void test_gradients(void **state)
{
    (void)state;
    for_all_kernels(check_gradient, 4, TRIALS);
}

static void test_pairs(void **state)
{
    (void)state;
    for_all_kernels(check_pair, 5, PAIRS);
}

/* Fails when the kernels leave the CPU in their own mode: optimizers would lose denormal values. */
static void test_mode(void **state)
{
    (void)state;
    volatile float smallest = FLT_MIN;
    for_all_kernels(check_pair, 1, 1);
    for_all_kernels(check_gradient, 1, 1);
    assert_true(smallest / 2 > 0);
}

/* Fails when a value is not rounded to the nearest, or NaN becomes infinite. */
static void test_rounding(void **state)
{
    (void)state;
    random_state = 1;
    for (int trial = 0; trial < 1000000; trial++) {
        float value = from_bits(trial % 2 ? random_bits() : (random_bits() & 0xffff0000) | 0x8000);
        float rounded = nn_bfloat_round(value);
        assert_int_equal(to_bits(rounded) & 0xffff, 0);
        if (isnan(value) ? !isnan(rounded) : !is_same(rounded, expect_rounded(value)))
            fail_msg("%a is rounded to %a, not %a", (double)value, (double)rounded,
                     (double)expect_rounded(value));
    }
    assert_true(isinf(nn_bfloat_round(FLT_MAX)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_products), cmocka_unit_test(test_gradients), cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_mode),     cmocka_unit_test(test_rounding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

/* Fails when float64 appears to have mixed precision. */
static void test_none(void **state)
{
    (void)state;
    assert_null(nn_tile_mixed_at(0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_none)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
