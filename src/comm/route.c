/* Writing a route down, and what both ways have in common. */
#include <limits.h>
#include <stddef.h>
#include <string.h>

#include "base/memory.h"
#include "comm/route_internal.h"

/* Appends, if there is an array yet. */
static void route_append(void *array, int *count, const void *item, size_t size)
{
    if (array) memcpy((char *)array + (size_t)*count * size, item, size);
    ++*count;
}

void nn_route_send(nn_route_writer *writer, nn_hop hop)
{
    route_append(writer->route->sends, &writer->route->send_count, &hop, sizeof hop);
}

void nn_route_receive(nn_route_writer *writer, nn_hop hop)
{
    route_append(writer->route->receives, &writer->route->receive_count, &hop, sizeof hop);
}

void nn_route_join(nn_route_writer *writer, nn_join join)
{
    route_append(writer->route->joins, &writer->route->join_count, &join, sizeof join);
}

int nn_route_hold(nn_route_writer *writer, nn_holding holding)
{
    route_append(writer->route->holdings, &writer->route->holding_count, &holding, sizeof holding);
    return writer->route->holding_count - 1;
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

/* Hops and joins begin with their phase. */
_Static_assert(offsetof(nn_hop, phase) == 0 && offsetof(nn_join, phase) == 0, "phases come first");

static int *route_phase(void *items, int i, size_t size)
{
    return (int *)(void *)((char *)items + (size_t)i * size);
}

/* By phase. Stable: two ranks pass the messages of one phase in the order in which both visit the tree. */
static void route_sort(void *items, int count, size_t size)
{
    char item[sizeof(nn_hop) > sizeof(nn_join) ? sizeof(nn_hop) : sizeof(nn_join)];

    for (int i = 1; i < count; i++) {
        int j = i, phase = *route_phase(items, i, size);
        while (j > 0 && *route_phase(items, j - 1, size) > phase) j--;
        memcpy(item, route_phase(items, i, size), size);
        memmove(route_phase(items, j + 1, size), route_phase(items, j, size), (size_t)(i - j) * size);
        memcpy(route_phase(items, j, size), item, size);
    }
}

/* Renumbers the items at the cursor that are of a phase. */
static void route_renumber(void *items, int count, size_t size, int *next, int phase, int number)
{
    for (; *next < count && *route_phase(items, *next, size) == phase; ++*next)
        *route_phase(items, *next, size) = number;
}

/* Replaces the sparse numbers of phases by 0, 1, 2, ... */
static void route_number_phases(nn_route *route)
{
    void *items[] = {route->sends, route->receives, route->joins};
    const int counts[] = {route->send_count, route->receive_count, route->join_count};
    const size_t sizes[] = {sizeof(nn_hop), sizeof(nn_hop), sizeof(nn_join)};
    int next[3] = {0};

    for (int k = 0; k < 3; k++) route_sort(items[k], counts[k], sizes[k]);
    for (;; route->phase_count++) {
        int least = INT_MAX;
        for (int k = 0; k < 3; k++)
            if (next[k] < counts[k] && *route_phase(items[k], next[k], sizes[k]) < least)
                least = *route_phase(items[k], next[k], sizes[k]);
        if (least == INT_MAX) return;
        for (int k = 0; k < 3; k++)
            route_renumber(items[k], counts[k], sizes[k], &next[k], least, route->phase_count);
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
