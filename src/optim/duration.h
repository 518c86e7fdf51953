/* What the schedules share: durations in steps, and the common rows of option tables. Private to optim. */
#ifndef NN_OPTIM_DURATION_H
#define NN_OPTIM_DURATION_H

#include "optim/schedule.h"

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

/* The duration in steps, rounded to nearest. It may be longer than the run; only percentages depend on the
 * run's length. */
int64_t nn_schedule_duration_steps(nn_duration duration, nn_schedule_length length);

/* Fails for a duration in seconds: the number of steps would depend on the machine. name: of the option. */
nn_status nn_schedule_check_duration(const char *name, nn_duration duration);

/* Fails unless the duration is an integer number of epochs: for options that count evaluations. */
nn_status nn_schedule_check_epochs(const char *name, nn_duration duration);

#endif
