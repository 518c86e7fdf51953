/*
 * The learning rate decreases when the validation result that selects the best weights has not improved for
 * `patience` validations. An improvement is a change by more than `threshold` times the best result.
 */
#include <math.h>

#include "base/maths.h"
#include "optim/schedule.h"

typedef struct plateau_options {
    nn_schedule_common common;
    nn_duration patience;
    double factor, threshold, least;
} plateau_options;

static const nn_option plateau_table[] = {
    NN_SCHEDULE_COMMON(plateau_options, "0%"),
    {"factor", NN_OPTION_REAL, offsetof(plateau_options, factor), "0.1", 0, 1, NULL, NN_EFFECT_RESULT,
     "factor on the learning rate at each reduction"},
    {"patience", NN_OPTION_DURATION, offsetof(plateau_options, patience), "10 validations", 0, 0,
     nn_units_of_validations, NN_EFFECT_RESULT,
     "number of validations (training.validate_every) without improvement to tolerate; the next one reduces "
     "the learning rate"},
    {"threshold", NN_OPTION_REAL, offsetof(plateau_options, threshold), "0.0001", 0, 1, NULL,
     NN_EFFECT_RESULT, "minimum improvement, as a fraction of the best result"},
    {"min", NN_OPTION_REAL, offsetof(plateau_options, least), "0", 0, 1, NULL, NN_EFFECT_RESULT,
     "lower limit, as a fraction of the learning rate"},
    {.name = NULL}};

static nn_status plateau_check(const void *options)
{
    const plateau_options *plateau = options;
    NN_TRY(nn_schedule_check_duration("warmup", plateau->common.warmup));
    return nn_schedule_check_validations("patience", plateau->patience);
}

static double plateau_factor(const void *options, const nn_schedule_memory *memory, int64_t step,
                             nn_schedule_length length)
{
    (void)step, (void)length;
    const plateau_options *plateau = options;
    double factor = nn_maths_pow(plateau->factor, (double)memory->falls);
    return factor > plateau->least ? factor : plateau->least;
}

static bool plateau_is_better(const plateau_options *plateau, const nn_schedule_memory *memory, double value,
                              bool higher_is_better)
{
    double margin = isfinite(memory->best) ? plateau->threshold * fabs(memory->best) : 0;
    if (memory->observed == 0 || (isnan(memory->best) && !isnan(value))) return true;
    return higher_is_better ? value > memory->best + margin : value < memory->best - margin;
}

static void plateau_observe(const void *options, nn_schedule_memory *memory, double value,
                            bool higher_is_better)
{
    const plateau_options *plateau = options;
    memory->waited++;
    if (plateau_is_better(plateau, memory, value, higher_is_better)) {
        memory->best = value;
        memory->waited = 0;
    }
    memory->observed++;
    if (memory->waited <= (int64_t)plateau->patience.amount) return;
    memory->falls++;
    memory->waited = 0;
}

const nn_schedule_type nn_schedule_reduce_on_plateau = {
    .name = "reduce_on_plateau",
    .summary = "decreases when the validation result has not improved for some time",
    .example = "reduce_on_plateau: {factor: 0.1, patience: 10 validations}",
    .options = plateau_table,
    .options_size = sizeof(plateau_options),
    .unreached = "the learning rate never falls",
    .check = plateau_check,
    .factor = plateau_factor,
    .observe = plateau_observe,
};
