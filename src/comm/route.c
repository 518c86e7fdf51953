/* Writing a route down, and what both ways have in common. */
#include <stdlib.h>

#include "base/memory.h"
#include "comm/route_internal.h"

void nn_route_send(nn_route_writer *writer, nn_hop hop)
{
    nn_route *route = writer->route;

    if (route->sends) route->sends[route->send_count] = hop;
    route->send_count++;
}

void nn_route_receive(nn_route_writer *writer, nn_hop hop)
{
    nn_route *route = writer->route;

    if (route->receives) route->receives[route->receive_count] = hop;
    route->receive_count++;
}

void nn_route_join(nn_route_writer *writer, nn_join join)
{
    nn_route *route = writer->route;

    if (route->joins) route->joins[route->join_count] = join;
    route->join_count++;
}

int nn_route_hold(nn_route_writer *writer, nn_holding holding)
{
    nn_route *route = writer->route;

    if (route->holdings) route->holdings[route->holding_count] = holding;
    return route->holding_count++;
}

/* A rank sends at most three messages for each that it would receive; beyond that, in doublings. */
int nn_route_doublings(int part, int count)
{
    int steps = 1;

    if (part == count) return 0;
    if (4 * (int64_t)part >= count) return 1;
    while (((int64_t)part << steps) < count) steps++;
    return steps;
}

nn_holders nn_route_part(nn_route_writer *writer, nn_holders part, int begin, int end, int step, int steps)
{
    if (step == steps) return (nn_holders){.begin = begin, .end = end};
    if (step == 0) return part;
    nn_positions_count(writer->call->positions, begin, end, writer->index);
    part.all_begin = begin;
    part.all_end = end;
    part.step = 1 << (steps - step);
    part.index = writer->index;
    return part;
}

int nn_route_node_end(const nn_route_call *call, int rank)
{
    const int *leaders = call->leaders;
    int end = rank + 1;

    while (end < call->shares->size && leaders[end] == leaders[rank]) end++;
    return end;
}

/* ---- phases ---- */

/* Stable: two ranks pass the messages of one phase in the order in which both visit the tree. */
static void route_sort_hops(nn_hop *hops, int count)
{
    for (int i = 1; i < count; i++) {
        nn_hop hop = hops[i];
        int j = i;
        for (; j > 0 && hops[j - 1].phase > hop.phase; j--) hops[j] = hops[j - 1];
        hops[j] = hop;
    }
}

static void route_sort_joins(nn_join *joins, int count)
{
    for (int i = 1; i < count; i++) {
        nn_join join = joins[i];
        int j = i;
        for (; j > 0 && joins[j - 1].phase > join.phase; j--) joins[j] = joins[j - 1];
        joins[j] = join;
    }
}

/* Replaces the sparse numbers of phases by 0, 1, 2, ... */
static void route_number_phases(nn_route *route)
{
    int send = 0, receive = 0, join = 0;

    route_sort_hops(route->sends, route->send_count);
    route_sort_hops(route->receives, route->receive_count);
    route_sort_joins(route->joins, route->join_count);
    for (;; route->phase_count++) {
        int least = INT32_MAX;
        if (send < route->send_count) least = route->sends[send].phase;
        if (receive < route->receive_count && route->receives[receive].phase < least)
            least = route->receives[receive].phase;
        if (join < route->join_count && route->joins[join].phase < least) least = route->joins[join].phase;
        if (least == INT32_MAX) return;
        while (send < route->send_count && route->sends[send].phase == least)
            route->sends[send++].phase = route->phase_count;
        while (receive < route->receive_count && route->receives[receive].phase == least)
            route->receives[receive++].phase = route->phase_count;
        while (join < route->join_count && route->joins[join].phase == least)
            route->joins[join++].phase = route->phase_count;
    }
}

static nn_status route_allocate(nn_route *route)
{
    NN_TRY(NN_ALLOCATE(&route->sends, route->send_count, "the way of a bucket"));
    NN_TRY(NN_ALLOCATE(&route->receives, route->receive_count, "the way of a bucket"));
    NN_TRY(NN_ALLOCATE(&route->joins, route->join_count, "the way of a bucket"));
    NN_TRY(NN_ALLOCATE(&route->holdings, route->holding_count, "the way of a bucket"));
    route->send_count = route->receive_count = route->join_count = route->holding_count = 0;
    return NN_OK;
}

nn_status nn_route_write(const nn_route_call *call, nn_route_visit visit, nn_route *route)
{
    nn_route_writer writer = {.call = call, .route = route};
    nn_status status;

    *route = (nn_route){.final = -1};
    NN_TRY_TO(done, status, NN_ALLOCATE(&writer.index, call->shares->size, "the way of a bucket"));
    visit(&writer);
    NN_TRY_TO(done, status, route_allocate(route));
    visit(&writer);
    route_number_phases(route);

done:
    nn_free(writer.index);
    return status;
}

void nn_route_release(nn_route *route)
{
    nn_free(route->sends);
    nn_free(route->receives);
    nn_free(route->joins);
    nn_free(route->holdings);
    *route = (nn_route){0};
}
