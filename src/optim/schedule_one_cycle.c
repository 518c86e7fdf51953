/*
 * One cycle (Smith: A disciplined approach to neural network hyper-parameters; 2018) along half cosines: from
 * initial_factor up to 1 over the first part of the run, and down to final_factor over the rest. The momentum
 * does not change.
 */

#include "base/maths.h"
#include "optim/schedule.h"

#define ONE_CYCLE_PI 3.14159265358979323846

typedef struct one_cycle_options {
    nn_schedule_common common;
    nn_duration rise;
    double initial_factor, final_factor;
} one_cycle_options;

static const nn_option one_cycle_table[] = {
    NN_SCHEDULE_COMMON(one_cycle_options, "0%"),
    {"rise", NN_OPTION_DURATION, offsetof(one_cycle_options, rise), "30%", 0, 0, nn_units_of_steps,
     NN_EFFECT_RESULT, "part of the run after which the learning rate is highest"},
    {"initial_factor", NN_OPTION_REAL, offsetof(one_cycle_options, initial_factor), "0.04", 0, 1, NULL,
     NN_EFFECT_RESULT, "fraction of the learning rate at the start of the run"},
    {"final_factor", NN_OPTION_REAL, offsetof(one_cycle_options, final_factor), "4e-6", 0, 1, NULL,
     NN_EFFECT_RESULT, "fraction of the learning rate that remains at the end of the run"},
    {.name = NULL}};

static nn_status one_cycle_check(const void *options)
{
    const one_cycle_options *cycle = options;
    NN_TRY(nn_schedule_check_duration("warmup", cycle->common.warmup));
    if (cycle->common.warmup.amount > 0)
        NN_FAIL(NN_ERROR_USAGE, "warmup: one_cycle has its own rise; set 'rise' instead");
    return nn_schedule_check_duration("rise", cycle->rise);
}

/* Half a cosine from `from` at 0 to `to` at 1. */
static double one_cycle_between(double from, double to, double share)
{
    return to + (from - to) * 0.5 * (1.0 + nn_maths_cos(ONE_CYCLE_PI * share));
}

static double one_cycle_factor(const void *options, const nn_schedule_memory *memory, int64_t step,
                               nn_schedule_length length)
{
    (void)memory;
    const one_cycle_options *cycle = options;
    int64_t peak = nn_schedule_duration_steps(cycle->rise, length) - 1, last = length.steps - 1;
    if (step < peak) return one_cycle_between(cycle->initial_factor, 1, (double)step / (double)peak);
    if (peak < 0) peak = 0;
    if (step == peak) return 1;
    if (step >= last) return cycle->final_factor;
    return one_cycle_between(1, cycle->final_factor, (double)(step - peak) / (double)(last - peak));
}

const nn_schedule_type nn_schedule_one_cycle = {
    .name = "one_cycle",
    .summary = "increases and decreases once, along half cosines (Smith 2018)",
    .example = "one_cycle: {rise: 30%}",
    .options = one_cycle_table,
    .options_size = sizeof(one_cycle_options),
    .unreached = "the learning rate never falls",
    .check = one_cycle_check,
    .factor = one_cycle_factor,
};
