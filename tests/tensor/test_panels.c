/* Products with a packed matrix, against the chains of fused multiply-adds that define them. */
#include "check.h"

#include <tgmath.h>

#include "base/memory.h"
#include "tensor/panels.h"

/* Columns around the widths of vectors and panels. */
static const int64_t widths[] = {1, 3, 8, 15, 16, 17, 31, 32, 33, 50, 64, 71};

enum { ROWS = 19, WIDEST = 71, GAP = 2, INNER = 11, LONG = 1300 };

/* Operands of the mixed engine are multiples of 1 / 64 below 4, exact in bfloat16, with sums that no order of
 * terms rounds: only the shape of a chain, not its rounding, is the subject here. */
static void fill_operand(bool exact, uint32_t stream, int64_t count, nn_real *values)
{
    check_fill(stream, exact ? 100 : 3, count, values);
    for (int64_t i = 0; exact && i < count; i++) values[i] = (nn_real)floor(values[i]) / 64;
}

/* The sum over two runs of A, cut into chains of NN_TILE_CHAIN terms; a run of odd length counts as longer.
 */
static nn_real expect_product(nn_real first, const int64_t lengths[2], const nn_real *a, int64_t apart,
                              const nn_real *matrix, int64_t step)
{
    nn_real total = 0, chain = first;
    int64_t taken = 0, k = 0;
    bool cut = false;
    for (int r = 0; r < 2; r++) {
        for (int64_t i = 0; i < lengths[r]; i++, k++, taken++) {
            if (taken == NN_TILE_CHAIN) {
                total = cut ? total + chain : chain;
                chain = 0;
                taken = 0;
                cut = true;
            }
            chain = fma(a[k + (r == 0 ? 0 : apart)], matrix[k * step], chain);
        }
        taken += taken % 2;
    }
    return cut ? total + chain : chain;
}

/* Two runs of A, each against its own rows of the matrix, which are packed one by one. */
static void check_product(const nn_tile_kernels *kernels, const int64_t lengths[2], int64_t columns,
                          bool transposed, bool has_first)
{
    enum { APART = 3, LDA = LONG + APART };
    static nn_real a[ROWS * LDA], matrix[LONG * WIDEST], first[WIDEST], c[ROWS * (WIDEST + GAP)];
    bool exact = kernels->operands != NN_TILE_PLAIN;
    nn_real *packed, *buffer;
    int64_t inner = lengths[0] + lengths[1];
    int64_t ld = transposed ? inner : columns, begin = has_first ? columns / 2 : 0;
    const nn_panels panels = {kernels, columns, 2, {{0, lengths[0]}, {lengths[0] + APART, lengths[1]}}};
    assert_int_equal(NN_ALLOCATE(&packed, nn_panels_values(&panels), "panels"), NN_OK);
    assert_int_equal(NN_ALLOCATE(&buffer, nn_panels_product_buffer(&panels), "a buffer"), NN_OK);
    fill_operand(exact, 1, (int64_t)ROWS * LDA, a);
    fill_operand(exact, 2, inner * columns, matrix);
    fill_operand(exact, 3, columns, first);
    check_fill(4, 3, ROWS * (columns + GAP), c);
    nn_panels_start(&panels, begin, has_first ? first : NULL, packed);
    for (int r = 0; r < 2; r++)
        nn_panels_pack(&panels, r, transposed ? NN_TRANSPOSED : NN_PLAIN,
                       matrix + (r == 0 ? 0 : lengths[0]) * (transposed ? 1 : ld), ld, packed);
    nn_real behind = c[columns];
    nn_panels_product(&panels, ROWS, a, LDA, packed, buffer, c, columns + GAP);
    assert_true(c[columns] == behind);
    for (int64_t row = 0; row < ROWS; row++)
        for (int64_t column = 0; column < columns; column++) {
            nn_real start = has_first && column >= begin ? first[column - begin] : 0;
            nn_real sum = expect_product(start, lengths, a + row * LDA, APART,
                                         matrix + (transposed ? column * ld : column), transposed ? 1 : ld);
            assert_true(c[row * (columns + GAP) + column] == sum);
        }
    nn_free(packed);
    nn_free(buffer);
}

static void for_all_kernels(void (*check)(const nn_tile_kernels *kernels))
{
    check(nn_tile_kernels_of(NN_ENGINE_PORTABLE));
    for (int index = 0; nn_tile_mixed_at(index); index++) check(nn_tile_mixed_at(index));
}

static void check_products(const nn_tile_kernels *kernels)
{
    static const int64_t lengths[][2] = {{4, INNER - 4}, {5, INNER - 5}, {511, 789}, {700, 0}, {1, 1200}};
    for (size_t w = 0; w < sizeof(widths) / sizeof(widths[0]); w++)
        for (int kind = 0; kind < 4; kind++)
            for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++)
                if (l < 2 || w % 4 == 0) check_product(kernels, lengths[l], widths[w], kind & 1, kind & 2);
}

/* Fails when an element is another sum, or the columns of a panel get mixed up. */
static void test_products(void **state)
{
    (void)state;
    for_all_kernels(check_products);
}

/* Old values of C must not affect the result. */
static void check_gradient(const nn_tile_kernels *kernels, int64_t rows, int64_t columns, int64_t inner)
{
    enum { LD = 200 + GAP, MOST = 2 * NN_PANELS_CHAIN + 5, MOST_ROWS = 200 };
    static nn_real a[MOST * LD], b[MOST * LD], c[MOST_ROWS * LD];
    bool exact = kernels->operands != NN_TILE_PLAIN;
    nn_real *buffer;
    assert_int_equal(NN_ALLOCATE(&buffer, nn_panels_gradient_buffer(kernels), "a buffer"), NN_OK);
    fill_operand(exact, 5, inner * LD, a);
    fill_operand(exact, 6, inner * LD, b);
    check_fill(7, 3, (int64_t)MOST_ROWS * LD, c);
    nn_real behind = c[columns];
    nn_panels_gradient(kernels, rows, columns, inner, a, LD, b, LD, buffer, c, LD);
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

static void check_gradients(const nn_tile_kernels *kernels)
{
    for (size_t w = 0; w < sizeof(widths) / sizeof(widths[0]); w++) {
        check_gradient(kernels, 1, widths[w], 7);
        check_gradient(kernels, ROWS, widths[w], NN_PANELS_CHAIN);
        check_gradient(kernels, ROWS - 3, widths[w], 2 * NN_PANELS_CHAIN + 5);
    }
    check_gradient(kernels, 200, 33, 9);
}

/* Fails when an element is another sum: the order of its terms is part of the contract. */
static void test_gradients(void **state)
{
    (void)state;
    for_all_kernels(check_gradients);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_products),
        cmocka_unit_test(test_gradients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
