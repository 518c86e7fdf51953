/*
 * Reductions on any number of ranks, placed on one node, two per node and one per node, with one copy of the
 * weights per node, several, and one per rank: the summed gradients and the shared weights have the bits of a
 * serial sum in the order of the canonical tree, rounded to bfloat16 where that is asked for, no owner
 * writes to a copy that another rank still reads, and ranks report what they send to other nodes.
 */
#include <math.h>
#include <mpi.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/philox.h"
#include "check.h"
#include "comm/reduction.h"
#include "comm/testing.h"
#include "tensor/bfloat.h"

#define MAX_LEAVES 64
#define MAX_COUNT 12000
#define MAX_BLOCKS 40
#define MAX_BUCKETS 8
#define STEPS 5
#define STEP_WITHOUT_SHARE 2
#define KINDS 2
#define THREADS 2
#define MORE_THAN_ALL_ALLOCATIONS 60

typedef struct test_layout {
    const char *name;
    int64_t blocks; /* their sizes: first, first + step, first + 2 step, ... */
    int64_t first, step;
    int64_t buckets;
    int64_t bucket_begin[MAX_BUCKETS + 1];
} test_layout;

static const test_layout layouts[] = {
    {"one bucket", 11, 97, -7, 1, {0, 11}},
    {"many buckets of odd blocks", 40, 3, 1, 7, {0, 1, 2, 9, 20, 33, 39, 40}},
    {"fewer blocks than ranks", 3, 51, 10, 2, {0, 1, 3}},
    {"one value", 1, 1, 0, 1, {0, 1}},
    {"longer than a block of the fold", 3, 3500, 301, 2, {0, 2, 3}},
};

static const int64_t leaf_kinds[][KINDS] = {{1, 64}, {3, 2}, {8, 5}, {21, 16}};
static const int64_t wire_kinds[] = {4, 1, 2, 8}; /* sums over as many are rounded */

typedef struct test_case {
    const test_layout *shape;
    nn_reduction_mode mode;
    nn_scalar scalar;
    int64_t block_begin[MAX_BLOCKS + 1];
    nn_reduction_layout layout;
    nn_comm *comm;
    nn_reduction *reduction;
    char *node;     /* the sum of a node, before it is passed on */
    char *gradient; /* the serial sum */
    char *weights;  /* expected weights */
    int step;
    bool counts; /* the bytes sent are compared with `traffic` */
    nn_reduction_traffic traffic;
    int seen[MAX_BLOCKS]; /* how often each owned block was announced in this step */
} test_case;

static double *leaf_values; /* MAX_LEAVES x MAX_COUNT */

/* What MPI is given to send: to ranks of this node, and of others. */
static const nn_comm *passed_by;
static size_t passed_near, passed_far, passed_near_in_all;

/* In the place of MPI's own, which it calls. */
int MPI_Isend(const void *bytes, int count, MPI_Datatype type, int receiver, int tag, MPI_Comm comm,
              MPI_Request *request)
{
    if (passed_by != NULL) {
        bool near = nn_comm_node_leader(passed_by, receiver) ==
                    nn_comm_node_leader(passed_by, nn_comm_rank(passed_by));
        *(near ? &passed_near : &passed_far) += (size_t)count; /* bytes: all are sent as such */
    }
    return PMPI_Isend(bytes, count, type, receiver, tag, comm, request);
}

/* Numbers of many magnitudes, whose sums round differently in every order. */
static void make_leaf_values(void)
{
    nn_random stream = {.seed = 7, .purpose = 1};
    uint32_t words[4];

    for (uint64_t i = 0; i < (uint64_t)MAX_LEAVES * MAX_COUNT; i++) {
        nn_random_words(stream, i, words);
        leaf_values[i] = ldexp((double)words[0] * 0x1p-32 - 0.5, -(int)(words[1] % 12));
    }
}

static double value_at(const test_case *test, const char *values, int64_t i)
{
    if (test->scalar == NN_SCALAR_F64) return ((const double *)(const void *)values)[i];
    return (double)((const float *)(const void *)values)[i];
}

static void set_value(const test_case *test, char *values, int64_t i, double value)
{
    if (test->scalar == NN_SCALAR_F64) {
        ((double *)(void *)values)[i] = value;
    } else {
        ((float *)(void *)values)[i] = (float)value;
    }
}

static void add_f32(int64_t count, const void *values, void *sum)
{
    const float *from = values;
    float *to = sum;
    for (int64_t i = 0; i < count; i++) to[i] += from[i];
}

static void add_f64(int64_t count, const void *values, void *sum)
{
    const double *from = values;
    double *to = sum;
    for (int64_t i = 0; i < count; i++) to[i] += from[i];
}

static void round_f32(int64_t count, void *values)
{
    float *to = values;
    for (int64_t i = 0; i < count; i++) to[i] = nn_bfloat_round(to[i]);
}

/* Marks values that were not rounded. */
static void narrow_f32(int64_t count, const void *values, void *halves)
{
    const float *from = values;
    uint16_t *to = halves;
    for (int64_t i = 0; i < count; i++) {
        bool is_rounded = from[i] == nn_bfloat_round(from[i]);
        to[i] = is_rounded ? (uint16_t)(nn_bfloat_bits(from[i]) >> 16) : UINT16_MAX;
    }
}

static void widen_f32(int64_t count, const void *halves, void *values)
{
    const uint16_t *from = halves;
    for (int64_t i = 0; i < count; i++) {
        uint32_t bits = (uint32_t)from[i] << 16;
        memcpy((char *)values + i * 4, &bits, sizeof(bits));
    }
}

static nn_reduction_arithmetic arithmetic_of(const test_case *test)
{
    if (test->scalar == NN_SCALAR_F64) return (nn_reduction_arithmetic){.add = add_f64};
    return (nn_reduction_arithmetic){add_f32, round_f32, narrow_f32, widen_f32};
}

static size_t bytes_of(const test_case *test, int64_t count)
{
    return (size_t)count * nn_scalar_size(test->scalar);
}

static void round_sum(const test_case *test, int64_t leaves, char *sum)
{
    if (test->layout.wire_leaves > 0 && leaves >= test->layout.wire_leaves)
        round_f32(test->layout.count, sum);
}

/* The sum of the leaves [begin, end) in a step, in the tree's order. */
static void sum_node(const test_case *test, int step, int64_t begin, int64_t end, char *sum)
{
    int64_t count = test->layout.count;
    char *right = NULL;

    if (end - begin == 1) {
        const double *leaf = leaf_values + (begin + 13 * step) % MAX_LEAVES * MAX_COUNT;
        for (int64_t i = 0; i < count; i++) set_value(test, sum, i, leaf[i]);
        round_sum(test, 1, sum);
        return;
    }
    CHECK_OK(nn_allocate((void **)&right, bytes_of(test, count), 1, "a sum"));
    sum_node(test, step, begin, nn_tree_split(begin, end), sum);
    sum_node(test, step, nn_tree_split(begin, end), end, right);
    arithmetic_of(test).add(count, right, sum);
    round_sum(test, end - begin, sum);
    nn_free(right);
}

/* Delays ranks differently at every call, so that a missing wait shows. */
static void dawdle(const test_case *test)
{
    static uint64_t calls = 0;
    nn_random stream = {.seed = (uint64_t)nn_comm_rank(test->comm), .purpose = 2};
    uint32_t words[4];
    struct timespec pause = {0, 0};

    nn_random_words(stream, calls++, words);
    if (words[0] % 8 != 0) return;
    pause.tv_nsec = (long)(words[1] % 100000);
    nanosleep(&pause, NULL);
}

static void check_values(const test_case *test, const char *values, const char *expected, int64_t begin,
                         int64_t end, int step, const char *what)
{
    double slack = test->scalar == NN_SCALAR_F64 ? 1e-12 : 1e-4;

    if (test->mode == NN_REDUCE_EXACT) {
        CHECK(memcmp(values, expected, bytes_of(test, end - begin)) == 0,
              "%s, step %d, rounded from %lld leaves: %s of [%lld, %lld) differ from the serial tree on rank "
              "%d of %d, %d per node",
              test->shape->name, step, (long long)test->layout.wire_leaves, what, (long long)begin,
              (long long)end, nn_comm_rank(test->comm), nn_comm_size(test->comm),
              nn_comm_node_size(test->comm));
        return;
    }
    for (int64_t i = 0; i < end - begin; i++) {
        CHECK(fabs(value_at(test, values, i) - value_at(test, expected, i)) < slack,
              "%s, step %d: %s at %lld are %.9g, not %.9g", test->shape->name, step, what,
              (long long)(begin + i), value_at(test, values, i), value_at(test, expected, i));
    }
}

/* In reverse, and by another thread number each time. */
static void run_tasks(void *context, int64_t count, nn_reduction_task task, void *argument)
{
    (void)context;
    for (int64_t i = count; i-- > 0;) task(argument, i, (int)(i % THREADS));
}

/* A block is announced when its sum is complete. */
static void block_summed(void *context, int64_t owned)
{
    test_case *test = context;
    const nn_reduction_slice *slices = NULL;
    int64_t slice_count = nn_reduction_slices(test->reduction, &slices);

    test->seen[owned]++;
    for (const nn_reduction_slice *slice = slices; slice < slices + slice_count; slice++) {
        int64_t block = owned - slice->owned + slice->block_begin;
        if (block < slice->block_begin || block >= slice->block_end) continue;
        check_values(
            test, (char *)slice->gradient + bytes_of(test, test->layout.block_begin[block] - slice->begin),
            test->gradient + bytes_of(test, test->layout.block_begin[block]), test->layout.block_begin[block],
            test->layout.block_begin[block + 1], test->step, "gradients of an announced block");
    }
}

/* Every owned block has been announced once. */
static void check_seen(test_case *test)
{
    const nn_reduction_slice *slices = NULL;
    int64_t slice_count = nn_reduction_slices(test->reduction, &slices), owned = 0;

    for (int64_t i = 0; i < slice_count; i++) owned += slices[i].block_end - slices[i].block_begin;
    for (int64_t i = 0; i < MAX_BLOCKS; i++) {
        CHECK(test->seen[i] == (i < owned), "owned block %lld was announced %d times", (long long)i,
              test->seen[i]);
    }
}

static void run_sum(test_case *test, int step, int64_t leaf_count)
{
    const nn_reduction_layout *layout = &test->layout;
    nn_tree_node nodes[NN_TREE_COVER_MAX];
    char *sums[NN_TREE_COVER_MAX];
    int node_count = 0;

    CHECK_OK(nn_reduction_begin(test->reduction, leaf_count, nodes, &node_count));
    for (int i = 0; i < node_count; i++) {
        memset(nn_reduction_partial(test->reduction, i), 0xff, bytes_of(test, layout->count));
        CHECK_OK(nn_allocate((void **)&sums[i], bytes_of(test, layout->count), 1, "a sum"));
        sum_node(test, step, nodes[i].begin, nodes[i].end, sums[i]);
    }
    for (int64_t bucket = layout->bucket_count - 1; bucket >= 0; bucket--) {
        size_t begin = bytes_of(test, layout->block_begin[layout->bucket_begin[bucket]]);
        size_t end = bytes_of(test, layout->block_begin[layout->bucket_begin[bucket + 1]]);
        dawdle(test);
        for (int i = 0; i < node_count; i++) {
            memcpy((char *)nn_reduction_partial(test->reduction, i) + begin, sums[i] + begin, end - begin);
        }
        CHECK_OK(nn_reduction_start(test->reduction, bucket));
        CHECK_OK(nn_reduction_progress(test->reduction));
    }
    CHECK_OK(nn_reduction_finish(test->reduction));
    for (int i = 0; i < node_count; i++) nn_free(sums[i]);
}

static void update(const test_case *test, char *weights, const char *gradient, int64_t begin, int64_t end)
{
    for (int64_t i = begin; i < end; i++) {
        double weight = value_at(test, weights, i) - 0.125 * value_at(test, gradient, i - begin);
        set_value(test, weights, i, weight);
    }
}

/* All weights, or bucket by bucket, as layers need them. */
static void await_weights(const test_case *test, int step)
{
    const nn_reduction_layout *layout = &test->layout;

    if (step % 2 == 0) {
        CHECK_OK(nn_reduction_share_finish(test->reduction));
        return;
    }
    for (int64_t bucket = 0; bucket < layout->bucket_count; bucket++) {
        int64_t begin = layout->block_begin[layout->bucket_begin[bucket]];
        int64_t end = layout->block_begin[layout->bucket_begin[bucket + 1]];
        CHECK_OK(nn_reduction_await(test->reduction, bucket));
        check_values(test, (char *)nn_reduction_weights(test->reduction) + bytes_of(test, begin),
                     test->weights + bytes_of(test, begin), begin, end, step, "weights of an awaited bucket");
        dawdle(test);
    }
}

/* One step ends without update and share, like a step with non-finite gradients. */
static void compute_step(test_case *test, int step)
{
    const nn_reduction_layout *layout = &test->layout;
    const nn_reduction_slice *slices = NULL;
    int64_t leaf_count = layout->leaf_counts[step % KINDS], slice_count;
    char *weights = nn_reduction_weights(test->reduction);

    sum_node(test, step, 0, leaf_count, test->gradient);
    test->step = step;
    memset(test->seen, 0, sizeof(test->seen));
    run_sum(test, step, leaf_count);
    check_seen(test);
    slice_count = nn_reduction_slices(test->reduction, &slices);
    for (const nn_reduction_slice *slice = slices; slice < slices + slice_count; slice++) {
        check_values(test, slice->gradient, test->gradient + bytes_of(test, slice->begin), slice->begin,
                     slice->end, step, "gradients");
    }
    if (step == STEP_WITHOUT_SHARE) return;

    dawdle(test);
    check_values(test, weights, test->weights, 0, layout->count, step, "weights that are still read");
    CHECK_OK(nn_reduction_claim(test->reduction));
    update(test, test->weights, test->gradient, 0, layout->count);
    dawdle(test);
    for (const nn_reduction_slice *slice = slices; slice < slices + slice_count; slice++) {
        update(test, weights, slice->gradient, slice->begin, slice->end);
    }
    dawdle(test);
    CHECK_OK(nn_reduction_share_begin(test->reduction));
    await_weights(test, step);
    check_values(test, weights, test->weights, 0, layout->count, step, "weights");
}

/* The bytes that a rank reports are those that leave its node, and as many as planned. */
static void run_step(test_case *test, int step)
{
    size_t sent = nn_reduction_read_clock(test->reduction).sent;

    passed_near = passed_far = 0;
    passed_by = test->comm;
    compute_step(test, step);
    passed_by = NULL;
    passed_near_in_all += passed_near;
    if (test->mode == NN_REDUCE_MPI) return;
    sent = nn_reduction_read_clock(test->reduction).sent - sent;
    CHECK(sent == passed_far, "%s, step %d: rank %d of %d reports %zu bytes, but %zu have left the node",
          test->shape->name, step, nn_comm_rank(test->comm), nn_comm_size(test->comm), sent, passed_far);
    if (test->counts && step % KINDS == 0 && step != STEP_WITHOUT_SHARE) {
        CHECK(sent == test->traffic.to_nodes,
              "%s, step %d: rank %d of %d sends %zu bytes, not %zu as planned", test->shape->name, step,
              nn_comm_rank(test->comm), nn_comm_size(test->comm), sent, test->traffic.to_nodes);
    }
}

/* Ranks have the same copy if, and only if, the reduction says so. */
static void check_copies(test_case *test)
{
    int own = nn_reduction_copy_of(test->reduction, nn_comm_rank(test->comm));
    uint64_t *seen = NULL, mark;
    char *weights = nn_reduction_weights(test->reduction);

    CHECK_OK(NN_ALLOCATE(&seen, nn_comm_size(test->comm), "marks"));
    CHECK_OK(nn_comm_barrier(test->comm));
    if (own == nn_comm_rank(test->comm)) set_value(test, weights, 0, (double)own + 1);
    CHECK_OK(nn_comm_barrier(test->comm));
    mark = (uint64_t)value_at(test, weights, 0);
    CHECK_OK(nn_comm_gather_equal(test->comm, &mark, sizeof(mark), seen));
    for (int rank = 0; rank < nn_comm_size(test->comm); rank++) {
        CHECK(seen[rank] == (uint64_t)nn_reduction_copy_of(test->reduction, rank) + 1,
              "rank %d has the copy of rank %d, not that of rank %d", rank, (int)seen[rank] - 1,
              nn_reduction_copy_of(test->reduction, rank));
    }
    nn_free(seen);
}

/* The slices of all ranks together are all blocks, each once (with `mpi`, each rank has them all). */
static void check_slices(test_case *test)
{
    int owners[MAX_BLOCKS] = {0};
    int expected = test->mode == NN_REDUCE_MPI ? nn_comm_size(test->comm) : 1;
    nn_reduction_slice slices[MAX_BUCKETS];
    const nn_reduction_slice *own = NULL;
    const int64_t *begin = test->layout.block_begin;

    for (int rank = 0; rank < nn_comm_size(test->comm); rank++) {
        int64_t count = nn_reduction_slices_of(test->reduction, rank, slices);
        for (int64_t i = 0; i < count; i++) {
            for (int64_t block = slices[i].block_begin; block < slices[i].block_end; block++) owners[block]++;
            CHECK(slices[i].begin == begin[slices[i].block_begin] &&
                      slices[i].end == begin[slices[i].block_end],
                  "a slice is not of whole blocks");
            CHECK(i == 0 || slices[i - 1].end <= slices[i].begin, "slices are not in ascending order");
        }
        if (rank != nn_comm_rank(test->comm)) continue;
        CHECK(nn_reduction_slices(test->reduction, &own) == count,
              "slices and slices_of have another number");
        for (int64_t i = 0; i < count; i++) {
            CHECK(own[i].begin == slices[i].begin && own[i].end == slices[i].end,
                  "slices and slices_of differ");
        }
    }
    for (int64_t block = 0; block < test->layout.block_count; block++) {
        CHECK(owners[block] == expected, "block %lld has %d owners", (long long)block, owners[block]);
    }
}

static void fill_layout(test_case *test, const int64_t *leaf_counts)
{
    const test_layout *shape = test->shape;

    for (int64_t block = 0; block < shape->blocks; block++) {
        test->block_begin[block + 1] = test->block_begin[block] + shape->first + block * shape->step;
    }
    test->layout = (nn_reduction_layout){.scalar = test->scalar,
                                         .count = test->block_begin[shape->blocks],
                                         .block_count = shape->blocks,
                                         .block_begin = test->block_begin,
                                         .bucket_count = shape->buckets,
                                         .bucket_begin = shape->bucket_begin,
                                         .leaf_counts = leaf_counts,
                                         .leaf_count_kinds = KINDS,
                                         .threads = THREADS};
}

static void run_steps(test_case *test)
{
    char *weights = nn_reduction_weights(test->reduction);
    bool reads = nn_comm_rank(test->comm) == 0;

    check_copies(test);
    CHECK_OK(nn_allocate((void **)&test->gradient, bytes_of(test, test->layout.count), 1, "a gradient"));
    CHECK_OK(nn_allocate((void **)&test->weights, bytes_of(test, test->layout.count), 1, "weights"));
    for (int64_t i = 0; i < test->layout.count; i++) {
        set_value(test, test->weights, i, leaf_values[i]);
        if (reads) set_value(test, weights, i, leaf_values[i]);
    }
    CHECK_OK(nn_reduction_spread(test->reduction));
    check_slices(test);
    nn_reduction_attach(test->reduction, (nn_reduction_hooks){test, run_tasks, block_summed});
    for (int step = 0; step < STEPS; step++) run_step(test, step);
    nn_free(test->gradient);
    nn_free(test->weights);
}

/* As a run does that fails between two steps. */
static void leave_weights_on_their_way(test_case *test)
{
    CHECK_OK(nn_reduction_claim(test->reduction));
    CHECK_OK(nn_reduction_share_begin(test->reduction));
}

static void run_case(nn_comm *comm, const test_layout *shape, nn_reduction_mode mode, nn_scalar scalar,
                     int64_t wire_leaves, const int64_t *leaf_counts)
{
    test_case test = {.shape = shape, .mode = mode, .scalar = scalar, .comm = comm};
    nn_ranks ranks = nn_comm_ranks(comm);
    size_t sharers = mode == NN_REDUCE_MPI;
    size_t before = nn_memory_in_use();

    for (int rank = 0; mode == NN_REDUCE_EXACT && rank < ranks.size; rank++)
        sharers += ranks.domains[rank] == ranks.domains[ranks.rank];
    fill_layout(&test, leaf_counts);
    test.layout.wire_leaves = wire_leaves;
    CHECK(nn_reduction_memory(ranks, &test.layout, mode) * sharers >= bytes_of(&test, test.layout.count),
          "the announced memory of ranks with one copy of the weights does not even hold it");
    CHECK_OK(nn_reduction_create(comm, &test.layout, mode, arithmetic_of(&test), &test.reduction));
    if (test.reduction == NULL) return;
    test.counts = mode == NN_REDUCE_EXACT;
    CHECK_OK(nn_reduction_measure(ranks, &test.layout, mode, &test.traffic));
    run_steps(&test);
    leave_weights_on_their_way(&test);
    nn_reduction_destroy(test.reduction);
    CHECK(nn_memory_in_use() == before, "%zu bytes are left behind", nn_memory_in_use() - before);
}

static void run_cases(nn_comm *comm)
{
    for (size_t shape = 0; shape < sizeof(layouts) / sizeof(*layouts); shape++) {
        for (size_t kind = 0; kind < sizeof(leaf_kinds) / sizeof(*leaf_kinds); kind++) {
            nn_scalar scalar = (shape + kind) % 2 == 0 ? NN_SCALAR_F32 : NN_SCALAR_F64;
            nn_comm_set_message_limit(kind % 2 == 0 ? SIZE_MAX : 1000);
            run_case(comm, &layouts[shape], NN_REDUCE_EXACT, scalar, 0, leaf_kinds[kind]);
            run_case(comm, &layouts[shape], NN_REDUCE_MPI, scalar, 0, leaf_kinds[kind]);
            run_case(comm, &layouts[shape], NN_REDUCE_EXACT, NN_SCALAR_F32, wire_kinds[kind],
                     leaf_kinds[kind]);
        }
    }
    nn_comm_set_message_limit(SIZE_MAX);
}

/* Whichever allocation fails on one rank: either all ranks fail with the same error, or all continue without
 * shared memory and get the right result. */
static void run_without_memory(nn_comm *comm, nn_reduction_mode mode)
{
    test_case test = {.shape = &layouts[1], .mode = mode, .comm = comm};
    size_t before = nn_memory_in_use();
    bool same = false;

    fill_layout(&test, leaf_kinds[2]);
    for (int64_t allocation = 1; allocation < MORE_THAN_ALL_ALLOCATIONS; allocation++) {
        nn_status status;
        if (nn_comm_rank(comm) == nn_comm_size(comm) - 1) nn_memory_fail_at(allocation);
        status = nn_reduction_create(comm, &test.layout, mode, arithmetic_of(&test), &test.reduction);
        nn_memory_fail_at(0);
        CHECK_OK(nn_comm_same(comm, (uint64_t)status, &same));
        CHECK(same, "allocation %lld failed on one rank, and the ranks disagree", (long long)allocation);
        CHECK(status == NN_OK || status == NN_ERROR_MEMORY, "status %d, %s", (int)status, nn_error_text());
        CHECK(allocation > 1 || status == NN_ERROR_MEMORY, "no allocation failed");
        if (same && status == NN_OK) run_steps(&test);
        nn_reduction_destroy(test.reduction);
        test.reduction = NULL;
        CHECK(nn_memory_in_use() == before, "%zu bytes are left behind", nn_memory_in_use() - before);
    }
}

int main(int argc, char **argv)
{
    /* Ranks per node, and per domain; 0: all. */
    static const int placements[][2] = {{0, 0}, {0, 2}, {0, 1}, {2, 0}, {1, 0}, {3, 2}, {5, 0}, {6, 3}};
    nn_comm *job = NULL, *comm = NULL;

    if (nn_comm_start(&argc, &argv, &job) != NN_OK ||
        NN_ALLOCATE(&leaf_values, (size_t)MAX_LEAVES * MAX_COUNT, "the leaves") != NN_OK) {
        fprintf(stderr, "%s\n", nn_error_text());
        return 1;
    }
    nn_log_enable(false);
    make_leaf_values();
    for (size_t i = 0; i < sizeof(placements) / sizeof(*placements); i++) {
        nn_comm_set_test_node_size(placements[i][0]);
        nn_comm_set_test_domain_size(placements[i][1]);
        CHECK_OK(nn_comm_create_from_handle((int)MPI_Comm_c2f(MPI_COMM_WORLD), &comm));
        if (comm == NULL) break;
        run_cases(comm);
        if (placements[i][0] != 1 && placements[i][1] != 1) {
            run_without_memory(comm, NN_REDUCE_EXACT);
            run_without_memory(comm, NN_REDUCE_MPI);
        }
        nn_comm_destroy(comm);
    }
    nn_free(leaf_values);
    CHECK(nn_comm_size(job) == 1 || passed_near_in_all > 0, "no message has passed within a node");
    return check_end(job);
}
