/* The learning rate decreases by the same factor in every step: factor^(step / every). */

#include "base/maths.h"
#include "optim/schedule.h"

typedef struct exponential_options {
    nn_schedule_common common;
    nn_duration every;
    double factor;
} exponential_options;

static const nn_option exponential_table[] = {
    NN_SCHEDULE_COMMON(exponential_options, "0%"),
    {"factor", NN_OPTION_REAL, offsetof(exponential_options, factor), "0.95", 0, 1, NULL, NN_EFFECT_RESULT,
     "factor on the learning rate per interval, applied evenly over its steps"},
    {"every", NN_OPTION_DURATION, offsetof(exponential_options, every), "1 epoch", 0, 0, nn_units_of_steps,
     NN_EFFECT_RESULT, "the interval, such as 1 epoch; percent: of the run after the warm-up"},
    {.name = NULL}};

static nn_status exponential_check(const void *options)
{
    const exponential_options *exponential = options;
    NN_TRY(nn_schedule_check_duration("warmup", exponential->common.warmup));
    NN_TRY(nn_schedule_check_duration("every", exponential->every));
    if (!(exponential->every.amount > 0))
        NN_FAIL(NN_ERROR_USAGE, "every, the interval over which the learning rate decreases by `factor`, "
                                "must be above 0, such as '1 epoch'");
    return NN_OK;
}

/* An interval that rounds to 0 steps is one step. */
static double exponential_factor(const void *options, const nn_schedule_memory *memory, int64_t step,
                                 nn_schedule_length length)
{
    (void)memory;
    const exponential_options *exponential = options;
    int64_t every = nn_schedule_duration_steps(exponential->every, length);
    return nn_maths_pow(exponential->factor, (double)step / (double)(every > 0 ? every : 1));
}

const nn_schedule_type nn_schedule_exponential = {
    .name = "exponential",
    .summary = "decreases by the same factor in every step",
    .example = "exponential: {factor: 0.95, every: 1 epoch}",
    .options = exponential_table,
    .options_size = sizeof(exponential_options),
    .check = exponential_check,
    .factor = exponential_factor,
};
