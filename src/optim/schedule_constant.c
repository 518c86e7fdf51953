/* A constant learning rate. */
#include "optim/schedule.h"

typedef struct constant_options {
    nn_schedule_common common;
} constant_options;

static const nn_option constant_table[] = {NN_SCHEDULE_COMMON(constant_options, "0%"), {.name = NULL}};

static nn_status constant_check(const void *options)
{
    const constant_options *constant = options;
    return nn_schedule_check_duration("warmup", constant->common.warmup);
}

static double constant_factor(const void *options, const nn_schedule_memory *memory, int64_t step,
                              nn_schedule_length length)
{
    (void)options, (void)memory, (void)step, (void)length;
    return 1.0;
}

const nn_schedule_type nn_schedule_constant = {
    .name = "constant",
    .summary = "constant learning rate",
    .example = "constant",
    .options = constant_table,
    .options_size = sizeof(constant_options),
    .check = constant_check,
    .factor = constant_factor,
};
