/*
 * Where the time of the steps goes: of each layer, forward, backward and weight gradient; and what lies
 * around them. Every thread counts for itself, so that recording needs no lock; on request it also keeps each
 * piece of work with its beginning and end, for a timeline.
 *
 * Work of one thread is counted in its own seconds. Work that the whole rank waits for (a message, the
 * update) counts for all of its threads. What is missing from threads x seconds is what threads waited for
 * each other.
 *
 * Nothing here changes what a step computes. Without a profile (NULL) a call costs one comparison; with one,
 * two readings of the clock (the tool bench_profile measures what that costs).
 */
#ifndef NN_STEP_PROFILE_H
#define NN_STEP_PROFILE_H

#include "step/stepper.h"

typedef enum nn_profile_kind {
    /* Of a layer, by one thread. The first two are those of nn_pass. */
    NN_PROFILE_FORWARD,
    NN_PROFILE_BACKWARD,
    NN_PROFILE_GRADIENT,
    NN_PROFILE_LAYER_KINDS,
    /* By one thread. */
    NN_PROFILE_WAIT = NN_PROFILE_LAYER_KINDS, /* for data */
    NN_PROFILE_LOAD,                          /* samples gathered and transformed */
    NN_PROFILE_LOSS,                          /* and metrics */
    NN_PROFILE_COLLECT,                       /* statistics over the batch, of one microbatch */
    NN_PROFILE_THREAD_KINDS,
    /* By the rank. */
    NN_PROFILE_PACK = NN_PROFILE_THREAD_KINDS, /* weights laid out for the products */
    NN_PROFILE_MERGE,                          /* statistics over the batch, over the ranks */
    NN_PROFILE_REDUCTION,
    NN_PROFILE_AGREEMENT,
    NN_PROFILE_UPDATE,
    NN_PROFILE_SHARE,        /* new weights sent to other ranks, and awaited from them */
    NN_PROFILE_VERIFICATION, /* by other observers of the step */
    NN_PROFILE_STEP,         /* all of it */
    NN_PROFILE_KINDS
} nn_profile_kind;

/* "forward", "data wait" */
const char *nn_profile_kind_name(nn_profile_kind kind);

/* Where the seconds of a kind, and of a layer where it has layers, are in a list of all. */
static inline int nn_profile_place(int layer_count, nn_profile_kind kind, int layer)
{
    if (kind < NN_PROFILE_LAYER_KINDS) return (int)kind * layer_count + layer;
    return NN_PROFILE_LAYER_KINDS * (layer_count - 1) + (int)kind;
}
static inline int nn_profile_places(int layer_count)
{
    return nn_profile_place(layer_count, NN_PROFILE_KINDS, 0);
}

/* A piece of work, in seconds on the clock of the rank. */
typedef struct nn_profile_event {
    double begin, end;
    int64_t step;
    int16_t kind, layer;
} nn_profile_event;

/* events: of each thread, how many are kept; 0: none. A thread that has no room for more keeps none of the
 * steps that follow. */
nn_status nn_profile_create(int threads, int layer_count, int64_t events, nn_profile **profile);
void nn_profile_destroy(nn_profile *profile); /* accepts NULL */

/* Attaches to the steps. Call it before other observers are attached, and with `last` after them: what they
 * do in between is NN_PROFILE_VERIFICATION. */
void nn_profile_attach(nn_profile *profile, nn_stepper *stepper, bool last);

/* ---- around a piece of work ---- */

/* The seconds at which it begins; 0: it is not recorded, as there is no profile, or no gradient is being
 * computed. */
double nn_profile_now(const nn_profile *profile);
static inline double nn_profile_begin(const nn_profile *profile)
{
    return profile ? nn_profile_now(profile) : 0;
}

/* The same for work that may wait for data: ended as NN_PROFILE_LOAD, it is divided into both. */
double nn_profile_begin_load(nn_profile *profile);

/* By the thread that did the work, or for the rank by the one that started the gradient. layer: 0 where it
 * belongs to none. Returns the seconds at which it ended, for work that begins there; or 0. */
double nn_profile_note(nn_profile *profile, double began, nn_profile_kind kind, int layer);
static inline double nn_profile_end(nn_profile *profile, double began, nn_profile_kind kind, int layer)
{
    return began > 0 ? nn_profile_note(profile, began, kind, layer) : 0;
}

/* ---- results ---- */

/* Of the steps since the last such call: seconds of the rank's threads together, by place. *samples: of all
 * ranks. */
void nn_profile_take(nn_profile *profile, double *seconds, int64_t *steps, double *samples);

/* The events of a thread, in the order in which they ended. Borrowed. */
const nn_profile_event *nn_profile_events(const nn_profile *profile, int thread, int64_t *count);

/* The first step that was recorded; and the first whose events are not complete; -1: there is none. */
int64_t nn_profile_first_step(const nn_profile *profile);
int64_t nn_profile_first_lost(const nn_profile *profile);

#endif
