/* Partial sums of trees: merged in any grouping, they are the sum of all leaves in the canonical order. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/forest.h"
#include "base/memory.h"

enum { MOST_LEAVES = 70, WIDTH = 3, PARTS = 9 };

/* The same numbers in every run. */
static uint64_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

/* Values of very different sizes, so that another order of additions gives other bits. */
static void fill_rows(int64_t leaves, double *rows)
{
    for (int64_t i = 0; i < leaves * WIDTH; i++)
        rows[i] = sin((double)(i + 1)) * pow(10.0, (double)(i * 7 % 13));
}

/* Neither commutes nor associates, and is exact. */
static void mix(const void *context, double *left, const double *right)
{
    for (int i = 0; i < *(const int *)context; i++)
        left[i] = (double)(((int64_t)left[i] * 31 + (int64_t)right[i] * 17 + i) % 1000003);
}

/* The larger of two. */
static void larger(const void *context, double *head, const double *other)
{
    (void)context;
    if (other[0] > head[0]) head[0] = other[0];
}

/* What the owner of some leaves has: a tree that is added, an empty one, and a tree that is mixed. */
static void write_part(const nn_forest *forest, const int *owners, int owner, const double *rows,
                       nn_partial *partial)
{
    assert_int_equal(nn_partial_begin(forest, partial), NN_OK);
    partial->values[0] = owner;
    for (int t = 0; t < forest->tree_count; t++) {
        const nn_forest_tree *tree = &forest->trees[t];
        assert_int_equal(nn_partial_next_tree(partial), NN_OK);
        for (int64_t i = 0; i < tree->leaves; i++) {
            double row[WIDTH];
            for (int j = 0; j < WIDTH; j++)
                row[j] = tree->join ? floor(fabs(rows[i * WIDTH + j])) : rows[i * WIDTH + j];
            if (owners[i] == owner)
                assert_int_equal(nn_partial_append(tree, (nn_tree_node){i, i + 1}, row, partial), NN_OK);
        }
    }
}

/* Merges the partial sums of PARTS owners, taking two at random each time. */
static void merge_all(const nn_forest *forest, nn_partial *parts, uint64_t *random)
{
    nn_partial merged = {0};
    for (int count = PARTS; count > 1; count--) {
        int one = (int)(next_random(random) % (uint64_t)count), last = count - 1;
        int other = (int)(next_random(random) % (uint64_t)last);
        if (other >= one) other++;
        assert_int_equal(nn_partial_merge(forest, &parts[one], &parts[other], &merged), NN_OK);
        nn_partial unused = parts[one];
        parts[one] = merged;
        merged = unused;
        unused = parts[other];
        parts[other] = parts[last];
        parts[last] = unused;
    }
    nn_partial_release(&merged);
}

/* Fails when owners of arbitrary leaves, merged in an arbitrary order, give other bits than one owner. */
static void test_any_partition(void **state)
{
    static double rows[MOST_LEAVES * WIDTH];
    uint64_t random = 5;
    int width = WIDTH;
    (void)state;
    for (int64_t leaves = 1; leaves <= MOST_LEAVES; leaves++)
        for (int round = 0; round < 10; round++) {
            const nn_forest_tree trees[] = {
                {leaves, WIDTH, NULL, NULL}, {0, 2, NULL, NULL}, {leaves, WIDTH, mix, &width}};
            const nn_forest forest = {1, larger, 3, trees};
            nn_partial parts[PARTS] = {{0}};
            int owners[MOST_LEAVES];
            double expected[2 * WIDTH + 2] = {0}, sums[2 * WIDTH + 2];
            for (int64_t i = 0; i < leaves; i++) owners[i] = (int)(next_random(&random) % PARTS);
            fill_rows(leaves, rows);
            for (int p = 0; p < PARTS; p++) write_part(&forest, owners, p, rows, &parts[p]);
            merge_all(&forest, parts, &random);
            assert_true(nn_partial_is_complete(&forest, &parts[0]));
            assert_true(parts[0].values[0] == PARTS - 1);
            nn_partial_sums(&forest, &parts[0], sums);
            nn_tree_sum(leaves, WIDTH, rows, expected);
            for (int64_t i = 0; i < leaves * WIDTH; i++) rows[i] = floor(fabs(rows[i]));
            nn_tree_fold(leaves, NULL, WIDTH, rows, mix, &width);
            memcpy(expected + WIDTH + 2, rows, WIDTH * sizeof *rows);
            assert_memory_equal(sums, expected, sizeof sums);
            for (int p = 0; p < PARTS; p++) nn_partial_release(&parts[p]);
        }
    assert_int_equal(nn_memory_in_use(), 0);
}

/* Fails when a list has more nodes than the maximal ones of its leaves, or a contiguous range takes more than
 * 2 log2(n), or a list of some leaves counts as complete. */
static void test_size(void **state)
{
    static double rows[MOST_LEAVES * WIDTH];
    (void)state;
    fill_rows(MOST_LEAVES, rows);
    for (int64_t leaves = 1; leaves <= MOST_LEAVES; leaves++) {
        const nn_forest_tree tree = {leaves, WIDTH, NULL, NULL};
        const nn_forest forest = {.tree_count = 1, .trees = &tree};
        double bound = leaves < 2 ? 1 : 2 * ceil(log2((double)leaves));
        for (int64_t begin = 0; begin < leaves; begin++) {
            nn_partial partial = {0};
            nn_tree_node nodes[NN_TREE_COVER_MAX];
            assert_int_equal(nn_partial_begin(&forest, &partial), NN_OK);
            assert_int_equal(nn_partial_next_tree(&partial), NN_OK);
            for (int64_t i = begin; i < leaves; i++) {
                assert_int_equal(
                    nn_partial_append(&tree, (nn_tree_node){i, i + 1}, rows + i * WIDTH, &partial), NN_OK);
                assert_int_equal((int)partial.values[0], nn_tree_cover(leaves, begin, i + 1, nodes));
                assert_true(partial.values[0] <= bound);
                assert_int_equal(partial.count, 1 + (size_t)partial.values[0] * (2 + WIDTH));
                assert_int_equal(nn_partial_is_complete(&forest, &partial), begin == 0 && i == leaves - 1);
            }
            nn_partial_release(&partial);
        }
    }
}

/* Fails when the memory that runs out is not reported, or is lost. */
static void test_memory(void **state)
{
    const nn_forest_tree tree = {4, WIDTH, NULL, NULL};
    const nn_forest forest = {.tree_count = 1, .trees = &tree};
    const double row[WIDTH] = {1, 2, 3};
    nn_partial partial = {0};
    (void)state;
    assert_int_equal(nn_partial_begin(&forest, &partial), NN_OK);
    assert_int_equal(nn_partial_next_tree(&partial), NN_OK);
    nn_memory_fail_at(1);
    assert_int_equal(nn_partial_append(&tree, (nn_tree_node){0, 1}, row, &partial), NN_ERROR_MEMORY);
    nn_memory_fail_at(0);
    assert_int_equal(nn_partial_append(&tree, (nn_tree_node){0, 1}, row, &partial), NN_OK);
    assert_int_equal((int)partial.values[0], 1);
    nn_partial_release(&partial);
    assert_int_equal(nn_memory_in_use(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_partition),
        cmocka_unit_test(test_size),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
