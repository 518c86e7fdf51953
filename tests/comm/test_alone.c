/* A communicator without MPI: this program never starts MPI, so an MPI call would end the test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "comm/reduction.h"

static void add_floats(int64_t count, const void *values, void *sum)
{
    for (int64_t i = 0; i < count; i++) ((float *)sum)[i] += ((const float *)values)[i];
}

/* Wrong: the results from "all ranks" are not what this one gave. */
static void test_collectives(void **state)
{
    (void)state;
    nn_comm *comm;
    int64_t values[2] = {7, -3};
    size_t size = sizeof values;
    int64_t all[2] = {0};
    bool same = false;
    static nn_cpus cpus;
    nn_shared *memory;
    size_t before = nn_memory_in_use();
    assert_int_equal(nn_comm_create_alone(&comm), NN_OK);
    assert_int_equal(nn_comm_rank(comm), 0);
    assert_int_equal(nn_comm_size(comm), 1);
    assert_int_equal(nn_comm_node_count(comm), 1);
    assert_true(nn_comm_host(comm)[0] != '\0');
    nn_cpus_of_thread(&cpus);
    nn_cpus_share share = nn_comm_cores_per_rank(comm, &cpus);
    assert_true(share.cores >= 1 && !share.shared);
    assert_int_equal(nn_comm_barrier(comm), NN_OK);
    assert_int_equal(nn_comm_broadcast(comm, values, size, 0), NN_OK);
    assert_int_equal(nn_comm_maximum(comm, values, 2), NN_OK);
    assert_int_equal(values[1], -3);
    assert_int_equal(nn_comm_gather_all(comm, values, &size, all), NN_OK);
    assert_memory_equal(all, values, sizeof all);
    memset(all, 0, sizeof all);
    assert_int_equal(nn_comm_gather(comm, values, &size, all), NN_OK);
    assert_memory_equal(all, values, sizeof all);
    assert_int_equal(nn_comm_same(comm, 12345, &same), NN_OK);
    assert_true(same);
    assert_int_equal(nn_comm_agree(comm, NN_OK), NN_OK);
    assert_int_equal(nn_comm_agree(comm, nn_fail(NN_ERROR_DATA, "lost")), NN_ERROR_DATA);
    assert_string_equal(nn_error_text(), "lost");
    assert_int_equal(nn_shared_create(comm, 100, &memory), NN_OK);
    memset(nn_shared_memory(memory), 1, 100);
    assert_int_equal(nn_shared_barrier(comm), NN_OK);
    nn_shared_destroy(memory);
    nn_comm_destroy(comm);
    assert_int_equal(nn_memory_in_use(), before);
}

/* Wrong: the step of the only rank is not the sum of its leaves, or leaves something behind. */
static void test_reduction(void **state)
{
    (void)state;
    const int64_t blocks[] = {0, 3, 8}, buckets[] = {0, 1, 2}, leaves[] = {3};
    for (int mode = NN_REDUCE_EXACT; mode <= NN_REDUCE_MPI; mode++) {
        nn_reduction_layout layout = {NN_SCALAR_F32, 8, 2, blocks, 2, buckets, leaves, 1, 0, 1};
        const nn_reduction_slice *slices;
        nn_reduction *reduction;
        nn_tree_node nodes[NN_TREE_COVER_MAX];
        int count;
        nn_comm *comm;
        size_t before = nn_memory_in_use();
        assert_int_equal(nn_comm_create_alone(&comm), NN_OK);
        assert_int_equal(nn_reduction_create(comm, &layout, (nn_reduction_mode)mode,
                                             (nn_reduction_arithmetic){.add = add_floats}, &reduction),
                         NN_OK);
        for (int step = 0; step < 3; step++) {
            assert_int_equal(nn_reduction_begin(reduction, 3, nodes, &count), NN_OK);
            for (int n = 0; n < count; n++)
                for (int i = 0; i < 8; i++)
                    ((float *)nn_reduction_partial(reduction, n))[i] = (float)(i + step);
            for (int64_t bucket = 1; bucket >= 0; bucket--)
                assert_int_equal(nn_reduction_start(reduction, bucket), NN_OK);
            assert_int_equal(nn_reduction_finish(reduction), NN_OK);
            int64_t owned = nn_reduction_slices(reduction, &slices);
            for (int64_t s = 0; s < owned; s++)
                for (int64_t i = slices[s].begin; i < slices[s].end; i++)
                    assert_true(((float *)slices[s].gradient)[i - slices[s].begin] ==
                                (float)count * (float)(i + step));
            assert_int_equal(nn_reduction_claim(reduction), NN_OK);
            assert_int_equal(nn_reduction_share_begin(reduction), NN_OK);
            assert_int_equal(nn_reduction_share_finish(reduction), NN_OK);
        }
        nn_reduction_destroy(reduction);
        nn_comm_destroy(comm);
        assert_int_equal(nn_memory_in_use(), before);
    }
}

/* Wrong: the reported traffic is not what ranks need from others: on the node, the partials of others in half
 * of the bucket, and the weights that other domains have received; from the other node, a quarter of the sum
 * and a quarter of the weights; with `mpi`, one of the two ranks of a node receives from the other node. */
static void test_traffic(void **state)
{
    (void)state;
    const int64_t blocks[] = {0, 4, 8, 12, 16}, buckets[] = {0, 4}, leaves[] = {4};
    const int leaders[] = {0, 0, 2, 2}, together[] = {0, 0, 0, 0};
    const int each[] = {0, 1, 2, 3};
    nn_reduction_layout layout = {NN_SCALAR_F32, 16, 4, blocks, 1, buckets, leaves, 1, 0, 1};
    nn_reduction_traffic traffic;
    nn_ranks ranks = {.rank = 1, .size = 4, .leaders = leaders, .domains = each};
    assert_int_equal(nn_reduction_measure(ranks, &layout, NN_REDUCE_EXACT, &traffic), NN_OK);
    assert_int_equal(traffic.owned, 4);
    assert_int_equal(traffic.on_node, (8 + 8) * 4);
    assert_int_equal(traffic.from_nodes, (4 + 4) * 4);
    assert_int_equal(traffic.to_nodes, (4 + 4) * 4);
    assert_int_equal(traffic.messages, 2);
    assert_int_equal(nn_reduction_measure(ranks, &layout, NN_REDUCE_MPI, &traffic), NN_OK);
    assert_int_equal(traffic.to_nodes, 2 * 16 * 4 * 3 / 4 / 2);
    assert_int_equal(traffic.on_node + traffic.from_nodes, 2 * 16 * 4 * 3 / 4);
    ranks.domains = leaders; /* its own copy of the weights is that of rank 0, too */
    assert_int_equal(nn_reduction_measure(ranks, &layout, NN_REDUCE_EXACT, &traffic), NN_OK);
    assert_int_equal(traffic.on_node, 8 * 4);
    assert_int_equal(traffic.weights, 16 / 2 * 4);
    ranks.leaders = together;
    assert_int_equal(nn_reduction_measure(ranks, &layout, NN_REDUCE_EXACT, &traffic), NN_OK);
    assert_int_equal(traffic.from_nodes, 0);
    assert_int_equal(nn_reduction_measure(ranks, &layout, NN_REDUCE_MPI, &traffic), NN_OK);
    assert_int_equal(traffic.to_nodes, 0);
    ranks = (nn_ranks){.rank = 0, .size = 1, .leaders = leaders, .domains = leaders};
    assert_int_equal(nn_reduction_measure(ranks, &layout, NN_REDUCE_EXACT, &traffic), NN_OK);
    assert_int_equal(traffic.on_node + traffic.from_nodes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_collectives),
        cmocka_unit_test(test_reduction),
        cmocka_unit_test(test_traffic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
