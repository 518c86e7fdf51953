/* Combining over any number of ranks, by number or in another order, is what one rank computes alone. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "check.h"
#include "comm/combine.h"

enum { WIDTH = 3, LEAVES = 70, LEVELS = 8, BUCKETS = 4, BLOCKS = 19 };

/* Values of very different sizes, so that another order of additions gives other bits. */
static double value_at(int64_t leaf, int i)
{
    return sin((double)(leaf * WIDTH + i + 1)) * pow(10.0, (double)((leaf * 7 + i) % 13));
}

/* Neither commutes nor associates. */
static void mix(const void *context, double *left, const double *right)
{
    for (int i = 0; i < *(const int *)context; i++) left[i] = 0.75 * left[i] - right[i] / 3;
}

static void larger(const void *context, double *head, const double *other)
{
    (void)context;
    if (other[0] > head[0]) head[0] = other[0];
}

static void append(const nn_forest_tree *tree, int64_t begin, int64_t end, nn_partial *partial)
{
    for (int64_t leaf = begin; leaf < end; leaf++) {
        double row[WIDTH];
        for (int i = 0; i < WIDTH; i++) row[i] = value_at(leaf, i);
        CHECK_OK(nn_partial_append(tree, (nn_tree_node){leaf, leaf + 1}, row, partial));
    }
}

/* The sums of the whole forest, on this rank alone. */
static void sum_alone(const nn_forest *forest, double *sums)
{
    nn_partial partial = {0};
    CHECK_OK(nn_partial_begin(forest, &partial));
    for (int t = 0; t < forest->tree_count; t++) {
        CHECK_OK(nn_partial_next_tree(&partial));
        append(&forest->trees[t], 0, forest->trees[t].leaves, &partial);
    }
    nn_partial_sums(forest, &partial, sums);
    nn_partial_release(&partial);
}

static void check_sums(const nn_forest *forest, const nn_combine *combine, const char *what)
{
    double sums[2 * WIDTH], expected[2 * WIDTH];
    size_t count = 0;
    for (int t = 0; t < forest->tree_count; t++) count += forest->trees[t].width;
    nn_partial_sums(forest, &combine->own, sums);
    sum_alone(forest, expected);
    CHECK(memcmp(sums, expected, count * sizeof *sums) == 0, "%s: other bits than on one rank", what);
}

/* Fails when shares, of which some may be empty, change the sums or the head, or when a rank needs more room
 * than was reserved. */
static void check_leaves(nn_comm *comm, int64_t leaves)
{
    int width = WIDTH, rank = nn_comm_rank(comm);
    const nn_forest_tree trees[2] = {{leaves, WIDTH, NULL, NULL}, {leaves, WIDTH, mix, &width}};
    const nn_forest forest = {1, larger, 2, trees};
    nn_combine combine = {.comm = comm};
    nn_shares shares;
    CHECK_OK(nn_shares_create(leaves, nn_comm_size(comm), nn_comm_ranks(comm).leaders, &shares));
    nn_tree_node share = nn_shares_of(&shares, rank);
    const size_t node = 2 * (2 + WIDTH);
    CHECK_OK(nn_combine_reserve(&combine, &shares, node, 1 + 2 + LEVELS * node));
    size_t reserved = combine.own.room + combine.received.room + combine.merged.room;
    CHECK_OK(nn_partial_begin(&forest, &combine.own));
    combine.own.values[0] = 100 + rank;
    for (int t = 0; t < 2; t++) {
        CHECK_OK(nn_partial_next_tree(&combine.own));
        append(&trees[t], share.begin, share.end, &combine.own);
    }
    CHECK_OK(nn_combine_run(&combine, &forest, nn_combine_by_rank(comm)));
    CHECK(combine.own.values[0] == 100 + nn_comm_size(comm) - 1, "head %g", combine.own.values[0]);
    check_sums(&forest, &combine, "leaves");
    CHECK(combine.own.room + combine.received.room + combine.merged.room == reserved,
          "%lld leaves: more room than was reserved", (long long)leaves);
    nn_combine_release(&combine);
    nn_shares_release(&shares);
}

/* The odd ranks after the even ones. */
static int rank_at(const void *context, int position)
{
    int size = *(const int *)context, even = (size + 1) / 2;
    return position < even ? 2 * position : 2 * (position - even) + 1;
}

/* Fails when ranks in an order of their own, each with a slice of every bucket in that order, rotated from
 * bucket to bucket, do not give the sum over all blocks. */
static void check_buckets(nn_comm *comm)
{
    int size = nn_comm_size(comm), position = 0;
    const nn_forest_tree tree = {BUCKETS * BLOCKS, WIDTH, NULL, NULL};
    const nn_forest forest = {.tree_count = 1, .trees = &tree};
    nn_combine combine = {.comm = comm};
    while (rank_at(&size, position) != nn_comm_rank(comm)) position++;
    CHECK_OK(nn_partial_begin(&forest, &combine.own));
    CHECK_OK(nn_partial_next_tree(&combine.own));
    for (int64_t b = 0; b < BUCKETS; b++) {
        int64_t slice = (position + b) % size;
        append(&tree, b * BLOCKS + slice * BLOCKS / size, b * BLOCKS + (slice + 1) * BLOCKS / size,
               &combine.own);
    }
    CHECK_OK(nn_combine_run(&combine, &forest, (nn_combine_order){position, rank_at, &size}));
    check_sums(&forest, &combine, "buckets");
    nn_combine_release(&combine);
}

int main(int argc, char **argv)
{
    nn_comm *comm = NULL;
    if (nn_comm_start(&argc, &argv, &comm) != NN_OK) {
        fprintf(stderr, "%s\n", nn_error_text());
        return 1;
    }
    for (int64_t leaves = 1; leaves <= LEAVES; leaves++) check_leaves(comm, leaves);
    check_buckets(comm);
    nn_comm_set_message_limit(8); /* in pieces */
    check_leaves(comm, LEAVES);
    check_buckets(comm);
    return check_end(comm);
}
