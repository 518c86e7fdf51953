/* Matrix products against their definition, and the promises about their bits. */
#include "check.h"

#include "base/memory.h"
#include "nntrain/nntrain.h"
#include "tensor/matrix.h"

enum { WIDEST = 70, PADDING = 5, CELLS = (WIDEST + PADDING) * (WIDEST + PADDING) };

typedef struct product_case {
    nn_transpose transpose_a, transpose_b;
    int64_t rows, columns, inner;
    bool accumulate;
} product_case;

static const nn_real mark = (nn_real)-77;

static nn_real element(nn_transpose transpose, const nn_real *matrix, int64_t ld, int64_t row, int64_t column)
{
    return transpose == NN_TRANSPOSED ? matrix[column * ld + row] : matrix[row * ld + column];
}

/* Random operands with padding. C holds NaN where it must not be read, and marks where it must not be
 * written. */
static void check_product(product_case one)
{
    static nn_real a[CELLS], b[CELLS], c[CELLS], before[CELLS];
    int64_t lda = (one.transpose_a == NN_TRANSPOSED ? one.rows : one.inner) + PADDING;
    int64_t ldb = (one.transpose_b == NN_TRANSPOSED ? one.inner : one.columns) + PADDING;
    int64_t ldc = one.columns + PADDING;
    check_fill(1, 1, CELLS, a);
    check_fill(2, 1, CELLS, b);
    check_fill(3, 1, CELLS, before);
    for (int64_t i = 0; i < CELLS; i++) {
        bool inside = i / ldc < one.rows && i % ldc < one.columns;
        c[i] = !inside ? mark : one.accumulate ? before[i] : (nn_real)NAN;
    }
    nn_matrix_product(one.transpose_a, one.transpose_b, one.rows, one.columns, one.inner, a, lda, b, ldb,
                      one.accumulate, c, ldc);
    for (int64_t i = 0; i < CELLS; i++) {
        int64_t row = i / ldc, column = i % ldc;
        if (row >= one.rows || column >= one.columns) {
            assert_true(c[i] == mark);
            continue;
        }
        double sum = one.accumulate ? (double)before[i] : 0;
        for (int64_t k = 0; k < one.inner; k++) {
            sum += (double)element(one.transpose_a, a, lda, row, k) *
                   (double)element(one.transpose_b, b, ldb, k, column);
        }
        check_near((double)c[i], sum, CHECK_EPSILON * (double)(one.inner + 2));
    }
}

static void test_product(void **state)
{
    (void)state;
    static const int64_t sizes[] = {1, 2, 10, 16, 33, WIDEST};
    enum { SIZES = sizeof(sizes) / sizeof(sizes[0]) };
    for (int i = 0; i < 2 * 2 * 2 * SIZES * SIZES * SIZES; i++) {
        int rest = i / 8;
        check_product((product_case){.transpose_a = i % 2 != 0 ? NN_TRANSPOSED : NN_PLAIN,
                                     .transpose_b = i / 2 % 2 != 0 ? NN_TRANSPOSED : NN_PLAIN,
                                     .accumulate = i / 4 % 2 != 0,
                                     .rows = sizes[rest % SIZES],
                                     .columns = sizes[rest / SIZES % SIZES],
                                     .inner = sizes[rest / SIZES / SIZES]});
    }
}

/* Fails when a size beyond the integers of BLAS is truncated: 2^32 + 5 would become 5. A small limit replaces
 * that of its integers. */
static void test_limit(void **state)
{
    static const int64_t limits[] = {1, 3, 16, WIDEST};
    for (size_t l = 0; l < sizeof limits / sizeof *limits; l++) {
        nn_matrix_set_limit(limits[l]);
        for (int i = 0; i < 8; i++) {
            nn_transpose a = i & 1 ? NN_TRANSPOSED : NN_PLAIN, b = i & 2 ? NN_TRANSPOSED : NN_PLAIN;
            check_product((product_case){a, b, 17, 33, 10, i & 4});
            check_product((product_case){a, b, 1, WIDEST, 33, i & 4});
            check_product((product_case){a, b, WIDEST, 2, 1, i & 4});
        }
    }
    nn_matrix_set_limit(INT32_MAX);
    test_product(state);
}

/* A rank without samples multiplies empty matrices: nothing is written but zeros where a sum has no terms. */
static void test_empty(void **state)
{
    (void)state;
    nn_real one = 1, c[4] = {1, 2, 3, 4};
    nn_matrix_product(NN_PLAIN, NN_PLAIN, 0, 2, 2, &one, 2, &one, 2, false, c, 2);
    nn_matrix_product(NN_PLAIN, NN_PLAIN, 2, 0, 2, &one, 2, &one, 0, false, c, 0);
    nn_matrix_product(NN_PLAIN, NN_PLAIN, 2, 2, 0, &one, 0, &one, 2, true, c, 2);
    assert_true(c[0] == 1 && c[1] == 2 && c[2] == 3 && c[3] == 4);
    nn_matrix_product(NN_PLAIN, NN_PLAIN, 2, 2, 0, &one, 0, &one, 2, false, c, 2);
    assert_true(c[0] == 0 && c[1] == 0 && c[2] == 0 && c[3] == 0);
}

/* The promise of the same bits on any number of ranks depends on this: buffers have other addresses on each
 * rank. */
static void test_alignment(void **state)
{
    (void)state;
    enum { ROWS = 32, COLUMNS = 65, INNER = 130, SHIFTS = 9 };
    static nn_real a[ROWS * INNER + SHIFTS], b[INNER * COLUMNS + SHIFTS], c[ROWS * COLUMNS + SHIFTS];
    static nn_real first[ROWS * COLUMNS];
    for (int64_t shift = 0; shift < SHIFTS; shift++) {
        check_fill(4, 1, (int64_t)ROWS * INNER, a + shift);
        check_fill(5, 1, (int64_t)INNER * COLUMNS, b + SHIFTS - shift);
        nn_matrix_product(NN_PLAIN, NN_PLAIN, ROWS, COLUMNS, INNER, a + shift, INNER, b + SHIFTS - shift,
                          COLUMNS, false, c + shift, COLUMNS);
        if (shift == 0) memcpy(first, c, sizeof(first));
        check_same_bits((int64_t)ROWS * COLUMNS, first, c + shift);
    }
}

/* If the answer is yes, gradients are summed inside the product: it must hold for other numbers than those
 * tested. */
static void test_accumulates_exactly(void **state)
{
    (void)state;
    enum { ROWS = 98, COLUMNS = 64, INNER_MOST = 512 };
    static const int64_t inners[] = {1, 16, 32, 64, 128, 256, 300, INNER_MOST};
    static nn_real a[ROWS * INNER_MOST], b[COLUMNS * INNER_MOST], sum[ROWS * COLUMNS],
        product[ROWS * COLUMNS];
    for (size_t i = 0; i < sizeof(inners) / sizeof(inners[0]); i++) {
        int64_t inner = inners[i];
        bool exact = nn_matrix_accumulates_exactly(NN_TRANSPOSED, NN_PLAIN, ROWS, COLUMNS, inner);
        assert_int_equal(exact, nn_matrix_accumulates_exactly(NN_TRANSPOSED, NN_PLAIN, ROWS, COLUMNS, inner));
        if (!exact) continue;
        check_fill(6, 3, ROWS * inner, a);
        check_fill(7, 2, COLUMNS * inner, b);
        check_fill(8, 5, (int64_t)ROWS * COLUMNS, sum);
        nn_matrix_product(NN_TRANSPOSED, NN_PLAIN, ROWS, COLUMNS, inner, a, ROWS, b, COLUMNS, false, product,
                          COLUMNS);
        for (int64_t k = 0; k < (int64_t)ROWS * COLUMNS; k++) product[k] = sum[k] + product[k];
        nn_matrix_product(NN_TRANSPOSED, NN_PLAIN, ROWS, COLUMNS, inner, a, ROWS, b, COLUMNS, true, sum,
                          COLUMNS);
        check_same_bits((int64_t)ROWS * COLUMNS, sum, product);
    }
}

/* If out of memory, nothing counts as exact, and no block or error is left behind. */
static void test_without_memory(void **state)
{
    (void)state;
    size_t before = nn_memory_in_use();
    nn_memory_fail_at(1);
    assert_false(nn_matrix_accumulates_exactly(NN_PLAIN, NN_PLAIN, 3, 3, 1));
    nn_memory_fail_at(0);
    assert_string_equal(nn_error_text(), "");
    assert_true(nn_memory_in_use() == before);
}

static int setup(void **state)
{
    (void)state;
    return nn_matrix_setup() == NN_OK && nn_matrix_kernels()[0] != '\0' ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_product),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_alignment),
        cmocka_unit_test(test_accumulates_exactly),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
