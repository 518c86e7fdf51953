/* The way down: weights from the owners of slices to all nodes of the cluster. */
#include "base/least.h"
#include "comm/route_internal.h"

/* One half of a set gets what the other has: in the last step, each rank of the half has its cell. */
static void down_gather(nn_route_writer *writer, int begin, int end, int half_begin, int half_end, int phase)
{
    const nn_route_call *call = writer->call;
    const nn_positions *positions = call->positions;
    nn_holders half = {.begin = half_begin, .end = half_end};
    int steps = nn_route_doublings(half_end - half_begin, end - begin), rank = call->rank;

    for (int step = steps; step >= 1; step--, phase++) {
        nn_holders has = nn_route_part(writer, half, begin, end, step, steps);
        nn_holders next = nn_route_part(writer, half, begin, end, step - 1, steps);
        if (!nn_holders_has(&has, rank)) continue;
        if (!nn_holders_has(&next, rank)) {
            int peer = nn_holders_holder(&next, positions, positions->position[rank]);
            nn_route_send(
                writer,
                (nn_hop){.phase = phase, .peer = peer, .cell = nn_holders_cell(&has, positions, rank)});
            continue;
        }
        nn_cell cell = nn_holders_cell(&next, positions, rank);
        for (int i = 1; i < cell.count; i++) {
            int peer = positions->rank_at[(cell.first + i) % positions->size];
            if (nn_holders_has(&has, peer))
                nn_route_receive(
                    writer,
                    (nn_hop){.phase = phase, .peer = peer, .cell = nn_holders_cell(&has, positions, peer)});
        }
    }
}

/* Where the ranks [begin, end), of several nodes, are divided: at the boundary of nodes that comes first at
 * or after the middle of their leaves, else in the middle of the nodes. */
static int down_middle(const nn_route_call *call, int begin, int end, nn_tree_node *leaves)
{
    const int64_t *share = call->shares->begin;

    while (leaves->end - leaves->begin > 1) {
        int64_t split = nn_tree_split(leaves->begin, leaves->end);
        int middle = begin;
        while (middle < end && share[middle] < split) middle = nn_route_node_end(call, middle);
        if (middle > begin && middle < end) return middle;
        if (middle == end)
            leaves->end = split;
        else
            leaves->begin = split;
    }
    int nodes = 0, middle = begin;
    for (int rank = begin; rank < end; rank = nn_route_node_end(call, rank)) nodes++;
    for (int64_t i = nn_tree_split(0, nodes); i > 0; i--) middle = nn_route_node_end(call, middle);
    return middle;
}

/* From the ranks [begin, end), which hold the vector together, to each node of the cluster among them. */
static void down_visit(nn_route_writer *writer, int begin, int end, nn_tree_node leaves, int phase)
{
    const nn_route_call *call = writer->call;

    if (call->leaders[end - 1] == call->leaders[begin]) return;
    int middle = down_middle(call, begin, end, &leaves);
    bool left = call->rank < middle;
    int64_t split = nn_larger(nn_smaller(call->shares->begin[middle], leaves.end), leaves.begin);
    down_gather(writer, begin, end, begin, middle, phase);
    down_gather(writer, begin, end, middle, end, phase);
    phase += NN_ROUTE_STEPS;
    if (left)
        down_visit(writer, begin, middle, (nn_tree_node){leaves.begin, split}, phase);
    else
        down_visit(writer, middle, end, (nn_tree_node){split, leaves.end}, phase);
}

static void down_write(nn_route_writer *writer)
{
    const nn_shares *shares = writer->call->shares;

    down_visit(writer, 0, shares->size, (nn_tree_node){0, shares->leaves}, 0);
}

nn_status nn_route_create_down(const nn_route_call *call, nn_route *route)
{
    return nn_route_write(call, down_write, route);
}
