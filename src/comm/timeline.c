/* The forecast of a step: buckets on their way, seen by one rank. */
#include "comm/timeline.h"

#include <math.h>

#include "base/memory.h"
#include "comm/reduction_plan.h"
#include "comm/rounds.h"

#define TIMELINE_RENDEZVOUS 65536.0
/* All ranks wait for the one whose first weights come last, behind large messages of other buckets: in
 * simulations by up to this part of the time in which the link carries all weights. */
#define TIMELINE_LATE (1 / 12.0)

typedef enum timeline_state { READY, ANNOUNCED, TRAVELS } timeline_state;

/* A phase of a bucket. */
typedef struct timeline_phase {
    double bytes; /* sent or received, the larger */
    double moved; /* bytes read and written once they have arrived */
    int messages;
} timeline_phase;

typedef struct timeline_bucket {
    bool begun;
    int phase;
    timeline_state state;
    double when; /* when it has been announced, or has arrived */
} timeline_bucket;

/* All buckets, in one direction. */
typedef struct timeline_way {
    int phase_count;
    int64_t bucket_count;
    timeline_phase *phases; /* by bucket, then by phase */
    timeline_bucket *buckets;
} timeline_way;

typedef struct timeline_run {
    const nn_timeline_call *call;
    nn_reduction_plan plan;
    timeline_way up, down;
    double rate, memory; /* of this rank */
    double now, link_until, passing_since;
    bool passing;
    nn_timeline of;
} timeline_run;

/* ---- what there is to be sent ---- */

static nn_status timeline_allocate(timeline_way *way, int64_t buckets, int phases)
{
    *way = (timeline_way){.phase_count = phases, .bucket_count = buckets};
    NN_TRY(NN_ALLOCATE(&way->phases, buckets * phases + 1, "a forecast"));
    return NN_ALLOCATE(&way->buckets, buckets, "a forecast");
}

static void timeline_release(timeline_way *way)
{
    nn_free(way->phases);
    nn_free(way->buckets);
}

static double timeline_sum(const nn_reduction_plan *plan, int64_t bucket, const nn_hop *hops, int count,
                           int phase, int *messages)
{
    double bytes = 0;
    *messages = 0;
    for (int i = 0; i < count; i++) {
        if (hops[i].phase != phase) continue;
        double more = (double)nn_reduction_plan_bytes(plan, bucket, hops[i].cell, hops[i].leaves);
        bytes += more;
        *messages += more > 0;
    }
    return bytes;
}

static double timeline_joined(const nn_reduction_plan *plan, int64_t bucket, const nn_route *route, int phase)
{
    double bytes = 0;
    for (int i = 0; i < route->join_count; i++)
        if (route->joins[i].phase == phase)
            bytes += (route->joins[i].copies ? 2.0 : 3.0) * plan->width *
                     (double)nn_cuts_count(&plan->cuts, bucket, route->joins[i].cell);
    return bytes;
}

static nn_status timeline_list(const nn_reduction_plan *plan, const nn_route *route, timeline_way *way)
{
    NN_TRY(timeline_allocate(way, plan->bucket_count, route->phase_count));
    for (int64_t bucket = 0; bucket < plan->bucket_count; bucket++) {
        for (int phase = 0; phase < route->phase_count; phase++) {
            int sends, receives;
            double out = timeline_sum(plan, bucket, route->sends, route->send_count, phase, &sends);
            double in = timeline_sum(plan, bucket, route->receives, route->receive_count, phase, &receives);
            way->phases[bucket * route->phase_count + phase] =
                (timeline_phase){.bytes = out > in ? out : in,
                                 .moved = timeline_joined(plan, bucket, route, phase),
                                 .messages = sends > receives ? sends : receives};
        }
    }
    return NN_OK;
}

/* Levels of a binary tree above a number of leaves. */
static int timeline_height(int leaves)
{
    int height = 0;
    while ((int64_t)1 << height < leaves) height++;
    return height;
}

/* MPI_Iallreduce, taken to halve and to double, as that of the exact sum. */
static nn_status timeline_list_plain(const nn_reduction_plan *plan, timeline_way *way)
{
    int levels = timeline_height(plan->size);
    NN_TRY(timeline_allocate(way, plan->bucket_count, 2 * levels));
    for (int64_t bucket = 0; bucket < plan->bucket_count; bucket++) {
        nn_reduction_slice whole = nn_cuts_slice(&plan->cuts, bucket, 0);
        double bytes = (double)(whole.end - whole.begin) * plan->width;
        timeline_phase *phases = &way->phases[bucket * 2 * levels];
        for (int level = 0; level < levels; level++) {
            bytes /= 2;
            phases[level] = (timeline_phase){bytes, 3 * bytes, 1};
            phases[2 * levels - 1 - level] = (timeline_phase){bytes, 0, 1};
        }
    }
    return NN_OK;
}

/* Bytes that a rank reads and writes to add what the ranks of its node have. */
static double timeline_node_sum(const nn_reduction_plan *plan, int64_t bucket)
{
    const nn_reduction_leaf_plan *leaves = &plan->leaves[0];
    double values = (double)nn_cuts_count(&plan->cuts, bucket, leaves->up.bottom), bytes = 0;
    if (plan->mode != NN_REDUCE_EXACT) return 0;
    for (int i = 0; i < leaves->sum_count; i++) {
        int sources = leaves->sum_begin[i + 1] - leaves->sum_begin[i];
        if (sources > 1) bytes += (sources + 1) * values * plan->width;
    }
    return bytes;
}

/* ---- progress ---- */

static void timeline_start(timeline_run *run, timeline_bucket *bucket, const timeline_phase *phase)
{
    double seconds = phase->bytes / run->rate, latency = run->call->node.latency;
    bool busy = run->link_until > run->now;
    double from = busy ? run->link_until : run->now;
    run->link_until = from + seconds;
    run->of.wire += seconds;
    bucket->state = TRAVELS;
    if (phase->bytes < TIMELINE_RENDEZVOUS * phase->messages)
        bucket->when = run->now + latency + (busy ? 2 : 1) * seconds;
    else
        bucket->when = from + latency + seconds;
}

static void timeline_advance(timeline_run *run, timeline_way *way, int64_t b)
{
    timeline_bucket *bucket = &way->buckets[b];
    for (; bucket->phase < way->phase_count; bucket->phase++) {
        const timeline_phase *phase = &way->phases[b * way->phase_count + bucket->phase];
        if (phase->bytes > 0) {
            if (bucket->state == READY && phase->bytes < TIMELINE_RENDEZVOUS * phase->messages) {
                timeline_start(run, bucket, phase);
            } else if (bucket->state == READY) {
                bucket->state = ANNOUNCED;
                bucket->when = run->now + run->call->node.latency;
            }
            if (run->now < bucket->when) return;
            if (bucket->state == ANNOUNCED) timeline_start(run, bucket, phase);
            if (run->now < bucket->when) return;
        }
        run->now += phase->moved / run->memory;
        bucket->state = READY;
    }
}

static bool timeline_is_done(const timeline_way *way, int64_t bucket)
{
    return way->buckets[bucket].phase == way->phase_count;
}

/* Looks at the buckets [begin, end) that have begun. Returns when the next of them moves; INFINITY: none. */
static double timeline_next(const timeline_way *way, bool *passing)
{
    double next = INFINITY;
    for (int64_t b = 0; b < way->bucket_count; b++) {
        if (!way->buckets[b].begun || timeline_is_done(way, b)) continue;
        *passing = true;
        if (way->buckets[b].when < next) next = way->buckets[b].when;
    }
    return next;
}

/* The weights are on their way from the start, in the order of the buckets. */
static void timeline_descend(timeline_run *run)
{
    timeline_way *way = &run->down;
    for (int64_t first = 0; first < way->bucket_count; first++) {
        for (int64_t b = first; b < way->bucket_count && b < first + NN_SHARE_WINDOW; b++) {
            way->buckets[b].begun = true;
            timeline_advance(run, way, b);
        }
        if (!timeline_is_done(way, first)) return;
    }
}

static double timeline_progress(timeline_run *run)
{
    bool passing = false;
    timeline_descend(run);
    for (int64_t b = run->up.bucket_count - 1; b >= 0; b--)
        if (run->up.buckets[b].begun) timeline_advance(run, &run->up, b);
    double next = fmin(timeline_next(&run->down, &passing), timeline_next(&run->up, &passing));
    if (passing != run->passing) {
        if (passing)
            run->passing_since = run->now;
        else
            run->of.passing += run->now - run->passing_since;
        run->passing = passing;
    }
    return next;
}

/* Until all buckets from the first to this one are done. */
static void timeline_wait(timeline_run *run, const timeline_way *way, int64_t last)
{
    double began = run->now, next = timeline_progress(run);
    for (int64_t b = 0; b <= last; b++) {
        while (!timeline_is_done(way, b) && isfinite(next)) {
            run->now = fmax(run->now, next);
            next = timeline_progress(run);
        }
    }
    run->of.waiting += run->now - began;
}

/* What takes this rank until `end` while it makes progress. */
static void timeline_pass(timeline_run *run, double end)
{
    double next = timeline_progress(run);
    while (next < end) {
        run->now = fmax(run->now, next);
        next = timeline_progress(run);
    }
    run->now = fmax(run->now, end);
}

/* ---- the step ---- */

/* Levels of the tree of ranks between nodes. */
static double timeline_levels(const timeline_run *run)
{
    int nodes = 0;
    for (int rank = 0; rank < run->call->ranks.size; rank++) nodes += run->call->ranks.leaders[rank] == rank;
    return timeline_height(nodes);
}

/* Seconds of a round of 2^k ranks, whose messages share the link with a large one. Ranks of a node, which are
 * consecutive, take none. */
static double timeline_round(const timeline_run *run, nn_round round)
{
    const nn_ranks *ranks = &run->call->ranks;
    int messages = 0;
    for (int i = 1; i < round.radix; i++)
        messages += ranks->leaders[ranks->rank ^ i * round.step] != ranks->leaders[ranks->rank];
    if (messages == 0) return 0;
    return run->call->node.latency + 2 * messages * (double)round.bytes / run->rate;
}

/* Up the tree to rank 0, and down again, unless the number of ranks is a power of two (step/exchange.c). */
static double timeline_merge_seconds(const timeline_run *run, size_t bytes)
{
    int size = run->call->ranks.size;
    nn_round rounds[NN_ROUNDS_MAX];
    double seconds = 0;
    if ((size & (size - 1)) != 0)
        return 2 * timeline_levels(run) *
               (run->call->node.latency + 2 * (double)bytes / run->call->node.rate);
    int count = nn_rounds_plan(size, bytes, rounds);
    for (int i = 0; i < count; i++) seconds += timeline_round(run, rounds[i]);
    return seconds;
}

static void timeline_merge(timeline_run *run, size_t bytes)
{
    double began = run->now;
    if (bytes == 0) return;
    timeline_pass(run, run->now + timeline_merge_seconds(run, bytes));
    run->of.merging += run->now - began;
}

static void timeline_compute(timeline_run *run, const nn_timeline_stop *stop)
{
    run->now += stop->seconds;
    run->of.compute += stop->seconds;
}

static void timeline_step(timeline_run *run)
{
    const nn_timeline_call *call = run->call;
    for (int i = 0; i < call->forward_count; i++) {
        const nn_timeline_stop *stop = &call->forward[i];
        if (stop->bucket >= 0) timeline_wait(run, &run->down, stop->bucket);
        timeline_merge(run, stop->merged);
        timeline_compute(run, stop);
        timeline_progress(run);
    }
    timeline_wait(run, &run->down, run->down.bucket_count - 1);
    double late = fmax(0, TIMELINE_LATE * run->of.wire - run->of.waiting);
    for (int i = 0; i < call->backward_count; i++) {
        const nn_timeline_stop *stop = &call->backward[i];
        timeline_merge(run, stop->merged);
        timeline_compute(run, stop);
        if (stop->bucket >= 0) {
            run->up.buckets[stop->bucket].begun = true;
            run->now += timeline_node_sum(&run->plan, stop->bucket) / run->memory;
        }
        timeline_progress(run);
    }
    timeline_wait(run, &run->up, run->up.bucket_count - 1);
    /* Up and down the tree. */
    double agreement = 2 * timeline_levels(run) * call->node.latency + late;
    run->of.waiting += agreement;
    run->of.step = run->now + agreement;
}

nn_status nn_timeline_forecast(const nn_timeline_call *call, nn_timeline *timeline)
{
    timeline_run run = {.call = call};
    nn_status status;
    int sharers = 0;
    *timeline = (nn_timeline){0};
    NN_TRY_TO(done, status,
              nn_reduction_plan_create(call->ranks, call->layout, call->mode, false, &run.plan));
    for (int rank = 0; rank < call->ranks.size; rank++)
        sharers += call->ranks.leaders[rank] == call->ranks.leaders[call->ranks.rank];
    run.rate = call->node.rate / sharers;
    run.memory = call->node.memory / sharers;
    if (call->mode == NN_REDUCE_EXACT) {
        NN_TRY_TO(done, status, timeline_list(&run.plan, &run.plan.leaves[0].up, &run.up));
        NN_TRY_TO(done, status, timeline_list(&run.plan, &run.plan.down, &run.down));
    } else {
        NN_TRY_TO(done, status, timeline_list_plain(&run.plan, &run.up));
    }
    timeline_step(&run);
    *timeline = run.of;
done:
    timeline_release(&run.up);
    timeline_release(&run.down);
    nn_reduction_plan_release(&run.plan);
    return status;
}
