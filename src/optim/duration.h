/* What the schedules share: durations in steps, and the warm-up in option tables. Private to optim. */
#ifndef NN_OPTIM_DURATION_H
#define NN_OPTIM_DURATION_H

#include "optim/schedule.h"

#define nn_duration_steps NN_REAL_SYMBOL(nn_duration_steps)
#define nn_duration_check NN_REAL_SYMBOL(nn_duration_check)
#define nn_duration_check_epochs NN_REAL_SYMBOL(nn_duration_check_epochs)

/* The row of an option table for the first member, nn_duration warmup. */
#define NN_SCHEDULE_WARMUP(type, default_value)                                                              \
    {                                                                                                        \
        "warmup", NN_OPTION_DURATION, offsetof(type, warmup), (default_value), 0, 0, NULL, NN_EFFECT_RESULT, \
            "first part of the run, over which the learning rate rises linearly"                             \
    }

/* The duration in whole steps, to the nearest, from 0 to length.steps. */
int64_t nn_duration_steps(nn_duration duration, nn_run_length length);

/* Refuses seconds: how many steps they are depends on the machine. `name` is the option's. */
nn_status nn_duration_check(const char *name, nn_duration duration);

/* Refuses anything but whole epochs: for what looks at figures at their ends. */
nn_status nn_duration_check_epochs(const char *name, nn_duration duration);

#endif
