/* The messages of all buckets on their way between the nodes of the cluster, in one direction. */
#include "base/memory.h"
#include "comm/reduction_exact.h"

/* Messages for the hops of a route, of all buckets. */
static size_t journey_count(const nn_reduction_plan *plan, const nn_hop *hops, int count)
{
    size_t messages = 0;
    nn_stretch pieces[2];

    for (int i = 0; i < count; i++) {
        size_t width = nn_reduction_plan_rounds(plan, hops[i].leaves) ? 2 : plan->width;
        for (int64_t bucket = 0; bucket < plan->bucket_count; bucket++) {
            for (int j = nn_cuts_pieces(&plan->cuts, bucket, hops[i].cell, pieces); j-- > 0;)
                messages += nn_messages_pieces((size_t)(pieces[j].end - pieces[j].begin) * width);
        }
    }
    return messages;
}

nn_status nn_journey_create(const nn_reduction *reduction, const nn_route *const *routes, int route_count,
                            nn_journey *journey)
{
    const nn_reduction_plan *plan = &reduction->plan;
    size_t arriving = 0, leaving = 0;
    int phases = 0;

    for (int i = 0; i < route_count; i++) {
        size_t in = journey_count(plan, routes[i]->receives, routes[i]->receive_count);
        size_t out = journey_count(plan, routes[i]->sends, routes[i]->send_count);
        if (in > arriving) arriving = in;
        if (out > leaving) leaving = out;
        if (routes[i]->phase_count > phases) phases = routes[i]->phase_count;
    }
    NN_TRY(nn_messages_create(reduction->group, arriving, &journey->arriving));
    NN_TRY(nn_messages_create(reduction->group, leaving, &journey->leaving));
    NN_TRY(NN_ALLOCATE(&journey->receive_begin, plan->bucket_count * (phases + 1), "messages in progress"));
    NN_TRY(NN_ALLOCATE(&journey->phase, plan->bucket_count, "messages in progress"));
    return NN_ALLOCATE(&journey->entered, plan->bucket_count, "messages in progress");
}

void nn_journey_release(nn_journey *journey)
{
    nn_messages_release(&journey->arriving);
    nn_messages_release(&journey->leaving);
    nn_free(journey->receive_begin);
    nn_free(journey->phase);
    nn_free(journey->entered);
}

void nn_journey_start(const nn_reduction *reduction, const nn_route *route, nn_journey *journey)
{
    journey->route = route;
    journey->arriving.count = journey->leaving.count = journey->sent = 0;
    for (int64_t bucket = 0; bucket < reduction->plan.bucket_count; bucket++) {
        journey->phase[bucket] = 0;
        journey->entered[bucket] = false;
    }
}

void nn_journey_mark(nn_journey *journey, int64_t bucket, int phase)
{
    journey->receive_begin[bucket * (journey->route->phase_count + 1) + phase] = journey->arriving.count;
}

nn_status nn_journey_test(nn_journey *journey, int64_t bucket, bool *arrived)
{
    const int *begin =
        journey->receive_begin + bucket * (journey->route->phase_count + 1) + journey->phase[bucket];

    return nn_messages_test(&journey->arriving, begin[0], begin[1], arrived);
}

nn_status nn_journey_has_left(nn_journey *journey, bool *left)
{
    NN_TRY(nn_messages_test(&journey->leaving, journey->sent, journey->leaving.count, left));
    if (*left) journey->sent = journey->leaving.count;
    return NN_OK;
}

void nn_route_find_phase(const nn_hop *hops, int count, int phase, int *begin, int *end)
{
    for (*begin = 0; *begin < count && hops[*begin].phase < phase;) ++*begin;
    for (*end = *begin; *end < count && hops[*end].phase == phase;) ++*end;
}
