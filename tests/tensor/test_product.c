/* Products and canonical sums of products, against the chains of fused multiply-adds that define them. */
#include "check.h"

#include <tgmath.h>

#include "base/memory.h"
#include "base/tree.h"
#include "tensor/bfloat.h"
#include "tensor/product.h"
#include "tensor/tile.h"

enum { PIECES = 3, GAP = 3 };

static nn_engine engine; /* under test */

static nn_real operand(nn_real value)
{
#ifdef NN_REAL_FLOAT
    return engine == NN_ENGINE_MIXED ? nn_bfloat_round(value) : value;
#else
    return value;
#endif
}

/* One chain; the odd term of a pair comes first in mixed precision. No result here is denormal. */
static nn_real chain(int64_t terms, const nn_real *a, int64_t step_a, const nn_real *b, int64_t step_b,
                     nn_real sum)
{
    for (int64_t i = 0; i < terms; i++) {
        int64_t k = engine != NN_ENGINE_MIXED || (i == terms - 1 && i % 2 == 0) ? i : i ^ 1;
        sum = fma(operand(a[k * step_a]), operand(b[k * step_b]), sum);
    }
    return sum;
}

/* What the header promises for one element. */
static nn_real expected(const nn_product *product, const nn_real *a, int64_t column)
{
    bool turned = product->transpose == NN_TRANSPOSED;
    int64_t step = turned ? 1 : product->ldb;
    const nn_real *b = product->b + column * (turned ? product->ldb : 1);
    nn_real sum = 0;
    for (int64_t first = 0; first < product->inner; first += NN_PRODUCT_CHAIN) {
        int64_t left = product->inner - first, terms = left < NN_PRODUCT_CHAIN ? left : NN_PRODUCT_CHAIN;
        nn_real start = first == 0 && product->first ? product->first[column] : 0;
        nn_real own = chain(terms, a + first, 1, b + first * step, step, start);
        sum = first == 0 ? own : sum + own;
    }
    return sum;
}

static nn_real *make(uint32_t stream, int64_t count)
{
    nn_real *values;
    assert_int_equal(NN_ALLOCATE(&values, count, "values"), NN_OK);
    check_fill(stream, 2, count, values);
    return values;
}

/* Three pieces of rows; columns [begin, end) only: the others, and the gaps, keep their values. */
static void check_product(const int64_t sizes[PIECES], int64_t inner, int64_t columns, nn_transpose transpose,
                          bool has_first, int64_t begin, int64_t end)
{
    nn_product_rows rows[PIECES];
    nn_product product = {.engine = engine, .inner = inner, .columns = columns, .transpose = transpose};
    product.ldb = (transpose == NN_TRANSPOSED ? inner : columns) + GAP;
    nn_real *b = make(1, (transpose == NN_TRANSPOSED ? columns : inner) * product.ldb);
    nn_real *first = make(2, columns), *buffer = make(3, nn_product_buffer(inner));
    product.b = b;
    product.first = has_first ? first : NULL;
    for (int p = 0; p < PIECES; p++)
        rows[p] = (nn_product_rows){.rows = sizes[p],
                                    .a = make(4 + (uint32_t)p, sizes[p] * (inner + GAP) + 1),
                                    .lda = inner + GAP,
                                    .c = make(8, sizes[p] * (columns + GAP) + 1),
                                    .ldc = columns + GAP};
    nn_product_run(&product, PIECES, rows, begin, end, buffer);
    nn_real *old = make(8, 1024 * (columns + GAP));
    for (int p = 0; p < PIECES; p++) {
        for (int64_t row = 0; row < sizes[p]; row++)
            for (int64_t column = 0; column < columns + GAP; column++) {
                int64_t at = row * rows[p].ldc + column;
                nn_real wanted = column >= begin && column < end
                                     ? expected(&product, rows[p].a + row * rows[p].lda, column)
                                     : old[at];
                assert_true(rows[p].c[at] == wanted);
            }
        nn_free((void *)(uintptr_t)rows[p].a);
        nn_free(rows[p].c);
    }
    nn_free(old);
    nn_free(b);
    nn_free(first);
    nn_free(buffer);
}

/* Fails when an element is another sum, or is taken from another row, column or piece. */
static void check_products(void)
{
    static const int64_t sizes[][PIECES] = {{1, 0, 0}, {3, 14, 15}, {29, 1, 290}, {32, 32, 7}, {4, 3, 4}};
    static const int64_t inners[] = {1, 31, 511, 512, 513, 1040};
    static const int64_t widths[] = {1, 17, 33, 150};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (size_t i = 0; i < sizeof inners / sizeof *inners; i++)
            for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
                nn_transpose transpose = (s + i + w) % 2 == 0 ? NN_PLAIN : NN_TRANSPOSED;
                int64_t begin = s % 2 == 0 ? 0 : widths[w] / 3;
                check_product(sizes[s], inners[i], widths[w], transpose, i % 2 == 0, begin,
                              w % 2 == 0 ? widths[w] : widths[w] - widths[w] / 4);
            }
}

/* The canonical sum of separate products. */
static nn_real expected_sum(const nn_product_leaf *leaves, int64_t begin, int64_t end, int64_t row,
                            int64_t column)
{
    if (end - begin > 1) {
        int64_t middle = nn_tree_split(begin, end);
        return expected_sum(leaves, begin, middle, row, column) +
               expected_sum(leaves, middle, end, row, column);
    }
    const nn_product_leaf *leaf = &leaves[begin];
    nn_real sum = 0;
    for (int64_t first = 0; first < leaf->terms; first += NN_PRODUCT_CHAIN) {
        int64_t left = leaf->terms - first, terms = left < NN_PRODUCT_CHAIN ? left : NN_PRODUCT_CHAIN;
        nn_real own = chain(terms, leaf->a + first * leaf->lda + row, leaf->lda,
                            leaf->b + first * leaf->ldb + column, leaf->ldb, 0);
        sum = first == 0 ? own : sum + own;
    }
    return sum;
}

static void check_sum(int64_t rows, int64_t columns, int64_t count, int64_t terms, bool add)
{
    enum { LEAVES = 9 };
    nn_product_leaf leaves[LEAVES];
    nn_real *buffer = make(1, nn_product_sum_buffer()), *c = make(2, rows * (columns + GAP)),
            *old = make(2, rows * (columns + GAP));
    for (int64_t l = 0; l < count; l++) {
        int64_t own = terms - l % 2; /* leaves of a short batch differ by one sample */
        leaves[l] = (nn_product_leaf){.terms = own,
                                      .a = make(10 + (uint32_t)l, own * (rows + GAP)),
                                      .lda = rows + GAP,
                                      .b = make(30 + (uint32_t)l, own * (columns + GAP)),
                                      .ldb = columns + GAP};
    }
    nn_product_sum(engine, rows, columns, count, leaves, add, buffer, c, columns + GAP);
    for (int64_t row = 0; row < rows; row++)
        for (int64_t column = 0; column < columns + GAP; column++) {
            int64_t at = row * (columns + GAP) + column;
            nn_real sum = column < columns ? expected_sum(leaves, 0, count, row, column) : 0;
            assert_true(c[at] == (column >= columns ? old[at] : add ? old[at] + sum : sum));
        }
    for (int64_t l = 0; l < count; l++) {
        nn_free((void *)(uintptr_t)leaves[l].a);
        nn_free((void *)(uintptr_t)leaves[l].b);
    }
    nn_free(buffer);
    nn_free(c);
    nn_free(old);
}

/* Fails when the leaves are added in another order, or one by one. */
static void check_sums(void)
{
    for (int64_t count = 1; count <= 9; count++) {
        check_sum(1 + 5 * count, 40 - count, count, 6, count % 2 == 0);
        check_sum(45, 33, count, 37, count % 3 == 0);
    }
    check_sum(300, 50, 4, 64, false);
    check_sum(20, 40, 1, NN_PRODUCT_CHAIN + 2, true);
    check_sum(20, 40, 2, NN_PRODUCT_CHAIN / 2 + 2, true);
    check_sum(20, 40, 2, NN_PRODUCT_CHAIN, false);
    check_sum(17, 35, 1, nn_product_sum_terms() + NN_PRODUCT_CHAIN + 5, false);
}

static void test_portable(void **state)
{
    (void)state;
    engine = NN_ENGINE_PORTABLE;
    check_products();
    check_sums();
}

#ifdef NN_REAL_FLOAT
static void test_mixed(void **state)
{
    (void)state;
    engine = NN_ENGINE_MIXED;
    check_products();
    check_sums();
}
#endif

#ifdef NN_REAL_FLOAT
/* Fails when the sum of two microbatches counts a denormal as 0, as the kernels do: another division of the
 * batch would add it elsewhere, with other bits. */
static void test_denormal_sums(void **state)
{
    (void)state;
    const nn_real a = 0x1p-63f, left = 1.5f * 0x1p-63f, right = -1.25f * 0x1p-63f;
    const nn_product_leaf leaves[] = {{1, &a, 1, &left, 1}, {1, &a, 1, &right, 1}};
    nn_real *buffer = make(1, nn_product_sum_buffer());
    for (int set = 0; nn_tile_mixed_at(set); set++) {
        nn_real sum = 0;
        nn_tile_mixed_prefer(nn_tile_mixed_at(set));
        nn_product_sum(NN_ENGINE_MIXED, 1, 1, 2, leaves, false, buffer, &sum, 1);
        assert_true(sum == 0x1p-128f);
    }
    nn_tile_mixed_prefer(NULL);
    nn_free(buffer);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_portable),
#ifdef NN_REAL_FLOAT
        cmocka_unit_test(test_mixed),
        cmocka_unit_test(test_denormal_sums),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
