/* What the schedules share: durations in steps, and the warm-up in option tables. Private to optim. */
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
     "first part of the run, over which the learning rate rises linearly"},                                  \
    {                                                                                                        \
        "extend", NN_OPTION_CHOICE, offsetof(type, common.extend), "stretch", 0, 0,                          \
            nn_schedule_extend_choices, NN_EFFECT_EXTENT,                                                    \
            "when a run is resumed with more epochs: stretch the schedule over the longer run, hold the "    \
            "learning rate that it ends with, or restart it, warm-up included, over the steps that are left" \
    }

/* The duration in whole steps, to the nearest, however long the run is: percent alone are of its length. */
int64_t nn_duration_steps(nn_duration duration, nn_run_length length);

/* Refuses seconds: how many steps they are depends on the machine. `name` is the option's. */
nn_status nn_duration_check(const char *name, nn_duration duration);

/* Refuses anything but whole epochs: for what looks at figures at their ends. */
nn_status nn_duration_check_epochs(const char *name, nn_duration duration);

#endif
