/* The table of shares: the same as the tree's own rule, and every leaf's owner. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/shares.h"

enum { MOST_LEAVES = 90, MOST_RANKS = 40 };

/* Fails when a leaf is owned by a rank that does not have it, or shares do not tile the leaves. */
static void test_owner(void **state)
{
    (void)state;
    for (int64_t leaves = 1; leaves <= MOST_LEAVES; leaves++)
        for (int size = 1; size <= MOST_RANKS; size++) {
            nn_shares shares;
            int64_t reached = 0;
            assert_int_equal(nn_shares_create(leaves, size, NULL, &shares), NN_OK);
            for (int rank = 0; rank < size; rank++) {
                nn_tree_node share = nn_shares_of(&shares, rank);
                assert_int_equal(share.begin, reached);
                assert_int_equal(nn_shares_length(&shares, rank), share.end - share.begin);
                for (int64_t leaf = share.begin; leaf < share.end; leaf++)
                    assert_int_equal(nn_shares_owner(&shares, leaf), rank);
                reached = share.end;
            }
            assert_int_equal(reached, leaves);
            nn_shares_release(&shares);
        }
}

/* Fails when shares by nodes do not tile the leaves, are longer than in an even division, or leave a rank
 * idle that could have a leaf. Nodes of 1, 2, 3, 1, 2, 3, ... ranks. */
static void test_node_shares(void **state)
{
    int leaders[MOST_RANKS];
    (void)state;
    for (int rank = 0, node = 0; rank < MOST_RANKS; node++)
        for (int first = rank, i = 0; i < node % 3 + 1 && rank < MOST_RANKS; i++) leaders[rank++] = first;
    for (int64_t leaves = 1; leaves <= MOST_LEAVES; leaves++)
        for (int size = 1; size <= MOST_RANKS; size++) {
            nn_shares shares;
            assert_int_equal(nn_shares_create(leaves, size, leaders, &shares), NN_OK);
            assert_int_equal(shares.begin[0], 0);
            assert_int_equal(shares.begin[size], leaves);
            for (int rank = 0; rank < size; rank++) {
                assert_true(nn_shares_length(&shares, rank) <= (leaves - 1) / size + 1);
                assert_true(nn_shares_length(&shares, rank) >= (rank < leaves));
            }
            nn_shares_release(&shares);
        }
}

/* Two nodes of three ranks and eight leaves: the nodes meet where the tree splits, which ranks alone would
 * not. */
static void test_node_cuts(void **state)
{
    static const int leaders[] = {0, 0, 0, 3, 3, 3};
    static const int64_t begin[] = {0, 2, 3, 4, 6, 7, 8};
    nn_shares shares;
    (void)state;
    assert_int_equal(nn_shares_create(8, 6, leaders, &shares), NN_OK);
    for (int rank = 0; rank <= 6; rank++) assert_int_equal(shares.begin[rank], begin[rank]);
    nn_shares_release(&shares);
}

/* Fails when a share is cut elsewhere than recorded runs had it: partial sums would have other bits. 13
 * leaves on 5 ranks: at most three each, cut at the roundest places. */
static void test_known_cuts(void **state)
{
    static const int64_t five[] = {0, 2, 4, 7, 10, 13}, three[] = {0, 4, 8, 12}, beyond[] = {0, 1, 2, 2, 2};
    nn_shares shares;
    (void)state;
    assert_int_equal(nn_shares_create(13, 5, NULL, &shares), NN_OK);
    for (int i = 0; i <= 5; i++) assert_int_equal(shares.begin[i], five[i]);
    nn_shares_release(&shares);
    assert_int_equal(nn_shares_create(12, 3, NULL, &shares), NN_OK);
    for (int i = 0; i <= 3; i++) assert_int_equal(shares.begin[i], three[i]);
    nn_shares_release(&shares);
    assert_int_equal(nn_shares_create(2, 4, NULL, &shares), NN_OK);
    for (int i = 0; i <= 4; i++) assert_int_equal(shares.begin[i], beyond[i]);
    nn_shares_release(&shares);
}

/* Fails when the nodes of a rank are not those of the whole tree. */
static void test_nodes(void **state)
{
    nn_tree_node nodes[NN_TREE_COVER_MAX], expected[NN_TREE_COVER_MAX];
    nn_shares shares;
    (void)state;
    assert_int_equal(nn_shares_create(29, 3, NULL, &shares), NN_OK);
    for (int rank = 0; rank < 3; rank++) {
        int count = nn_shares_nodes(&shares, rank, nodes);
        assert_int_equal(count, nn_tree_cover(29, shares.begin[rank], shares.begin[rank + 1], expected));
        assert_memory_equal(nodes, expected, (size_t)count * sizeof *nodes);
    }
    nn_shares_release(&shares);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_owner),     cmocka_unit_test(test_node_shares),
        cmocka_unit_test(test_node_cuts), cmocka_unit_test(test_known_cuts),
        cmocka_unit_test(test_nodes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
