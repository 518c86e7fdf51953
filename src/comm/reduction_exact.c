/*
 * `exact`: a reduce-scatter whose sums have the order of the canonical tree.
 *
 * An MPI_Reduce_scatter may add in any order, and the order changes with the number of ranks, and in some
 * implementations with the message size: its bits are not those of the same batch on other ranks. Here the
 * tree is finished in two stages. Within a node of the cluster, each rank reads the partial sums of its peers
 * where they are, in shared memory, and adds them in its cell of the bucket (comm/fold.h): each of k ranks
 * adds 1/k of it, and there is no leader. The result is a few nodes of the tree, one if the numbers of
 * microbatches and ranks are powers of two. Above these, the sums climb the tree in messages between the
 * nodes of the cluster (comm/route.h), each rank adding in its own cell, until it has the whole sum in its
 * slice. With 2^k ranks, a rank sends and receives (1 - 1/P) of a bucket in log2 P messages, which is the
 * minimum.
 *
 * A bucket is started as soon as its layers are done, and moves on whenever `progress` finds that its
 * messages have arrived, while the layers below still compute. Nobody waits in between, and no lock is taken:
 * each rank counts what it has started, summed, claimed and received, over all steps, in counters that the
 * ranks of its node read (acquire and release). Counters only grow, so there is nothing to reset. A rank's
 * partials may be overwritten when all peers have announced that they have summed; the weights, when all
 * ranks that read the same copy have claimed it.
 */
#include "comm/reduction_exact.h"

#include "base/memory.h"
#include "host/clock.h"

nn_status nn_exact_await(nn_reduction *reduction, const atomic_ullong *counter, uint64_t value)
{
    unsigned turns = 0;
    nn_status status = NN_OK;

    if (atomic_load_explicit(counter, memory_order_acquire) >= value) return NN_OK;
    double start = nn_seconds();
    nn_pulse_wait();
    while (status == NN_OK && atomic_load_explicit(counter, memory_order_acquire) < value) {
        status = nn_exact_share_progress(reduction);
        if (status == NN_OK) status = nn_comm_pause(reduction->group, &turns);
    }
    nn_pulse_go_on();
    reduction->clock.waiting += nn_seconds() - start;
    return status;
}

static int exact_tag(int64_t bucket)
{
    return (int)(bucket % NN_EXACT_TAGS);
}

/* ---- creation ---- */

/* For each holding and bucket: where its values arrive; for each send and bucket: where they are converted.
 */
static void exact_place_messages(nn_reduction *reduction, const nn_route *up)
{
    const nn_reduction_plan *plan = &reduction->plan;
    nn_exact *exact = reduction->state;
    size_t arrivals = 0, narrowed = 0, i = 0;

    for (int h = 0; h < up->holding_count; h++) {
        for (int64_t bucket = 0; bucket < plan->bucket_count; bucket++) {
            exact->arrival_at[i++] = arrivals;
            arrivals += nn_reduction_plan_arrival(plan, bucket, &up->holdings[h]);
        }
    }
    i = 0;
    for (int s = 0; s < up->send_count; s++) {
        for (int64_t bucket = 0; bucket < plan->bucket_count; bucket++) {
            exact->narrow_at[i++] = narrowed;
            if (up->holdings[up->sends[s].holding].arrives) continue;
            if (nn_reduction_plan_rounds(plan, up->sends[s].leaves))
                narrowed += nn_reduction_plan_bytes(plan, bucket, up->sends[s].cell, up->sends[s].leaves);
        }
    }
}

static nn_status exact_allocate(nn_reduction *reduction)
{
    const nn_reduction_plan *plan = &reduction->plan;
    nn_exact *exact = reduction->state;
    const nn_route **routes = NULL;
    int64_t holdings = 0, sends = 0;
    int sources = 0;
    nn_status status;

    NN_TRY(NN_ALLOCATE(&routes, plan->leaf_count_kinds, "the plan of a reduction"));
    for (int kind = 0; kind < plan->leaf_count_kinds; kind++) {
        const nn_reduction_leaf_plan *leaves = &plan->leaves[kind];
        routes[kind] = &leaves->up;
        if (leaves->up.holding_count > holdings) holdings = leaves->up.holding_count;
        if (leaves->up.send_count > sends) sends = leaves->up.send_count;
        if (leaves->source_begin[plan->sharer_count] > sources)
            sources = leaves->source_begin[plan->sharer_count];
    }
    status = nn_journey_create(reduction, routes, plan->leaf_count_kinds, &exact->up);
    nn_free(routes);
    NN_TRY(status);
    NN_TRY(NN_ALLOCATE(&exact->arrival_at, holdings * plan->bucket_count, "the plan of a reduction"));
    NN_TRY(NN_ALLOCATE(&exact->narrow_at, sends * plan->bucket_count, "the plan of a reduction"));
    NN_TRY(NN_ALLOCATE(&exact->sources, sources, "the plan of a reduction"));
    NN_TRY(NN_ALLOCATE(&exact->arrivals, nn_reduction_plan_arrivals(plan), "gradients of other nodes"));
    NN_TRY(NN_ALLOCATE(&exact->narrowed, nn_reduction_plan_narrowed(plan), "gradients for other nodes"));
    return nn_exact_create_share(reduction);
}

/* If a node has too little shared memory, the job is planned again, for ranks that share none. */
static nn_status exact_create_peers(nn_reduction *reduction, const nn_reduction_layout *layout)
{
    nn_exact *exact = reduction->state;
    bool alone = false;

    NN_TRY(nn_peers_create(reduction->comm, &reduction->plan, &alone, &exact->peers));
    if (!alone) return NN_OK;
    nn_reduction_plan_release(&reduction->plan);
    NN_TRY(nn_comm_agree(reduction->comm, nn_reduction_plan_create(nn_comm_ranks(reduction->comm), layout,
                                                                   NN_REDUCE_EXACT, true, &reduction->plan)));
    return nn_peers_create(reduction->comm, &reduction->plan, &alone, &exact->peers);
}

static nn_status exact_create(nn_reduction *reduction, const nn_reduction_layout *layout)
{
    nn_exact *exact = NULL;

    nn_status status = NN_ALLOCATE(&exact, 1, "a reduction");
    reduction->state = exact;
    NN_TRY(nn_comm_agree(reduction->comm, status));
    NN_TRY(exact_create_peers(reduction, layout));
    reduction->weights = exact->peers.weights[exact->peers.own];
    reduction->partials = exact->peers.partials[exact->peers.own];
    return exact_allocate(reduction);
}

static void exact_destroy(nn_reduction *reduction)
{
    nn_exact *exact = reduction->state;

    if (exact == NULL) return;
    nn_peers_release(&exact->peers);
    nn_journey_release(&exact->up);
    nn_journey_release(&exact->down);
    nn_free(exact->arrival_at);
    nn_free(exact->narrow_at);
    nn_free(exact->sources);
    nn_free(exact->arrivals);
    nn_free(exact->narrowed);
    nn_free(exact);
}

/* ---- where values are ---- */

/* The first value of a source, of the ranks that share memory, in the flat vector. */
static char *exact_source(const nn_reduction *reduction, int source)
{
    const nn_exact *exact = reduction->state;
    const int *begin = reduction->leaves->source_begin;
    int place = 0;

    while (begin[place + 1] <= source) place++;
    return exact->peers.partials[place] + (size_t)(source - begin[place]) * reduction->plan.stride;
}

/* The memory in which a sum grows: as the flat vector. */
static char *exact_home(const nn_reduction *reduction, const nn_holding *holding)
{
    if (holding->source == NN_HOLDING_OWN) return reduction->partials;
    return exact_source(reduction, reduction->leaves->sum_home[holding->source]);
}

/* The first value of a cell in what has arrived; the cell lies in that of the holding. */
static char *exact_arrival(const nn_reduction *reduction, int64_t bucket, int holding, nn_cell cell)
{
    const nn_reduction_plan *plan = &reduction->plan;
    const nn_exact *exact = reduction->state;
    const nn_holding *from = &reduction->leaves->up.holdings[holding];
    nn_cell before = {from->cell.first, (cell.first - from->cell.first + plan->size) % plan->size};

    return exact->arrivals + exact->arrival_at[holding * plan->bucket_count + bucket] +
           nn_reduction_plan_bytes(plan, bucket, before, from->leaves);
}

static unsigned exact_width(const nn_reduction_plan *plan, int64_t leaves)
{
    return nn_reduction_plan_rounds(plan, leaves) ? 2 : plan->width;
}

/* ---- messages ---- */

/* Posts the receives of a bucket. */
static nn_status exact_receive(nn_reduction *reduction, int64_t bucket)
{
    const nn_reduction_plan *plan = &reduction->plan;
    const nn_route *up = &reduction->leaves->up;
    nn_exact *exact = reduction->state;
    nn_stretch pieces[2];
    int hop = 0;

    for (int phase = 0; phase < up->phase_count; phase++) {
        nn_journey_mark(&exact->up, bucket, phase);
        for (; hop < up->receive_count && up->receives[hop].phase == phase; hop++) {
            const nn_hop *from = &up->receives[hop];
            char *to = exact_arrival(reduction, bucket, from->holding, from->cell);
            int count = nn_cuts_pieces(&plan->cuts, bucket, from->cell, pieces);
            for (int i = 0; i < count; i++) {
                size_t size = (size_t)(pieces[i].end - pieces[i].begin) * exact_width(plan, from->leaves);
                NN_TRY(nn_messages_receive(&exact->up.arriving, to, size, from->peer, exact_tag(bucket)));
                to += size;
            }
        }
    }
    nn_journey_mark(&exact->up, bucket, up->phase_count);
    return NN_OK;
}

/* Sends a cell of a sum; as bfloat16 where sums of that many leaves are rounded to it. */
static nn_status exact_send(nn_reduction *reduction, int64_t bucket, int hop)
{
    const nn_reduction_plan *plan = &reduction->plan;
    const nn_route *up = &reduction->leaves->up;
    const nn_hop *to = &up->sends[hop];
    const nn_holding *holding = &up->holdings[to->holding];
    nn_exact *exact = reduction->state;
    nn_stretch pieces[2];
    int count = nn_cuts_pieces(&plan->cuts, bucket, to->cell, pieces);
    bool narrows = !holding->arrives && nn_reduction_plan_rounds(plan, to->leaves);
    bool near = nn_reduction_plan_is_near(plan, to->peer);
    char *packed = narrows ? exact->narrowed + exact->narrow_at[hop * plan->bucket_count + bucket] : NULL;

    if (holding->arrives) packed = exact_arrival(reduction, bucket, to->holding, to->cell);
    for (int i = 0; i < count; i++) {
        int64_t values = pieces[i].end - pieces[i].begin;
        size_t size = (size_t)values * exact_width(plan, to->leaves);
        const char *from = packed;
        if (!holding->arrives) {
            const char *home = exact_home(reduction, holding) + (size_t)pieces[i].begin * plan->width;
            if (narrows)
                reduction->arithmetic.narrow(values, home, packed);
            else
                from = home;
        }
        NN_TRY(nn_messages_send(&exact->up.leaving, from, size, to->peer, exact_tag(bucket)));
        if (!near) reduction->clock.sent += size;
        if (packed) packed += size;
    }
    return NN_OK;
}

static nn_status exact_send_phase(nn_reduction *reduction, int64_t bucket)
{
    const nn_route *up = &reduction->leaves->up;
    nn_exact *exact = reduction->state;
    int hop, end;

    if (exact->up.entered[bucket]) return NN_OK;
    exact->up.entered[bucket] = true;
    nn_route_find_phase(up->sends, up->send_count, exact->up.phase[bucket], &hop, &end);
    for (; hop < end; hop++) NN_TRY(exact_send(reduction, bucket, hop));
    return NN_OK;
}

/* ---- sums ---- */

static const nn_reduction_slice *exact_slice(const nn_reduction *reduction, int64_t bucket)
{
    int64_t index = reduction->plan.slice_of[bucket];

    return index < 0 ? NULL : &reduction->plan.slices[index];
}

/* Adds the partials of all peers, in this rank's cell. */
static void exact_sum_node(nn_reduction *reduction, int64_t bucket)
{
    const nn_reduction_plan *plan = &reduction->plan;
    const nn_reduction_leaf_plan *leaves = reduction->leaves;
    nn_exact *exact = reduction->state;
    nn_stretch pieces[2];
    int count = nn_cuts_pieces(&plan->cuts, bucket, leaves->up.bottom, pieces);

    for (int i = 0; i < leaves->sum_count; i++) {
        int first = leaves->sum_begin[i], sources = leaves->sum_begin[i + 1] - first;
        if (sources == 1 && !leaves->up.bottom_completes) continue;
        for (int p = 0; p < count; p++) {
            size_t offset = (size_t)pieces[p].begin * plan->width;
            for (int s = 0; s < sources; s++) exact->sources[s] = exact_source(reduction, first + s) + offset;
            nn_sum sum = {.fold = &leaves->folds[i],
                          .sources = exact->sources,
                          .to = exact_source(reduction, leaves->sum_home[i]) + offset,
                          .completes = leaves->up.bottom_completes ? exact_slice(reduction, bucket) : NULL};
            nn_reduction_sum(reduction, &pieces[p], &sum);
        }
    }
}

static void exact_join(nn_reduction *reduction, int64_t bucket, const nn_join *join)
{
    const nn_reduction_plan *plan = &reduction->plan;
    const nn_route *up = &reduction->leaves->up;
    const nn_holding *from = &up->holdings[join->from];
    char *to = exact_home(reduction, &up->holdings[join->into]);
    const char *packed = from->arrives ? exact_arrival(reduction, bucket, join->from, join->cell) : NULL;
    nn_stretch pieces[2];
    int count = nn_cuts_pieces(&plan->cuts, bucket, join->cell, pieces);

    for (int i = 0; i < count; i++) {
        size_t offset = (size_t)pieces[i].begin * plan->width;
        const char *source = packed ? packed : exact_home(reduction, from) + offset;
        nn_sum sum = {.sources = &source,
                      .to = to + offset,
                      .halves = packed && nn_reduction_plan_rounds(plan, from->leaves),
                      .copies = join->copies,
                      .rounds = nn_reduction_plan_rounds(plan, join->leaves),
                      .completes = join->completes ? exact_slice(reduction, bucket) : NULL};
        nn_reduction_sum(reduction, &pieces[i], &sum);
        if (packed) packed += (size_t)(pieces[i].end - pieces[i].begin) * exact_width(plan, from->leaves);
    }
}

static void exact_join_phase(nn_reduction *reduction, int64_t bucket)
{
    const nn_route *up = &reduction->leaves->up;
    const nn_exact *exact = reduction->state;

    for (int i = 0; i < up->join_count; i++)
        if (up->joins[i].phase == exact->up.phase[bucket]) exact_join(reduction, bucket, &up->joins[i]);
}

/* ---- the step ---- */

static void exact_point_to_gradient(nn_reduction *reduction)
{
    nn_reduction_plan *plan = &reduction->plan;
    const nn_route *up = &reduction->leaves->up;
    nn_exact *exact = reduction->state;
    char *sum = exact_home(reduction, &up->holdings[up->final]);

    exact->borrows = sum < reduction->partials ||
                     sum >= reduction->partials + nn_reduction_plan_partials(plan, plan->place);
    for (int64_t i = 0; i < plan->slice_count; i++)
        plan->slices[i].gradient = sum + (size_t)plan->slices[i].begin * plan->width;
}

/* The peers may overwrite their partials. */
static void exact_announce(nn_exact *exact)
{
    atomic_store_explicit(&exact->peers.counters[exact->peers.own].summed, exact->steps,
                          memory_order_release);
}

static nn_status exact_begin(nn_reduction *reduction)
{
    const nn_reduction_plan *plan = &reduction->plan;
    nn_exact *exact = reduction->state;

    exact_announce(exact);
    for (int place = 0; place < exact->peers.count; place++)
        NN_TRY(nn_exact_await(reduction, &exact->peers.counters[place].summed, exact->steps));
    exact->steps++;
    exact->summed = 0;
    exact->complete = false;
    nn_journey_start(reduction, &reduction->leaves->up, &exact->up);
    exact_place_messages(reduction, &reduction->leaves->up);
    exact_point_to_gradient(reduction);
    for (int64_t bucket = plan->bucket_count - 1; bucket >= 0; bucket--) {
        exact->up.phase[bucket] = -1;
        NN_TRY(exact_receive(reduction, bucket));
    }
    return NN_OK;
}

/* Buckets that a rank has started, over all steps, once it has started `bucket` in this one. */
static uint64_t exact_started_count(const nn_reduction *reduction, int64_t bucket)
{
    const nn_exact *exact = reduction->state;
    uint64_t buckets = (uint64_t)reduction->plan.bucket_count;

    return exact->steps * buckets - (uint64_t)bucket;
}

static nn_status exact_start(nn_reduction *reduction, int64_t bucket)
{
    nn_exact *exact = reduction->state;

    atomic_store_explicit(&exact->peers.counters[exact->peers.own].started,
                          exact_started_count(reduction, bucket), memory_order_release);
    return NN_OK;
}

/* Whether the partials of all peers that have leaves are final. */
static bool exact_is_ready(const nn_reduction *reduction, int64_t bucket)
{
    const int *begin = reduction->leaves->source_begin;
    const nn_exact *exact = reduction->state;
    uint64_t needed = exact_started_count(reduction, bucket);

    for (int place = 0; place < exact->peers.count; place++) {
        if (begin[place] == begin[place + 1]) continue;
        if (atomic_load_explicit(&exact->peers.counters[place].started, memory_order_acquire) < needed)
            return false;
    }
    return true;
}

/* Moves a bucket on as far as its messages allow. */
static nn_status exact_advance(nn_reduction *reduction, int64_t bucket)
{
    nn_exact *exact = reduction->state;
    int *phase = &exact->up.phase[bucket];
    bool arrived = false;

    if (*phase < 0) {
        if (!exact_is_ready(reduction, bucket)) return NN_OK;
        exact_sum_node(reduction, bucket);
        *phase = 0;
        nn_pulse();
    }
    for (; *phase < exact->up.route->phase_count; ++*phase) {
        NN_TRY(exact_send_phase(reduction, bucket));
        NN_TRY(nn_journey_test(&exact->up, bucket, &arrived));
        if (!arrived) return NN_OK;
        exact_join_phase(reduction, bucket);
        exact->up.entered[bucket] = false;
        nn_pulse();
    }
    exact->summed++;
    return NN_OK;
}

/* Once all is summed, and what messages still take from here is taken, nothing reads the partials of peers,
 * unless the sum is in them. */
static nn_status exact_complete(nn_reduction *reduction)
{
    nn_exact *exact = reduction->state;

    if (exact->summed < reduction->plan.bucket_count) return NN_OK;
    NN_TRY(nn_journey_has_left(&exact->up, &exact->complete));
    if (exact->complete && !exact->borrows) exact_announce(exact);
    return NN_OK;
}

static nn_status exact_progress(nn_reduction *reduction)
{
    nn_exact *exact = reduction->state;

    NN_TRY(nn_exact_share_progress(reduction));
    if (!reduction->summing || exact->complete) return NN_OK;
    for (int64_t bucket = reduction->plan.bucket_count - 1; bucket >= reduction->unstarted; bucket--) {
        if (exact->up.phase[bucket] < exact->up.route->phase_count || exact->up.phase[bucket] < 0)
            NN_TRY(exact_advance(reduction, bucket));
    }
    return exact_complete(reduction);
}

static bool exact_is_summed(const nn_reduction *reduction)
{
    const nn_exact *exact = reduction->state;

    return exact->complete;
}

/* Whether a bucket is on its way, up or down. */
static bool exact_is_passing(const nn_reduction *reduction)
{
    const nn_exact *exact = reduction->state;

    if (exact->shares > 0 && exact->arrived < reduction->plan.bucket_count) return true;
    return reduction->summing && exact->summed < reduction->plan.bucket_count - reduction->unstarted;
}

static int exact_copy_of(const nn_reduction *reduction, int rank)
{
    return reduction->plan.domains[rank];
}

const nn_reduction_kind nn_reduction_exact = {
    .create = exact_create,
    .destroy = exact_destroy,
    .begin = exact_begin,
    .start = exact_start,
    .progress = exact_progress,
    .is_summed = exact_is_summed,
    .is_passing = exact_is_passing,
    .copy_of = exact_copy_of,
    .claim = nn_exact_claim,
    .share_begin = nn_exact_share_begin,
    .shared = nn_exact_shared,
    .has_shared = nn_exact_has_shared,
};
