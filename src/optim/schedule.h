/*
 * Learning-rate schedules: a factor on the optimizer's learning rate, as a function of the step and the
 * length of the run and, if the schedule has observe, of the validation results so far. The length matters
 * only for schedules that cover the run to its end and for durations in percent: a duration in epochs or
 * steps is kept, even if it is longer than the run. A plug-in is one file src/optim/schedule_NAME.c and one
 * line in schedule_list.h. All have linear warm-up: over w steps, step s (from 0) has the factor (s + 1) / w,
 * and the schedule itself covers the steps after w.
 */
#ifndef NN_OPTIM_SCHEDULE_H
#define NN_OPTIM_SCHEDULE_H

#include <stddef.h>
#include <stdint.h>

#include "base/options.h"
#include "base/real.h"
#include "base/status.h"
#include "optim/length.h"

/* What happens to the schedule when the run is extended. */
typedef enum nn_schedule_extend { NN_EXTEND_STRETCH, NN_EXTEND_HOLD, NN_EXTEND_RESTART } nn_schedule_extend;
extern const char *const nn_schedule_extend_choices[];

/* The steps that a schedule covers: from `begin` to `planned`, the end of the run; with NN_EXTEND_HOLD to
 * `end`, after which the factor of its last step is held. */
typedef struct nn_schedule_span {
    int64_t begin, end; /* end: of the run before it was extended */
    int64_t planned;    /* 0: not planned yet, the schedule covers the run */
    int64_t extend;     /* nn_schedule_extend */
} nn_schedule_span;

/* The state of a schedule. Initially zero; the caller saves it with the run. */
typedef struct nn_schedule_memory {
    nn_schedule_span span;
    int64_t observed; /* number of validations observed */
    int64_t waited;   /* validations since the last improvement or reduction */
    int64_t falls;
    double best;
} nn_schedule_memory;

/* Options of every schedule. */
typedef struct nn_schedule_common {
    nn_duration warmup;
    int extend; /* nn_schedule_extend */
} nn_schedule_common;

/* The rows of an option table for the first member, nn_schedule_common common. */
#define NN_SCHEDULE_COMMON(type, warmup_default)                                                             \
    {"warmup",                                                                                               \
     NN_OPTION_DURATION,                                                                                     \
     offsetof(type, common.warmup),                                                                          \
     (warmup_default),                                                                                       \
     0,                                                                                                      \
     0,                                                                                                      \
     nn_units_of_steps,                                                                                      \
     NN_EFFECT_RESULT,                                                                                       \
     "initial part of the run, over which the learning rate rises linearly"},                                \
    {                                                                                                        \
        "extend", NN_OPTION_CHOICE, offsetof(type, common.extend), "stretch", 0, 0,                          \
            nn_schedule_extend_choices, NN_EFFECT_EXTENT,                                                    \
            "when a run is resumed with more epochs: stretch the schedule over the longer run, hold its "    \
            "learning rate that it ends with, or restart it, warm-up included, over the steps that are left" \
    }

typedef struct nn_schedule_type {
    const char *name;
    const char *summary;
    const char *example;      /* YAML: "cosine: {warmup: 5%}" */
    const nn_option *options; /* the first member of the struct is nn_schedule_common */
    size_t options_size;
    const char *unreached; /* the effect of a duration that does not end before the run does: "the learning
                              rate never falls"; NULL: none */
    nn_status (*check)(const void *options); /* NULL: nothing to check beyond the table */
    /* The factor at step `step` (from 0) of `length.steps` steps, both without the warm-up. */
    double (*factor)(const void *options, const nn_schedule_memory *memory, int64_t step,
                     nn_schedule_length length);
    /* Receives the result of a validation. NULL: the schedule does not depend on it. */
    void (*observe)(const void *options, nn_schedule_memory *memory, double value, bool higher_is_better);
} nn_schedule_type;

/* The factor at step `step` (from 0) of the run, warm-up included. */
double nn_schedule_factor(const nn_schedule_type *type, const void *options, const nn_schedule_memory *memory,
                          int64_t step, nn_schedule_length length);
/* Call after each validation: passes its result to a schedule that has observe. */
void nn_schedule_observe(const nn_schedule_type *type, const void *options, nn_schedule_memory *memory,
                         double value, bool higher_is_better);
/* The name of an option, other than the warm-up, whose duration does not end before the run, with the effect
 * type->unreached; NULL: none. validate_every: steps. */
const char *nn_schedule_unreached(const nn_schedule_type *type, const void *options,
                                  nn_schedule_length length, int64_t validate_every);

/* Plans a run of `length` that starts or continues at `step`. If it is longer or shorter than planned before,
 * or if `extend` has changed since it was extended, the span of the schedule is updated. Returns whether it
 * was. */
bool nn_schedule_plan(const void *options, nn_schedule_memory *memory, int64_t step,
                      nn_schedule_length length);

/* Length of the warm-up in steps. The schedules' check has refused durations in seconds. */
int64_t nn_schedule_warmup_steps(const void *options, nn_schedule_length length);

const nn_schedule_type *const *nn_schedule_types(void);     /* NULL-terminated */
const nn_schedule_type *nn_schedule_find(const char *name); /* NULL if there is none */

#endif
