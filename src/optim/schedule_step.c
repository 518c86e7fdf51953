/* The learning rate decreases by a factor at regular intervals. */

#include "base/maths.h"
#include "optim/schedule.h"

typedef struct step_options {
    nn_schedule_common common;
    nn_duration every;
    double factor;
} step_options;

static const nn_option step_table[] = {
    NN_SCHEDULE_COMMON(step_options, "0%"),
    {"every", NN_OPTION_DURATION, offsetof(step_options, every), NULL, 0, 0, nn_units_of_steps,
     NN_EFFECT_RESULT,
     "interval between reductions, such as 10 epochs; percent: of the run after the warm-up"},
    {"factor", NN_OPTION_REAL, offsetof(step_options, factor), "0.1", 0, 1, NULL, NN_EFFECT_RESULT,
     "factor on the learning rate at each reduction"},
    {.name = NULL}};

static nn_status step_check(const void *options)
{
    const step_options *step = options;
    NN_TRY(nn_schedule_check_duration("warmup", step->common.warmup));
    NN_TRY(nn_schedule_check_duration("every", step->every));
    if (!(step->every.amount > 0))
        NN_FAIL(NN_ERROR_USAGE, "every, the interval between reductions, must be above 0, such as '10 "
                                "epochs'; for a constant learning rate use the schedule 'constant'");
    return NN_OK;
}

/* An interval that rounds to 0 steps is one step. */
static double step_factor(const void *options, const nn_schedule_memory *memory, int64_t step,
                          nn_schedule_length length)
{
    (void)memory;
    const step_options *falls = options;
    int64_t every = nn_schedule_duration_steps(falls->every, length);
    int64_t count = step / (every > 0 ? every : 1);
    return nn_maths_pow(falls->factor, (double)count);
}

const nn_schedule_type nn_schedule_step = {
    .name = "step",
    .summary = "decreases by a factor at regular intervals",
    .example = "step: {every: 10 epochs, factor: 0.1}",
    .options = step_table,
    .options_size = sizeof(step_options),
    .unreached = "the learning rate never falls",
    .check = step_check,
    .factor = step_factor,
};
