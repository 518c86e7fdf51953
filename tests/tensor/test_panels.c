/* Products with a packed matrix, against the chains of fused multiply-adds that define them. */
#include "check.h"

#include <tgmath.h>

#include "base/memory.h"
#include "tensor/panels.h"

/* Columns around the widths of vectors and panels. */
static const int64_t widths[] = {1, 3, 8, 15, 16, 17, 31, 32, 33, 50, 64, 71};

enum { ROWS = 19, INNER = 11, WIDEST = 71, GAP = 2 };

/* Two runs of A, each against its own rows of the matrix, which are packed one by one. */
static void check_product(int64_t columns, bool transposed, bool has_first)
{
    enum { CUT = 4, APART = 3, LDA = INNER + APART };
    static nn_real a[ROWS * LDA], matrix[INNER * WIDEST], first[WIDEST], c[ROWS * (WIDEST + GAP)];
    const nn_tile_run runs[] = {{0, CUT}, {CUT + APART, INNER - CUT}};
    nn_real *panels;
    int64_t ld = transposed ? INNER : columns, begin = has_first ? columns / 2 : 0;
    assert_int_equal(NN_ALLOCATE(&panels, nn_panels_values(INNER, columns), "panels"), NN_OK);
    check_fill(1, 3, (int64_t)ROWS * LDA, a);
    check_fill(2, 3, INNER * columns, matrix);
    check_fill(3, 3, columns, first);
    check_fill(4, 3, ROWS * (columns + GAP), c);
    nn_panels_start(INNER, columns, begin, has_first ? first : NULL, panels);
    for (int r = 0; r < 2; r++) {
        int64_t row = r == 0 ? 0 : CUT;
        nn_panels_pack(INNER, columns, row, runs[r].length, transposed ? NN_TRANSPOSED : NN_PLAIN,
                       matrix + row * (transposed ? 1 : ld), ld, panels);
    }
    nn_real behind = c[columns];
    nn_panels_product(ROWS, INNER, columns, 2, runs, a, LDA, panels, c, columns + GAP);
    assert_true(c[columns] == behind);
    for (int64_t row = 0; row < ROWS; row++)
        for (int64_t column = 0; column < columns; column++) {
            nn_real sum = has_first && column >= begin ? first[column - begin] : 0;
            for (int64_t k = 0; k < INNER; k++)
                sum = fma(a[row * LDA + k + (k < CUT ? 0 : APART)],
                          matrix[transposed ? column * ld + k : k * ld + column], sum);
            assert_true(c[row * (columns + GAP) + column] == sum);
        }
    nn_free(panels);
}

/* Fails when an element is another sum, or the columns of a panel get mixed up. */
static void test_products(void **state)
{
    (void)state;
    for (size_t w = 0; w < sizeof(widths) / sizeof(widths[0]); w++)
        for (int kind = 0; kind < 4; kind++) check_product(widths[w], kind & 1, kind & 2);
}

/* Old values of C must not affect the result. */
static void check_gradient(int64_t rows, int64_t columns, int64_t inner)
{
    enum { LD = WIDEST + GAP, MOST = 2 * NN_PANELS_CHAIN + 5 };
    static nn_real a[MOST * LD], b[MOST * LD], c[ROWS * LD];
    nn_real *buffer;
    assert_int_equal(NN_ALLOCATE(&buffer, nn_panels_buffer(), "a buffer"), NN_OK);
    check_fill(5, 3, inner * LD, a);
    check_fill(6, 3, inner * LD, b);
    check_fill(7, 3, (int64_t)ROWS * LD, c);
    nn_real behind = c[columns];
    nn_panels_gradient(rows, columns, inner, a, LD, b, LD, buffer, c, LD);
    assert_true(c[columns] == behind);
    for (int64_t row = 0; row < rows; row++)
        for (int64_t column = 0; column < columns; column++) {
            nn_real sum = 0;
            for (int64_t first = 0; first < inner; first += NN_PANELS_CHAIN) {
                nn_real chain = 0;
                for (int64_t k = first; k < inner && k < first + NN_PANELS_CHAIN; k++)
                    chain = fma(a[k * LD + row], b[k * LD + column], chain);
                sum += chain;
            }
            assert_true(c[row * LD + column] == sum);
        }
    nn_free(buffer);
}

/* Fails when an element is another sum: the order of its terms is part of the contract. */
static void test_gradients(void **state)
{
    (void)state;
    for (size_t w = 0; w < sizeof(widths) / sizeof(widths[0]); w++) {
        check_gradient(1, widths[w], 7);
        check_gradient(ROWS, widths[w], NN_PANELS_CHAIN);
        check_gradient(ROWS - 3, widths[w], 2 * NN_PANELS_CHAIN + 5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_products),
        cmocka_unit_test(test_gradients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
