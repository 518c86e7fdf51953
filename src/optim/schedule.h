/*
 * Learning-rate schedules: a factor on the optimizer's learning rate, a function of the step and the run's
 * length; and, of a schedule that observes, of what it remembers of the validation figures. The length counts
 * only where the schedule leads to the end of the run, and for durations in percent: a duration in epochs or
 * steps is what it says, even if it is longer than the run. A plug-in is one file src/optim/schedule_NAME.c
 * and one line in schedule_list.h. Linear warm-up is common to all: over w steps, step s (from 0) has the
 * factor (s + 1) / w, and the schedule proper covers the steps after w.
 */
#ifndef NN_OPTIM_SCHEDULE_H
#define NN_OPTIM_SCHEDULE_H

#include <stdint.h>

#include "base/libm.h"
#include "base/options.h"
#include "base/real.h"
#include "base/status.h"

/* The length of the run: what durations are turned into steps with. */
typedef struct nn_run_length {
    int64_t steps; /* of the whole run */
    int64_t steps_per_epoch;
} nn_run_length;

/* What becomes of a schedule when the run is made longer. */
typedef enum nn_schedule_extend { NN_EXTEND_STRETCH, NN_EXTEND_HOLD, NN_EXTEND_RESTART } nn_schedule_extend;
extern const char *const nn_schedule_extend_choices[];

/* The steps that a schedule covers. It runs from `begin` to `planned`, the end of the run; under
 * NN_EXTEND_HOLD to `end`, and the factor of its last step is held from there on. */
typedef struct nn_schedule_span {
    int64_t begin, end; /* end: of the run before it was made longer */
    int64_t planned;    /* 0: not planned yet, the schedule covers the run */
    int64_t extend;     /* nn_schedule_extend */
} nn_schedule_span;

/* What a schedule remembers. Begins as zeros; the caller saves it with the run. */
typedef struct nn_schedule_memory {
    nn_schedule_span span;
    int64_t observed; /* epochs seen */
    int64_t waited;   /* since the last one that was better, or the last fall */
    int64_t falls;
    double best;
} nn_schedule_memory;

/* Options of every schedule. */
typedef struct nn_schedule_common {
    nn_duration warmup;
    int extend; /* nn_schedule_extend */
} nn_schedule_common;

typedef struct nn_schedule_type {
    const char *name;
    const char *summary;
    const char *example;      /* YAML: "cosine: {warmup: 5%}" */
    const nn_option *options; /* the first member of the struct is nn_schedule_common */
    size_t options_size;
    const char
        *unreached; /* what does not come about where a duration ends with the run or later; NULL: all does
                     */
    unsigned libm;  /* NN_LIBM_...: the functions of the C library that results go through */
    nn_status (*check)(const void *options); /* NULL: nothing to check beyond the table */
    /* The factor at step `step` of `length.steps` steps, warm-up taken off both (so step counts from 0). */
    double (*factor)(const void *options, const nn_schedule_memory *memory, int64_t step,
                     nn_run_length length);
    /* Takes in an epoch's figure on the validation part. NULL: the schedule does not depend on any. */
    void (*observe)(const void *options, nn_schedule_memory *memory, double value, bool higher_is_better);
} nn_schedule_type;

/* The factor at step `step` (from 0) of the whole run, warm-up included. */
double nn_schedule_factor(const nn_schedule_type *type, const void *options, const nn_schedule_memory *memory,
                          int64_t step, nn_run_length length);
/* At the end of each epoch: hands the figure to a schedule that observes. */
void nn_schedule_observe(const nn_schedule_type *type, const void *options, nn_schedule_memory *memory,
                         double value, bool higher_is_better);
/* The option, other than the warm-up, whose duration is not over before the run is, so that what the type
 * says does not come about; NULL: there is none. */
const char *nn_schedule_unreached(const nn_schedule_type *type, const void *options, nn_run_length length);

/* Plans a run of `length` that begins or continues at `step`: where it is longer or shorter than it was
 * planned before, or `extend` has changed since it was made longer, the span of the schedule is set anew.
 * Returns whether it was. */
bool nn_schedule_plan(const void *options, nn_schedule_memory *memory, int64_t step, nn_run_length length);

/* Warm-up in whole steps. A duration in seconds is refused by the schedules' check. */
int64_t nn_schedule_warmup_steps(const void *options, nn_run_length length);

const nn_schedule_type *const *nn_schedule_types(void); /* NULL-terminated */
const nn_schedule_type *nn_schedule_find(const char *name);

#endif
