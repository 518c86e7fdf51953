/* The canonical tree, its covers and shares, compared with naive implementations of their definitions. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/philox.h"
#include "base/tree.h"

enum { MOST_LEAVES = 70, MOST_RANKS = 20 };

/* The leaves of one rank. */
static nn_tree_node share_of(int64_t n, int rank, int size)
{
    int64_t begin[65];
    assert_in_range(size, 1, 64);
    nn_tree_shares(n, size, begin);
    return (nn_tree_node){begin[rank], begin[rank + 1]};
}

/* The definition: a + the largest power of two below b - a. */
static int64_t plain_split(int64_t begin, int64_t end)
{
    int64_t power = 1;
    while (power * 2 < end - begin) power *= 2;
    return begin + power;
}

static bool plain_is_node(nn_tree_node tree, nn_tree_node wanted)
{
    if (tree.begin == wanted.begin && tree.end == wanted.end) return true;
    if (tree.end - tree.begin < 2) return false;
    int64_t middle = plain_split(tree.begin, tree.end);
    return plain_is_node((nn_tree_node){tree.begin, middle}, wanted) ||
           plain_is_node((nn_tree_node){middle, tree.end}, wanted);
}

/* Whether a larger node of the tree contains `node` and is inside `range`. */
static bool plain_has_larger(int64_t n, nn_tree_node node, nn_tree_node range)
{
    for (int64_t begin = range.begin; begin <= node.begin; begin++) {
        for (int64_t end = node.end; end <= range.end; end++) {
            bool larger = end - begin > node.end - node.begin;
            if (larger && plain_is_node((nn_tree_node){0, n}, (nn_tree_node){begin, end})) return true;
        }
    }
    return false;
}

static double plain_sum(const double *values, int64_t begin, int64_t end)
{
    if (end - begin == 1) return values[begin];
    int64_t middle = plain_split(begin, end);
    return plain_sum(values, begin, middle) + plain_sum(values, middle, end);
}

static int trailing_zeros(int64_t number)
{
    int zeros = 0;
    while (number % 2 == 0) {
        number /= 2;
        zeros++;
    }
    return zeros;
}

/* Fails when a node does not split where the definition says. */
static void test_split(void **state)
{
    (void)state;
    for (int64_t length = 2; length < 300; length++) {
        assert_int_equal(nn_tree_split(64, 64 + length), plain_split(64, 64 + length));
    }
    assert_int_equal(nn_tree_split(0, INT64_C(10000000000)), INT64_C(1) << 33);
    assert_int_equal(nn_tree_split(0, INT64_C(1) << 40), INT64_C(1) << 39);
}

/* Fails when a rank's partial sums are not nodes of the full tree, overlap, miss a leaf, or are more than
 * necessary: the sum would have other bits, or cause more traffic. */
static void test_cover(void **state)
{
    (void)state;
    nn_tree_node nodes[NN_TREE_COVER_MAX];
    for (int64_t n = 1; n <= 40; n++) {
        for (int64_t begin = 0; begin <= n; begin++) {
            assert_int_equal(nn_tree_cover(n, begin, begin, nodes), 0);
            for (int64_t end = begin + 1; end <= n; end++) {
                int count = nn_tree_cover(n, begin, end, nodes);
                int64_t reached = begin;
                for (int i = 0; i < count; i++) {
                    assert_int_equal(nodes[i].begin, reached);
                    assert_true(plain_is_node((nn_tree_node){0, n}, nodes[i]));
                    assert_false(plain_has_larger(n, nodes[i], (nn_tree_node){begin, end}));
                    reached = nodes[i].end;
                }
                assert_int_equal(reached, end);
            }
        }
    }
    assert_int_equal(nn_tree_cover(0, 0, 0, nodes), 0);
}

/* Fails when the worst range of a very large batch has more nodes than callers have room for. */
static void test_cover_fits(void **state)
{
    (void)state;
    nn_tree_node nodes[NN_TREE_COVER_MAX];
    assert_int_equal(nn_tree_cover(INT64_C(1) << 62, 1, (INT64_C(1) << 62) - 1, nodes), 122);
    assert_in_range(nn_tree_cover(INT64_MAX, 1, INT64_MAX - 1, nodes), 1, NN_TREE_COVER_MAX);
}

/* Fails when the order of summation is not that of the tree, in any bit, for any column. */
static void test_sum(void **state)
{
    (void)state;
    enum { WIDTH = 3 };
    double values[MOST_LEAVES * WIDTH], column[MOST_LEAVES], sum[WIDTH];
    const nn_random stream = {5, 6, 7};
    for (int64_t n = 1; n <= MOST_LEAVES; n++) {
        for (int64_t i = 0; i < n * WIDTH; i++)
            values[i] = nn_random_normal(stream, (uint64_t)(n * 1000 + i));
        nn_tree_sum(n, WIDTH, values, sum);
        for (int j = 0; j < WIDTH; j++) {
            for (int64_t i = 0; i < n; i++) column[i] = values[i * WIDTH + j];
            double expected = plain_sum(column, 0, n);
            assert_memory_equal(&sum[j], &expected, sizeof(expected));
        }
    }
    nn_tree_sum(0, WIDTH, values, sum);
    for (int j = 0; j < WIDTH; j++) assert_true(sum[j] == 0.0);
}

static void add_row(const void *context, double *left, const double *right)
{
    for (int j = 0; j < *(const int *)context; j++) left[j] += right[j];
}

/* Fails when joining leaves, or the nodes of ranks, follows another order than summing. */
static void test_fold(void **state)
{
    (void)state;
    enum { WIDTH = 3 };
    const int width = WIDTH;
    double values[MOST_LEAVES * WIDTH], rows[MOST_LEAVES * WIDTH], sum[WIDTH];
    nn_tree_node nodes[4 * NN_TREE_COVER_MAX];
    const nn_random stream = {5, 6, 7};
    for (int64_t i = 0; i < MOST_LEAVES * WIDTH; i++) values[i] = nn_random_normal(stream, (uint64_t)i);
    for (int64_t n = 1; n <= MOST_LEAVES; n++) {
        nn_tree_sum(n, WIDTH, values, sum);
        memcpy(rows, values, (size_t)n * WIDTH * sizeof *rows);
        nn_tree_fold(n, NULL, WIDTH, rows, add_row, &width);
        assert_memory_equal(rows, sum, sizeof sum);
        int count = 0;
        for (int rank = 0; rank < 3; rank++) {
            nn_tree_node share = share_of(n, rank, 3);
            count += nn_tree_cover(n, share.begin, share.end, nodes + count);
        }
        for (int i = 0; i < count; i++)
            nn_tree_sum(nodes[i].end - nodes[i].begin, WIDTH, values + nodes[i].begin * WIDTH,
                        rows + i * WIDTH);
        nn_tree_fold(n, nodes, WIDTH, rows, add_row, &width);
        assert_memory_equal(rows, sum, sizeof sum);
    }
}

/* Fails when summing covers first, and then the tree above them, gives other bits than summing at once. */
static void test_partial_sums_compose(void **state)
{
    (void)state;
    double values[MOST_LEAVES];
    for (int64_t i = 0; i < MOST_LEAVES; i++) values[i] = nn_random_normal((nn_random){1, 1, 1}, (uint64_t)i);
    for (int64_t n = 1; n <= MOST_LEAVES; n++) {
        nn_tree_node nodes[NN_TREE_COVER_MAX];
        int count = nn_tree_cover(n, 0, n, nodes);
        double expected = plain_sum(values, 0, n), found;
        assert_int_equal(count, 1);
        nn_tree_sum(nodes[0].end - nodes[0].begin, 1, values + nodes[0].begin, &found);
        assert_memory_equal(&found, &expected, sizeof(expected));
        /* A node's own subtree is the tree over the same number of leaves. */
        for (int64_t begin = 1; begin < n; begin++) {
            count = nn_tree_cover(n, begin, n, nodes);
            for (int i = 0; i < count; i++) {
                expected = plain_sum(values, nodes[i].begin, nodes[i].end);
                nn_tree_sum(nodes[i].end - nodes[i].begin, 1, values + nodes[i].begin, &found);
                assert_memory_equal(&found, &expected, sizeof(expected));
            }
        }
    }
}

/* Fails when shares overlap, miss a leaf, are longer than in an even division, or leave a rank idle
 * unnecessarily. */
static void test_share(void **state)
{
    (void)state;
    for (int64_t n = 0; n <= MOST_LEAVES; n++) {
        for (int size = 1; size <= MOST_RANKS; size++) {
            int64_t reached = 0;
            for (int rank = 0; rank < size; rank++) {
                nn_tree_node share = share_of(n, rank, size);
                int64_t length = share.end - share.begin;
                assert_int_equal(share.begin, reached);
                assert_in_range(length, n >= size || rank < n ? 1 : 0, (n + size - 1) / size);
                if (rank >= n) assert_int_equal(length, 0);
                reached = share.end;
            }
            assert_int_equal(reached, n);
        }
    }
}

/* Fails when a boundary could be moved to a rounder number with even shares for the remaining ranks. */
static void test_share_cuts_at_the_roundest_place(void **state)
{
    (void)state;
    for (int64_t n = 1; n <= MOST_LEAVES; n++) {
        for (int size = 1; size <= MOST_RANKS && size <= n; size++) {
            int64_t longest = (n + size - 1) / size;
            for (int rank = 0; rank + 1 < size; rank++) {
                nn_tree_node share = share_of(n, rank, size);
                int64_t behind = size - 1 - rank;
                for (int64_t end = share.begin + 1; end <= share.begin + longest; end++) {
                    bool fits = n - end >= behind && n - end <= behind * longest;
                    if (fits && end != share.end)
                        assert_true(trailing_zeros(end) < trailing_zeros(share.end));
                }
            }
        }
    }
}

/* Fails when, with a power of two of ranks, each does not hold one complete subtree. */
static void test_share_of_powers_of_two(void **state)
{
    (void)state;
    nn_tree_node nodes[NN_TREE_COVER_MAX];
    for (int size = 1; size <= 64; size *= 2) {
        for (int rank = 0; rank < size; rank++) {
            nn_tree_node share = share_of(64, rank, size);
            assert_int_equal(nn_tree_cover(64, share.begin, share.end, nodes), 1);
        }
    }
}

/* Fails when the samples of a short batch are not spread evenly over its leaves. */
static void test_leaf_samples(void **state)
{
    (void)state;
    for (int64_t samples = 0; samples <= 50; samples++) {
        for (int64_t leaves = 1; leaves <= 20; leaves++) {
            int64_t reached = 0;
            for (int64_t leaf = 0; leaf < leaves; leaf++) {
                nn_tree_node range = nn_tree_leaf_samples(samples, leaves, leaf);
                assert_int_equal(range.begin, reached);
                assert_int_equal(range.end - range.begin,
                                 samples / leaves + (leaf < samples % leaves ? 1 : 0));
                reached = range.end;
            }
            assert_int_equal(reached, samples);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_cover),
        cmocka_unit_test(test_cover_fits),
        cmocka_unit_test(test_sum),
        cmocka_unit_test(test_fold),
        cmocka_unit_test(test_partial_sums_compose),
        cmocka_unit_test(test_share),
        cmocka_unit_test(test_share_cuts_at_the_roundest_place),
        cmocka_unit_test(test_share_of_powers_of_two),
        cmocka_unit_test(test_leaf_samples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
