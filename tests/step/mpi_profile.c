/* What a profile records of whole steps, on any number of ranks. */
#include "step/profile.h"
#include "step/workers_parts.h"
#include "stepper.h"

#define EVENTS 4096
#define THREADS 2 /* of which the stepper uses one */

static void run_steps(bench *b, nn_profile *profile)
{
    nn_step_result result;
    if (profile) {
        b->workers->profile = profile;
        for (int64_t i = 0; i < b->workers->slots; i++) b->workers->loaded[i].profile = profile;
        nn_profile_attach(profile, b->stepper, false);
        nn_profile_attach(profile, b->stepper, true);
    }
    CHECK_OK(nn_stepper_begin(b->stepper, 0));
    for (int64_t step = 0; step < BENCH_STEPS; step++) CHECK_OK(nn_stepper_run(b->stepper, step, 0, &result));
    CHECK_OK(nn_stepper_settle(b->stepper));
}

static int64_t count_microbatches(const bench *b, int64_t step)
{
    const nn_shares *shares = nn_stepper_shares(b->stepper, nn_plan_batch(&b->plan, step).microbatches);
    return nn_shares_length(shares, nn_comm_rank(b->comm));
}

static int64_t count_events(const nn_profile *profile, nn_profile_kind kind, int layer, int64_t step)
{
    int64_t count, found = 0;
    const nn_profile_event *events = nn_profile_events(profile, 0, &count);
    for (int64_t i = 0; i < count; i++)
        found += events[i].kind == (int)kind && events[i].layer == layer && events[i].step == step;
    return found;
}

/* Fails when work of a layer or a part of the step is missing, counted twice, or outside of its step. */
static void check_events(const bench *b, const nn_profile *profile)
{
    double begin[BENCH_STEPS], end[BENCH_STEPS];
    int64_t count;
    const nn_profile_event *events = nn_profile_events(profile, 0, &count);
    for (int64_t i = 0; i < count; i++)
        if (events[i].kind == NN_PROFILE_STEP) {
            begin[events[i].step] = events[i].begin;
            end[events[i].step] = events[i].end;
        }
    for (int64_t step = 0; step < BENCH_STEPS; step++) {
        int64_t microbatches = count_microbatches(b, step);
        CHECK(count_events(profile, NN_PROFILE_STEP, 0, step) == 1, "a step is not one step");
        CHECK(count_events(profile, NN_PROFILE_UPDATE, 0, step) == 1, "an update is missing");
        CHECK(count_events(profile, NN_PROFILE_SHARE, 0, step) > 0, "the new weights are missing");
        CHECK(count_events(profile, NN_PROFILE_LOAD, 0, step) == microbatches, "microbatches are missing");
        for (int l = 1; l < b->model->network->layer_count; l++) {
            const nn_layer *layer = &b->model->network->layers[l];
            if (microbatches == 0 || layer->is_alias) continue;
            CHECK(count_events(profile, NN_PROFILE_FORWARD, l, step) > 0, "forward of layer %d is missing",
                  l);
            CHECK(count_events(profile, NN_PROFILE_BACKWARD, l, step) > 0, "backward of layer %d is missing",
                  l);
            CHECK((count_events(profile, NN_PROFILE_GRADIENT, l, step) > 0) == (layer->part_count > 0),
                  "weight gradients of layer %d", l);
        }
    }
    for (int64_t i = 0; i < count; i++)
        CHECK(events[i].begin <= events[i].end && events[i].begin >= begin[events[i].step] &&
                  events[i].end <= end[events[i].step],
              "event %lld is not within its step", (long long)i);
}

/* Fails when the seconds are not those of the events, what a rank does does not count for all of its threads,
 * or the parts exceed the steps. */
static void check_seconds(const bench *b, nn_profile *profile)
{
    int layers = b->model->network->layer_count, places = nn_profile_places(layers);
    double *seconds = NULL, samples, parts = 0, step = 0;
    int64_t steps, count;
    CHECK_OK(NN_ALLOCATE(&seconds, places, "seconds"));
    nn_profile_take(profile, seconds, &steps, &samples);
    const nn_profile_event *events = nn_profile_events(profile, 0, &count);
    for (int64_t i = 0; i < count; i++) {
        double spent = events[i].end - events[i].begin;
        seconds[nn_profile_place(layers, (nn_profile_kind)events[i].kind, events[i].layer)] -=
            events[i].kind < NN_PROFILE_THREAD_KINDS ? spent : THREADS * spent;
        *(events[i].kind == NN_PROFILE_STEP ? &step : &parts) += spent;
    }
    for (int i = 0; i < places; i++) CHECK(fabs(seconds[i]) < 1e-9, "place %d is %g s off", i, seconds[i]);
    CHECK(parts <= step * (1 + 1e-9) && parts > step / 2, "the parts take %g s of %g s", parts, step);
    CHECK(steps == BENCH_STEPS && samples == BENCH_SAMPLES, "%lld steps of %g samples", (long long)steps,
          samples);
    nn_profile_take(profile, seconds, &steps, &samples);
    CHECK(steps == 0 && samples == 0 && seconds[0] == 0, "the steps were taken twice");
    nn_free(seconds);
}

/* Fails when a step is changed by being recorded. */
static void records_whole_steps(nn_comm *comm)
{
    bench b;
    nn_profile *profile = NULL;
    bench_open(comm, "adam", "clip_norm: 1", &b);
    run_steps(&b, NULL);
    uint64_t expected = nn_network_fingerprint(b.model->network, nn_reduction_weights(b.stepper->reduction));
    bench_close(&b);
    bench_open(comm, "adam", "clip_norm: 1", &b);
    CHECK_OK(nn_profile_create(THREADS, b.model->network->layer_count, EVENTS, &profile));
    run_steps(&b, profile);
    CHECK(nn_network_fingerprint(b.model->network, nn_reduction_weights(b.stepper->reduction)) == expected,
          "recording has changed the weights");
    CHECK(nn_profile_first_step(profile) == 0 && nn_profile_first_lost(profile) == -1, "steps were lost");
    check_events(&b, profile);
    check_seconds(&b, profile);
    bench_close(&b);
    nn_profile_destroy(profile);
}

/* Fails when full memory loses events of a step that counts as complete, or seconds. */
static void keeps_the_first_steps(nn_comm *comm)
{
    bench b;
    nn_profile *all = NULL, *some = NULL;
    int64_t count, room = 0;
    bench_open(comm, "adam", "clip_norm: 1", &b);
    CHECK_OK(nn_profile_create(1, b.model->network->layer_count, EVENTS, &all));
    run_steps(&b, all);
    const nn_profile_event *events = nn_profile_events(all, 0, &count);
    for (int64_t i = 0; i < count; i++) room += events[i].step == 0;
    bench_close(&b);
    bench_open(comm, "adam", "clip_norm: 1", &b);
    /* As many as the first step has, and work of other observers, which is noted only where it is long. */
    CHECK_OK(nn_profile_create(1, b.model->network->layer_count, room + NN_SEAMS, &some));
    run_steps(&b, some);
    CHECK(nn_profile_first_lost(some) == 1, "step %lld is lost first",
          (long long)nn_profile_first_lost(some));
    CHECK(count_events(some, NN_PROFILE_LOAD, 0, 0) == count_microbatches(&b, 0) &&
              count_events(some, NN_PROFILE_STEP, 0, 0) == 1,
          "events of a complete step are lost");
    double seconds[256], samples;
    int64_t steps;
    nn_profile_take(some, seconds, &steps, &samples);
    CHECK(steps == BENCH_STEPS, "%lld steps are counted", (long long)steps);
    bench_close(&b);
    nn_profile_destroy(all);
    nn_profile_destroy(some);
}

int main(int argc, char **argv)
{
    nn_comm *comm = NULL;
    if (nn_comm_start(&argc, &argv, &comm) != NN_OK) {
        fprintf(stderr, "%s\n", nn_error_text());
        return 1;
    }
    records_whole_steps(comm);
    keeps_the_first_steps(comm);
    return check_end(comm);
}
