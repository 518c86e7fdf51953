/* Half a cosine from 1 down to final_factor (Loshchilov, Hutter: SGDR; ICLR 2017; without restarts). */

#include "base/maths.h"
#include "optim/schedule.h"

#define COSINE_PI 3.14159265358979323846

typedef struct cosine_options {
    nn_schedule_common common;
    double final_factor;
} cosine_options;

static const nn_option cosine_table[] = {
    NN_SCHEDULE_COMMON(cosine_options, "5%"),
    {"final_factor", NN_OPTION_REAL, offsetof(cosine_options, final_factor), "0", 0, 1, NULL,
     NN_EFFECT_RESULT, "fraction of the learning rate that remains at the end of the run"},
    {.name = NULL}};

static nn_status cosine_check(const void *options)
{
    const cosine_options *cosine = options;
    return nn_schedule_check_duration("warmup", cosine->common.warmup);
}

static double cosine_factor(const void *options, const nn_schedule_memory *memory, int64_t step,
                            nn_schedule_length length)
{
    (void)memory;
    const cosine_options *cosine = options;
    if (step >= length.steps) return cosine->final_factor;
    double falling = 0.5 * (1.0 + nn_maths_cos(COSINE_PI * (double)step / (double)length.steps));
    return cosine->final_factor + (1.0 - cosine->final_factor) * falling;
}

const nn_schedule_type nn_schedule_cosine = {
    .name = "cosine",
    .summary = "decreases along half a cosine; by default after a warm-up of 5% of the run",
    .example = "cosine: {warmup: 5%}",
    .options = cosine_table,
    .options_size = sizeof(cosine_options),
    .check = cosine_check,
    .factor = cosine_factor,
};
