/* The way up: sums of the canonical tree across the nodes of the cluster. */
#include "comm/route_internal.h"

/* A tree node, the ranks that hold its sum, and what this rank holds of it (-1: nothing). */
typedef struct up_sum {
    int64_t begin, end;
    nn_holders ranks;
    int holding;
} up_sum;

static nn_holders up_ranks(const nn_route_call *call, int64_t begin, int64_t end)
{
    int first = nn_shares_owner(call->shares, begin), last = nn_shares_owner(call->shares, end - 1);

    return (nn_holders){.begin = call->leaders[first], .end = nn_route_node_end(call, last)};
}

/* The nodes of the tree that the leaves of this rank's node of the cluster consist of. */
typedef struct up_bottoms {
    nn_tree_node nodes[NN_TREE_COVER_MAX];
} up_bottoms;

/* Levels of the tree below a node. */
static int up_height(int64_t begin, int64_t end)
{
    int height = 0;

    while (((int64_t)1 << height) < end - begin) height++;
    return height;
}

/* This rank sends its part to those in its cell that get one in the next step. */
static void up_hand_out(nn_route_writer *writer, const up_sum *sum, const nn_holders *has,
                        const nn_holders *next, int phase)
{
    const nn_positions *positions = writer->call->positions;
    nn_cell own = nn_holders_cell(has, positions, writer->call->rank);

    for (int i = 1; i < own.count; i++) {
        int peer = positions->rank_at[(own.first + i) % positions->size];
        if (nn_holders_has(next, peer))
            nn_route_send(writer, (nn_hop){phase, peer, nn_holders_cell(next, positions, peer), sum->holding,
                                           sum->end - sum->begin});
    }
}

static int up_obtain(nn_route_writer *writer, const up_sum *sum, const nn_holders *has,
                     const nn_holders *next, int phase)
{
    const nn_positions *positions = writer->call->positions;
    int rank = writer->call->rank;
    nn_cell cell = nn_holders_cell(next, positions, rank);
    int peer = nn_holders_holder(has, positions, positions->position[rank]);
    int holding =
        nn_route_hold(writer, (nn_holding){.arrives = true, .cell = cell, .leaves = sum->end - sum->begin});

    nn_route_receive(writer, (nn_hop){phase, peer, cell, holding, sum->end - sum->begin});
    return holding;
}

/* Spreads a sum over the ranks [begin, end), which include those that hold it. Returns the last phase. */
static int up_spread(nn_route_writer *writer, up_sum *sum, int begin, int end, int phase)
{
    int rank = writer->call->rank, steps = nn_route_doublings(sum->ranks.end - sum->ranks.begin, end - begin);

    for (int step = 1; step <= steps; step++) {
        nn_holders has = nn_route_part(writer, sum->ranks, begin, end, step - 1, steps);
        nn_holders next = nn_route_part(writer, sum->ranks, begin, end, step, steps);
        if (nn_holders_has(&has, rank))
            up_hand_out(writer, sum, &has, &next, phase + step);
        else if (nn_holders_has(&next, rank))
            sum->holding = up_obtain(writer, sum, &has, &next, phase + step);
    }
    return phase + steps;
}

/* The sum of two children. It grows where this rank holds one of them in its node's memory. */
static void up_combine(nn_route_writer *writer, up_sum *left, up_sum *right, up_sum *sum)
{
    const nn_route_call *call = writer->call;
    bool in_left = left->holding >= 0;
    int phase = (up_height(sum->begin, sum->end) - 1) * NN_ROUTE_STEPS;
    int end_left = up_spread(writer, left, sum->ranks.begin, sum->ranks.end, phase);
    int end_right = up_spread(writer, right, sum->ranks.begin, sum->ranks.end, phase);

    sum->holding = in_left ? left->holding : right->holding;
    nn_route_join(writer, (nn_join){.phase = end_left > end_right ? end_left : end_right,
                                    .into = sum->holding,
                                    .from = in_left ? right->holding : left->holding,
                                    .cell = nn_holders_cell(&sum->ranks, call->positions, call->rank),
                                    .leaves = sum->end - sum->begin,
                                    .completes = sum->end - sum->begin == call->shares->leaves});
}

/* The number of a node that this rank's node of the cluster sums by itself. */
static int up_bottom(const nn_route_writer *writer, const up_sum *sum)
{
    const up_bottoms *bottoms = writer->context;
    int i = 0;

    while (bottoms->nodes[i].begin != sum->begin) i++;
    return i;
}

static up_sum up_visit(nn_route_writer *writer, int64_t begin, int64_t end)
{
    const nn_route_call *call = writer->call;
    up_sum sum = {begin, end, up_ranks(call, begin, end), -1};

    if (!nn_holders_has(&sum.ranks, call->rank)) return sum;
    if (call->leaders[sum.ranks.end - 1] == sum.ranks.begin) {
        sum.holding = up_bottom(writer, &sum);
        return sum;
    }
    int64_t middle = nn_tree_split(begin, end);
    up_sum left = up_visit(writer, begin, middle), right = up_visit(writer, middle, end);
    up_combine(writer, &left, &right, &sum);
    return sum;
}

static void up_write_bottoms(nn_route_writer *writer, up_bottoms *bottoms)
{
    const nn_route_call *call = writer->call;
    nn_route *route = writer->route;
    nn_holders own = {.begin = call->leaders[call->rank], .end = nn_route_node_end(call, call->rank)};
    int64_t leaves = call->shares->leaves;

    route->bottom_count =
        nn_tree_cover(leaves, call->shares->begin[own.begin], call->shares->begin[own.end], bottoms->nodes);
    route->bottom = nn_holders_cell(&own, call->positions, call->rank);
    for (int i = 0; i < route->bottom_count; i++)
        nn_route_hold(writer,
                      (nn_holding){.source = i, .leaves = bottoms->nodes[i].end - bottoms->nodes[i].begin});
    route->bottom_completes =
        route->bottom_count == 1 && route->holdings && route->holdings[0].leaves == leaves;
}

/* Ranks of nodes without leaves receive the sum in their slices from those that have it. */
static void up_write(nn_route_writer *writer)
{
    const nn_route_call *call = writer->call;
    int64_t leaves = call->shares->leaves;
    up_bottoms bottoms;

    writer->context = &bottoms;
    up_write_bottoms(writer, &bottoms);
    up_sum root = up_visit(writer, 0, leaves);
    bool has_leaves = root.holding >= 0;
    int phase = up_spread(writer, &root, 0, call->shares->size, up_height(0, leaves) * NN_ROUTE_STEPS);
    writer->route->final = root.holding;
    if (has_leaves) return;
    int own = nn_route_hold(writer, (nn_holding){.source = NN_HOLDING_OWN, .leaves = leaves});
    nn_cell slice = {call->positions->position[call->rank], 1};
    nn_route_join(writer, (nn_join){.phase = phase,
                                    .into = own,
                                    .from = root.holding,
                                    .cell = slice,
                                    .leaves = leaves,
                                    .copies = true,
                                    .completes = true});
    writer->route->final = own;
}

nn_status nn_route_create_up(const nn_route_call *call, nn_route *route)
{
    return nn_route_write(call, up_write, route);
}
