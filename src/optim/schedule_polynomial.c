/* From 1 down to final_factor along a power of the remaining fraction of the run; linear if power is 1. */

#include "base/maths.h"
#include "optim/schedule.h"

typedef struct polynomial_options {
    nn_schedule_common common;
    double power, final_factor;
} polynomial_options;

static const nn_option polynomial_table[] = {
    NN_SCHEDULE_COMMON(polynomial_options, "5%"),
    {"power", NN_OPTION_REAL, offsetof(polynomial_options, power), "1", 0.01, 100, NULL, NN_EFFECT_RESULT,
     "exponent applied to the remaining fraction of the run; 1: linear"},
    {"final_factor", NN_OPTION_REAL, offsetof(polynomial_options, final_factor), "0", 0, 1, NULL,
     NN_EFFECT_RESULT, "fraction of the learning rate that remains at the end of the run"},
    {.name = NULL}};

static nn_status polynomial_check(const void *options)
{
    const polynomial_options *polynomial = options;
    return nn_schedule_check_duration("warmup", polynomial->common.warmup);
}

static double polynomial_factor(const void *options, const nn_schedule_memory *memory, int64_t step,
                                nn_schedule_length length)
{
    (void)memory;
    const polynomial_options *polynomial = options;
    if (step >= length.steps) return polynomial->final_factor;
    double falling = nn_maths_pow(1.0 - (double)step / (double)length.steps, polynomial->power);
    return polynomial->final_factor + (1.0 - polynomial->final_factor) * falling;
}

const nn_schedule_type nn_schedule_polynomial = {
    .name = "polynomial",
    .summary = "decreases linearly, or along a power of the remaining fraction of the run",
    .example = "polynomial: {power: 1}",
    .options = polynomial_table,
    .options_size = sizeof(polynomial_options),
    .check = polynomial_check,
    .factor = polynomial_factor,
};
