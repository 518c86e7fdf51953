/* For sequences, time x features: shifts a sequence in time, repeating its first or last step, and scales its
 * values by a random factor. Time is the first dimension; all others together are the features. */
#include <string.h>

#include "data/transforms_common.h"

typedef struct jitter_options {
    int64_t steps;
    double scale;
} jitter_options;

static const nn_option jitter_table[] = {
    {"steps", NN_OPTION_INTEGER, offsetof(jitter_options, steps), NULL, 0, 1e9, NULL, NN_EFFECT_RESULT,
     "largest shift in time steps, in either direction; the first or last step is repeated"},
    {"scale", NN_OPTION_REAL, offsetof(jitter_options, scale), "0", 0, 1, NULL, NN_EFFECT_RESULT,
     "standard deviation of a random factor (mean 1) on all values"},
    {.name = NULL}};

enum { JITTER_STEPS, JITTER_SCALE };

static nn_status jitter_check(const void *options, nn_shape shape)
{
    const jitter_options *jitter = options;
    if (shape.dimensions == 0)
        NN_FAIL(NN_ERROR_USAGE,
                "works on sequences, time x features, but samples are single numbers; remove it");
    if (jitter->steps == 0 && jitter->scale <= 0)
        NN_FAIL(NN_ERROR_USAGE, "does nothing with steps 0 and scale 0; set one of them, or remove it");
    if (jitter->steps < shape.extents[0]) return NN_OK;
    NN_FAIL(NN_ERROR_USAGE,
            "steps %lld may leave only one of the %lld time steps of a sample; choose at most %lld",
            (long long)jitter->steps, (long long)shape.extents[0], (long long)shape.extents[0] - 1);
}

/* Step t becomes step t - later, or the nearest existing one. */
static void jitter_move(const nn_transform_sample *sample, int64_t later)
{
    int64_t steps = sample->shape.extents[0], features = nn_shape_count(sample->shape) / steps;
    size_t size = (size_t)features * sizeof(nn_real);
    memcpy(sample->scratch, sample->values, (size_t)steps * size);
    for (int64_t t = 0; t < steps; t++) {
        int64_t from = t - later < 0 ? 0 : t - later < steps ? t - later : steps - 1;
        memcpy(sample->values + t * features, sample->scratch + from * features, size);
    }
}

static void jitter_apply(const void *options, const nn_transform_sample *sample)
{
    const jitter_options *jitter = options;
    int64_t later = nn_transform_between(sample, JITTER_STEPS, -jitter->steps, jitter->steps);
    if (later != 0) jitter_move(sample, later);
    if (jitter->scale <= 0) return;
    nn_real factor = (nn_real)(1 + jitter->scale * nn_transform_normal(sample, JITTER_SCALE));
    int64_t count = nn_shape_count(sample->shape);
    for (int64_t i = 0; i < count; i++) sample->values[i] *= factor;
}

const nn_transform_type nn_transform_jitter = {
    .name = "jitter",
    .summary = "shifts a sequence in time by up to this many steps, and scales it slightly",
    .example = "jitter: {steps: 2, scale: 0.1}",
    .options = jitter_table,
    .options_size = sizeof(jitter_options),
    .moves = true,
    .check = jitter_check,
    .apply = jitter_apply,
};
