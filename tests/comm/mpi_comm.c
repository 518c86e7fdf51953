/* Agreement, gathers, broadcast, comparison and node-shared memory, on any number of ranks. */
#include <mpi.h>
#include <string.h>

#include "base/memory.h"
#include "check.h"
#include "comm/testing.h"

static unsigned char byte_of(int rank, size_t i)
{
    return (unsigned char)((size_t)rank * 37 + i * 11 + i / 256);
}

static void check_agree(nn_comm *comm)
{
    int rank = nn_comm_rank(comm), size = nn_comm_size(comm);
    nn_status status;
    char start[64];

    CHECK_OK(nn_comm_agree(comm, NN_OK));

    status = nn_comm_agree(comm, rank == size - 1 ? nn_fail(NN_ERROR_DATA, "sample %d is bad", rank) : NN_OK);
    snprintf(start, sizeof(start), "sample %d is bad", size - 1);
    CHECK(status == NN_ERROR_DATA, "the failure of one rank did not reach rank %d", rank);
    CHECK(strstr(nn_error_text(), start) != NULL, "rank %d has another text: %s", rank, nn_error_text());
    snprintf(start, sizeof(start), "rank %d on ", size - 1);
    CHECK(size == 1 || strncmp(nn_error_text(), start, strlen(start)) == 0,
          "the text does not name its rank: %s", nn_error_text());

    status = nn_comm_agree(comm, status);
    CHECK(status == NN_ERROR_DATA, "a second agreement changed the status");
    CHECK(size == 1 || strncmp(nn_error_text(), start, strlen(start)) == 0,
          "a second agreement put another rank in front: %s", nn_error_text());

    status = nn_comm_agree(comm, nn_fail(NN_ERROR_IO, "all fail"));
    CHECK(status == NN_ERROR_IO, "all failed, but the status is %d", (int)status);
    CHECK(strcmp(nn_error_text(), "all fail") == 0, "no rank should be named: %s", nn_error_text());

    status = nn_comm_agree(comm, rank == size - 1 ? NN_OK : nn_fail(NN_ERROR_IO, "all but one fail"));
    CHECK(status == (size == 1 ? NN_OK : NN_ERROR_IO), "all but one failed, but the status is %d",
          (int)status);
    CHECK(size == 1 || strncmp(nn_error_text(), "rank 0 on ", 10) == 0, "rank 0 should speak: %s",
          nn_error_text());
    snprintf(start, sizeof(start), "(%d other rank", size - 2);
    CHECK(size <= 2 || strstr(nn_error_text(), start) != NULL, "the others are not counted: %s",
          nn_error_text());

    status =
        nn_comm_agree(comm, rank == 0 ? nn_fail(NN_STOPPED, "stopped") : nn_fail(NN_ERROR_USAGE, "wrong"));
    CHECK(status == (size == 1 ? NN_STOPPED : NN_ERROR_USAGE), "a failure must outweigh a stop, not %d",
          (int)status);
    nn_error_clear();
}

static void check_broadcast(nn_comm *comm)
{
    unsigned char bytes[1000];
    int root = nn_comm_size(comm) - 1;

    for (size_t i = 0; i < sizeof(bytes); i++) bytes[i] = nn_comm_rank(comm) == root ? byte_of(root, i) : 0;
    CHECK_OK(nn_comm_broadcast(comm, bytes, sizeof(bytes), root));
    for (size_t i = 0; i < sizeof(bytes); i++) {
        CHECK(bytes[i] == byte_of(root, i), "byte %zu of a broadcast is wrong", i);
    }
    CHECK_OK(nn_comm_broadcast(comm, NULL, 0, 0));
}

static void check_parts(nn_comm *comm, const size_t *sizes, const unsigned char *all, const char *what)
{
    size_t place = 0;

    for (int rank = 0; rank < nn_comm_size(comm); rank++) {
        for (size_t i = 0; i < sizes[rank]; i++, place++) {
            CHECK(all[place] == byte_of(rank, i), "%s: byte %zu of rank %d is wrong", what, i, rank);
        }
    }
}

static void check_gathers(nn_comm *comm)
{
    int rank = nn_comm_rank(comm), size = nn_comm_size(comm);
    size_t *sizes = NULL, total = 0, place = 0;
    unsigned char *part = NULL, *all = NULL;

    CHECK_OK(NN_ALLOCATE(&sizes, size, "sizes"));
    for (int r = 0; r < size; r++) {
        sizes[r] = r % 3 == 1 ? 0 : (size_t)(50 * r + 7);
        if (r < rank) place += sizes[r];
        total += sizes[r];
    }
    CHECK_OK(NN_ALLOCATE(&part, sizes[rank], "a part"));
    CHECK_OK(NN_ALLOCATE(&all, total, "all parts"));
    for (size_t i = 0; i < sizes[rank]; i++) part[i] = byte_of(rank, i);

    CHECK_OK(nn_comm_gather_all(comm, part, sizes, all));
    check_parts(comm, sizes, all, "gather_all");
    memset(all, 0, total);
    if (sizes[rank] > 0) memcpy(all + place, part, sizes[rank]);
    CHECK_OK(nn_comm_gather_all(comm, NULL, sizes, all));
    check_parts(comm, sizes, all, "gather_all in place");
    memset(all, 0, total);
    CHECK_OK(nn_comm_gather(comm, part, sizes, rank == 0 ? all : NULL));
    if (rank == 0) check_parts(comm, sizes, all, "gather");

    nn_free(sizes);
    nn_free(part);
    nn_free(all);
}

static void check_equal_gathers(nn_comm *comm)
{
    enum { BYTES = 37 };
    int rank = nn_comm_rank(comm), size = nn_comm_size(comm);
    unsigned char part[BYTES], *all = NULL;

    CHECK_OK(NN_ALLOCATE(&all, BYTES * size, "all parts"));
    for (size_t i = 0; i < BYTES; i++) part[i] = byte_of(rank, i);
    CHECK_OK(nn_comm_gather_equal(comm, part, BYTES, all));
    for (int r = 0; r < size; r++)
        for (size_t i = 0; i < BYTES; i++)
            CHECK(all[(size_t)r * BYTES + i] == byte_of(r, i), "byte %zu of rank %d is wrong", i, r);
    nn_free(all);
}

static void check_maximum(nn_comm *comm)
{
    int rank = nn_comm_rank(comm), size = nn_comm_size(comm);
    int64_t values[5];
    bool same = false;

    for (int i = 0; i < 5; i++) values[i] = (rank == i % size) ? 1000 + i : -rank;
    CHECK_OK(nn_comm_maximum(comm, values, 5));
    for (int i = 0; i < 5; i++) CHECK(values[i] == 1000 + i, "maximum %d is wrong", i);

    CHECK_OK(nn_comm_same(comm, UINT64_C(0x8000000000000001), &same));
    CHECK(same, "the same hash on all ranks counts as different");
    CHECK_OK(nn_comm_same(comm, rank == size - 1 ? 5 : 6, &same));
    CHECK(same == (size == 1), "a hash that differs on the last rank counts as the same");
}

static void check_shared(nn_comm *comm)
{
    const size_t count = 1001;
    int *values;
    nn_shared *shared = NULL;

    CHECK_OK(nn_shared_create(comm, count * sizeof(int), &shared));
    if (shared == NULL) return;
    values = nn_shared_memory(shared);
    CHECK((uintptr_t)values % NN_ALIGNMENT == 0, "shared memory is not aligned");
    for (size_t i = 0; i < count; i++) CHECK(values[i] == 0, "shared memory is not zero at %zu", i);
    CHECK_OK(nn_shared_barrier(comm));
    for (size_t i = (size_t)nn_comm_node_rank(comm); i < count; i += (size_t)nn_comm_node_size(comm)) {
        values[i] = (int)i + 1;
    }
    CHECK_OK(nn_shared_barrier(comm));
    for (size_t i = 0; i < count; i++) CHECK(values[i] == (int)i + 1, "value %zu of a peer is not seen", i);
    CHECK_OK(nn_shared_barrier(comm));
    nn_shared_destroy(shared);

    shared = NULL;
    if (nn_comm_node_size(comm) == 1) return;
    CHECK(nn_shared_create(comm, (size_t)1 << 50, &shared) == NN_ERROR_MEMORY,
          "shared memory that cannot fit was not refused");
    CHECK(shared == NULL && strstr(nn_error_text(), "/dev/shm") != NULL, "the text does not help: %s",
          nn_error_text());
    nn_error_clear();
}

static void check_places(nn_comm *comm, int ranks_per_node)
{
    int rank = nn_comm_rank(comm), size = nn_comm_size(comm);
    static nn_cpus cpus;

    nn_cpus_of_thread(&cpus);
    CHECK(nn_comm_cores_per_rank(comm, &cpus).cores >= 1, "a rank needs a core");
    CHECK(strlen(nn_comm_host(comm)) > 0, "the host has no name");
    CHECK(strlen(nn_comm_library()) > 0 && strchr(nn_comm_library(), '\n') == NULL,
          "the library has no name");
    if (ranks_per_node == 0) return;
    CHECK(nn_comm_node_rank(comm) == rank % ranks_per_node, "rank %d has node rank %d", rank,
          nn_comm_node_rank(comm));
    CHECK(nn_comm_node_count(comm) == (size + ranks_per_node - 1) / ranks_per_node, "there are %d nodes",
          nn_comm_node_count(comm));
}

/* Fails when the ranks of a node are not consecutive, whatever the launcher did, or rank 0 is another. */
static void check_numbers(nn_comm *comm)
{
    nn_ranks ranks = nn_comm_ranks(comm);
    int world = 0;

    MPI_Comm_rank(MPI_COMM_WORLD, &world);
    CHECK((ranks.rank == 0) == (world == 0), "rank 0 is rank %d of the world", world);
    for (int rank = 0; rank < ranks.size; rank++) {
        bool node = rank == 0 || ranks.leaders[rank] != ranks.leaders[rank - 1];
        bool domain = rank == 0 || ranks.domains[rank] != ranks.domains[rank - 1];
        CHECK(ranks.leaders[rank] == (node ? rank : ranks.leaders[rank - 1]), "node of rank %d", rank);
        CHECK(ranks.domains[rank] == (domain ? rank : ranks.domains[rank - 1]), "domain of rank %d", rank);
        CHECK(domain || !node, "a domain of rank %d on two nodes", rank);
    }
    CHECK(ranks.rank - ranks.leaders[ranks.rank] == nn_comm_node_rank(comm), "rank %d has node rank %d",
          ranks.rank, nn_comm_node_rank(comm));
}

static void check_all(nn_comm *comm)
{
    static const size_t limits[] = {SIZE_MAX, 64, 8};

    for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
        nn_comm_set_message_limit(limits[i]);
        check_broadcast(comm);
        check_gathers(comm);
        check_equal_gathers(comm);
        check_maximum(comm);
    }
    nn_comm_set_message_limit(SIZE_MAX);
    check_agree(comm);
    check_shared(comm);
    CHECK_OK(nn_comm_barrier(comm));
}

int main(int argc, char **argv)
{
    nn_comm *job = NULL, *comm = NULL;

    if (nn_comm_start(&argc, &argv, &job) != NN_OK) {
        fprintf(stderr, "%s\n", nn_error_text());
        return 1;
    }
    for (int ranks_per_node = 0; ranks_per_node <= 3; ranks_per_node++) {
        nn_comm_set_test_node_size(ranks_per_node);
        CHECK_OK(nn_comm_create_from_handle((int)MPI_Comm_c2f(MPI_COMM_WORLD), &comm));
        if (comm == NULL) break;
        check_places(comm, ranks_per_node);
        check_numbers(comm);
        check_all(comm);
        nn_comm_destroy(comm);
    }
    nn_comm_set_test_in_turn(true);
    nn_comm_set_test_node_size(3);
    nn_comm_set_test_domain_size(2);
    CHECK_OK(nn_comm_create_from_handle((int)MPI_Comm_c2f(MPI_COMM_WORLD), &comm));
    if (comm != NULL) check_numbers(comm);
    nn_comm_destroy(comm);
    return check_end(job);
}
