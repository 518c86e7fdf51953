#include "step/profile.h"

#include <omp.h>
#include <string.h>

#include "base/memory.h"
#include "host/clock.h"

/* What a thread writes, and no other. */
typedef struct profile_thread {
    double *seconds; /* by place, since they were taken last */
    double waited;   /* seconds that the rank had waited for data when the work began */
    nn_profile_event *events;
    int64_t count;
    bool full;
    char apart[64]; /* from the next thread, in another line of the cache */
} profile_thread;

struct nn_profile {
    int threads, layer_count;
    profile_thread *of;
    const nn_stepper *stepper;
    bool computing; /* between NN_SEAM_BEGIN and NN_SEAM_COMPUTED */
    bool open;      /* a step has begun that is not counted */
    int64_t step, steps;
    double batch_samples, samples;
    double step_began, part_began;
    int64_t capacity; /* events per thread */
    int64_t first_step, first_lost;
};

const char *nn_profile_kind_name(nn_profile_kind kind)
{
    static const char *const names[] = {
        [NN_PROFILE_FORWARD] = "forward",
        [NN_PROFILE_BACKWARD] = "backward",
        [NN_PROFILE_GRADIENT] = "weight gradient",
        [NN_PROFILE_WAIT] = "data wait",
        [NN_PROFILE_LOAD] = "input",
        [NN_PROFILE_LOSS] = "loss",
        [NN_PROFILE_COLLECT] = "batch statistics",
        [NN_PROFILE_PACK] = "weight layout",
        [NN_PROFILE_MERGE] = "statistics exchange",
        [NN_PROFILE_REDUCTION] = "reduction",
        [NN_PROFILE_AGREEMENT] = "agreement",
        [NN_PROFILE_UPDATE] = "update",
        [NN_PROFILE_SHARE] = "share",
        [NN_PROFILE_VERIFICATION] = "verification",
        [NN_PROFILE_STEP] = "step",
    };
    return names[kind];
}

nn_status nn_profile_create(int threads, int layer_count, int64_t events, nn_profile **profile)
{
    const char *what = "the profile";
    NN_TRY(NN_ALLOCATE(profile, 1, what));
    nn_profile *made = *profile;
    made->layer_count = layer_count;
    made->capacity = events;
    made->first_step = made->first_lost = -1;
    nn_status status = NN_ALLOCATE(&made->of, threads, what);
    if (status == NN_OK) made->threads = threads;
    for (int t = 0; status == NN_OK && t < threads; t++) {
        status = NN_ALLOCATE(&made->of[t].seconds, nn_profile_places(layer_count), what);
        if (status == NN_OK && events > 0) status = NN_ALLOCATE(&made->of[t].events, events, what);
    }
    if (status != NN_OK) {
        nn_profile_destroy(made);
        *profile = NULL;
    }
    return status;
}

void nn_profile_destroy(nn_profile *profile)
{
    if (!profile) return;
    for (int t = 0; t < profile->threads; t++) {
        nn_free(profile->of[t].seconds);
        nn_free(profile->of[t].events);
    }
    nn_free(profile->of);
    nn_free(profile);
}

/* ---- recording ---- */

/* threads: that are busy with it, or wait for it. */
static void profile_add(nn_profile *profile, profile_thread *thread, nn_profile_event event, int threads)
{
    thread->seconds[nn_profile_place(profile->layer_count, (nn_profile_kind)event.kind, event.layer)] +=
        threads * (event.end - event.begin);
    if (thread->count < profile->capacity && !thread->full)
        thread->events[thread->count++] = event;
    else
        thread->full = true;
}

/* Of the rank, by the thread that runs the steps. */
static void profile_add_part(nn_profile *profile, nn_profile_kind kind, double begin, double end)
{
    profile_add(profile, &profile->of[0], (nn_profile_event){begin, end, profile->step, (int16_t)kind, 0},
                profile->threads);
}

static double profile_waited(const nn_profile *profile)
{
    return profile->stepper ? nn_dataset_waited(profile->stepper->data, NN_TRAIN) : 0;
}

double nn_profile_now(const nn_profile *profile)
{
    return profile->computing ? nn_seconds() : 0;
}

double nn_profile_begin_load(nn_profile *profile)
{
    if (!profile || !profile->computing) return 0;
    profile->of[omp_get_thread_num()].waited = profile_waited(profile);
    return nn_seconds();
}

/* Data is waited for at the beginning of what needs it. Moves the beginning of the event. */
static void profile_split_wait(nn_profile *profile, profile_thread *thread, nn_profile_event *event,
                               int threads)
{
    double waited = profile_waited(profile) - thread->waited, most = event->end - event->begin;
    if (waited <= 0) return;
    nn_profile_event wait = *event;
    wait.kind = NN_PROFILE_WAIT;
    event->begin = wait.end = wait.begin + (waited < most ? waited : most);
    profile_add(profile, thread, wait, threads);
}

double nn_profile_note(nn_profile *profile, double began, nn_profile_kind kind, int layer)
{
    profile_thread *thread = &profile->of[omp_get_thread_num()];
    nn_profile_event event = {began, nn_seconds(), profile->step, (int16_t)kind, (int16_t)layer};
    if (kind == NN_PROFILE_LOAD) profile_split_wait(profile, thread, &event, 1);
    profile_add(profile, thread, event, kind < NN_PROFILE_THREAD_KINDS ? 1 : profile->threads);
    return event.end;
}

/* ---- at the seams of a step ---- */

/* Work of the other observers that is shorter than this belongs to the part that follows. */
#define PROFILE_SHORT 2e-6

/* Ends the part of the step that lasted until now. */
static nn_status profile_arrive(nn_profile *profile, nn_profile_kind kind)
{
    double now = nn_seconds();
    profile_add_part(profile, kind, profile->part_began, now);
    profile->part_began = now;
    return NN_OK;
}

/* A step that did not end, as its values were not finite, ends here too. */
static void profile_close_step(nn_profile *profile)
{
    if (!profile->open) return;
    profile->open = false;
    profile_add_part(profile, NN_PROFILE_STEP, profile->step_began, profile->part_began);
    profile->steps++;
    profile->samples += profile->batch_samples;
    for (int t = 0; t < profile->threads && profile->first_lost < 0; t++)
        if (profile->of[t].full) profile->first_lost = profile->step;
}

static nn_status profile_begin(void *context, const nn_step_progress *progress)
{
    nn_profile *profile = context;
    profile_close_step(profile);
    for (int t = 0; t < profile->threads; t++) profile->of[t].full = profile->first_lost >= 0;
    profile->open = true;
    profile->step = progress->step;
    if (profile->first_step < 0) profile->first_step = progress->step;
    profile->batch_samples = (double)progress->batch.samples;
    profile->step_began = profile->part_began = nn_seconds();
    return NN_OK;
}

static nn_status profile_computed(void *context, const nn_step_progress *progress)
{
    nn_profile *profile = context;
    (void)progress;
    profile->computing = false;
    profile->of[0].waited = profile_waited(profile);
    profile->part_began = nn_seconds();
    return NN_OK;
}

/* While messages arrive, the labels of the next step are looked at. */
static nn_status profile_reduced(void *context, const nn_step_progress *progress)
{
    nn_profile *profile = context;
    nn_profile_event event = {profile->part_began, nn_seconds(), progress->step, NN_PROFILE_REDUCTION, 0};
    profile_split_wait(profile, &profile->of[0], &event, profile->threads);
    profile->part_began = event.begin;
    return profile_arrive(profile, NN_PROFILE_REDUCTION);
}

static nn_status profile_agreed(void *context, const nn_step_progress *progress)
{
    (void)progress;
    return profile_arrive(context, NN_PROFILE_AGREEMENT);
}

static nn_status profile_updated(void *context, const nn_step_progress *progress)
{
    (void)progress;
    return profile_arrive(context, NN_PROFILE_UPDATE);
}

static nn_status profile_sent(void *context, const nn_step_progress *progress)
{
    (void)progress;
    return profile_arrive(context, NN_PROFILE_SHARE);
}

/* What the other observers did. */
static nn_status profile_leave(void *context, const nn_step_progress *progress)
{
    const nn_profile *profile = context;
    (void)progress;
    if (nn_seconds() - profile->part_began < PROFILE_SHORT) return NN_OK;
    return profile_arrive(context, NN_PROFILE_VERIFICATION);
}

static nn_status profile_leave_begin(void *context, const nn_step_progress *progress)
{
    nn_profile *profile = context;
    NN_TRY(profile_leave(context, progress));
    profile->computing = true;
    return NN_OK;
}

static nn_status profile_leave_sent(void *context, const nn_step_progress *progress)
{
    NN_TRY(profile_leave(context, progress));
    profile_close_step(context);
    return NN_OK;
}

void nn_profile_attach(nn_profile *profile, nn_stepper *stepper, bool last)
{
    static const nn_step_observer first_one = {.at = {[NN_SEAM_BEGIN] = profile_begin,
                                                      [NN_SEAM_COMPUTED] = profile_computed,
                                                      [NN_SEAM_REDUCED] = profile_reduced,
                                                      [NN_SEAM_AGREED] = profile_agreed,
                                                      [NN_SEAM_UPDATED] = profile_updated,
                                                      [NN_SEAM_SENT] = profile_sent}};
    static const nn_step_observer last_one = {.at = {[NN_SEAM_BEGIN] = profile_leave_begin,
                                                     [NN_SEAM_COMPUTED] = profile_leave,
                                                     [NN_SEAM_REDUCED] = profile_leave,
                                                     [NN_SEAM_AGREED] = profile_leave,
                                                     [NN_SEAM_UPDATED] = profile_leave,
                                                     [NN_SEAM_SENT] = profile_leave_sent}};
    nn_step_observer observer = last ? last_one : first_one;
    observer.context = profile;
    profile->stepper = stepper;
    nn_stepper_observe(stepper, observer);
}

/* ---- results ---- */

void nn_profile_take(nn_profile *profile, double *seconds, int64_t *steps, double *samples)
{
    int count = nn_profile_places(profile->layer_count);
    memset(seconds, 0, (size_t)count * sizeof *seconds);
    profile_close_step(profile);
    for (int t = 0; t < profile->threads; t++) {
        for (int i = 0; i < count; i++) seconds[i] += profile->of[t].seconds[i];
        memset(profile->of[t].seconds, 0, (size_t)count * sizeof *seconds);
    }
    *steps = profile->steps;
    *samples = profile->samples;
    profile->steps = 0;
    profile->samples = 0;
}

const nn_profile_event *nn_profile_events(const nn_profile *profile, int thread, int64_t *count)
{
    *count = profile->of[thread].count;
    return profile->of[thread].events;
}

int64_t nn_profile_first_step(const nn_profile *profile)
{
    return profile->first_step;
}

int64_t nn_profile_first_lost(const nn_profile *profile)
{
    return profile->first_lost;
}
