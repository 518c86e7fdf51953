/*
 * Learning-rate schedules: a factor on the optimizer's learning rate, a function of the step and the run's
 * length; and, of a schedule that observes, of what it remembers of the validation figures. A plug-in is one
 * file src/optim/schedule_NAME.c and one line in schedule_list.h. Linear warm-up is common to all: over w
 * steps, step s (from 0) has the factor (s + 1) / w, and the schedule proper covers the steps after w.
 */
#ifndef NN_OPTIM_SCHEDULE_H
#define NN_OPTIM_SCHEDULE_H

#include <stdint.h>

#include "base/options.h"
#include "base/real.h"
#include "base/status.h"

#define nn_schedule_types NN_REAL_SYMBOL(nn_schedule_types)
#define nn_schedule_find NN_REAL_SYMBOL(nn_schedule_find)
#define nn_schedule_factor NN_REAL_SYMBOL(nn_schedule_factor)
#define nn_schedule_observe NN_REAL_SYMBOL(nn_schedule_observe)
#define nn_schedule_warmup_steps NN_REAL_SYMBOL(nn_schedule_warmup_steps)

/* The length of the run: what durations are turned into steps with. */
typedef struct nn_run_length {
    int64_t steps; /* of the whole run */
    int64_t steps_per_epoch;
} nn_run_length;

/* What a schedule remembers of the epochs before. Begins as zeros; the caller saves it with the run. */
typedef struct nn_schedule_memory {
    int64_t observed; /* epochs seen */
    int64_t waited;   /* since the last one that was better, or the last fall */
    int64_t falls;
    double best;
} nn_schedule_memory;

typedef struct nn_schedule_type {
    const char *name;
    const char *summary;
    const char *example;      /* YAML: "cosine: {warmup: 5%}" */
    const nn_option *options; /* the first member of the struct is nn_duration warmup */
    size_t options_size;
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
/* Warm-up in whole steps. A duration in seconds is refused by the schedules' check. */
int64_t nn_schedule_warmup_steps(const void *options, nn_run_length length);

const nn_schedule_type *const *nn_schedule_types(void); /* NULL-terminated */
const nn_schedule_type *nn_schedule_find(const char *name);

#endif
