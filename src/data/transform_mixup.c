/* Each sample becomes lambda times itself plus 1 - lambda times another sample of its microbatch, and
 * likewise its target (Zhang, Cisse, Dauphin, Lopez-Paz: mixup: Beyond empirical risk minimization; ICLR
 * 2018). Each sample draws its own lambda from Beta(alpha, alpha). */
#include <math.h>
#include <string.h>

#include "base/maths.h"
#include "data/transforms_common.h"

typedef struct mixup_options {
    double alpha;
} mixup_options;

static const nn_option mixup_table[] = {
    {"alpha", NN_OPTION_REAL, offsetof(mixup_options, alpha), "0.2", 1e-3, 1e3, NULL, NN_EFFECT_RESULT,
     "parameter of Beta(alpha, alpha): small values keep samples close to one of the two, 1 is uniform, "
     "large values mix them half and half"},
    {.name = NULL}};

static nn_status mixup_check(const void *options, nn_shape shape)
{
    (void)options;
    (void)shape;
    return NN_OK;
}

/* ---- lambda ---- */

/* Draws for one Gamma number: two per try, and one more for small shapes. A try fails less than once in 20
 * times, so the fallback after the last is never reached in practice. */
enum { MIXUP_TRIES = 64, MIXUP_BOOST = 2 * MIXUP_TRIES, MIXUP_DRAWS };

/* The logarithm of a Gamma number (Marsaglia, Tsang: A simple method for generating gamma variables; ACM TOMS
 * 26, 2000): with a small shape, the number itself may underflow. draw: number of its first draw. */
static double mixup_log_gamma(const nn_transform_sample *sample, uint32_t draw, double shape)
{
    double boost = shape < 1 ? nn_maths_log(nn_transform_uniform(sample, draw + MIXUP_BOOST)) / shape : 0;
    double d = (shape < 1 ? shape + 1 : shape) - 1.0 / 3.0, c = 1 / sqrt(9 * d);
    for (uint32_t attempt = 0; attempt < MIXUP_TRIES; attempt++) {
        double x = nn_transform_normal(sample, draw + 2 * attempt);
        double u = nn_transform_uniform(sample, draw + 2 * attempt + 1);
        double root = 1 + c * x, v = root * root * root;
        if (v > 0 && nn_maths_log(u) < 0.5 * x * x + d * (1 - v + nn_maths_log(v)))
            return nn_maths_log(d * v) + boost;
    }
    return nn_maths_log(d) + boost;
}

static double mixup_lambda(const nn_transform_batch *batch, int64_t i, double alpha)
{
    nn_transform_sample sample = {.stream = batch->stream, .sample = (uint64_t)batch->numbers[i]};
    double own = mixup_log_gamma(&sample, 0, alpha), other = mixup_log_gamma(&sample, MIXUP_DRAWS, alpha);
    return 1 / (1 + nn_maths_exp(other - own));
}

/* ---- mixing ---- */

/* row = lambda row + (1 - lambda) other: rows that sum to 1 still do. */
static void mixup_rows(int64_t count, nn_real lambda, const nn_real *other, nn_real *row)
{
    nn_real rest = 1 - lambda;
    for (int64_t i = 0; i < count; i++) row[i] = lambda * row[i] + rest * other[i];
}

/* The distance from a sample to its partner, around the microbatch as a ring: never 0. Samples are shuffled
 * already, so this is as good as a permutation. */
static int64_t mixup_distance(const nn_transform_batch *batch)
{
    nn_transform_sample first = {.stream = batch->stream, .sample = (uint64_t)batch->numbers[0]};
    return nn_transform_between(&first, 2 * MIXUP_DRAWS, 1, batch->samples - 1);
}

static void mixup_mix(const void *options, const nn_transform_batch *batch)
{
    const mixup_options *mixup = options;
    if (batch->samples < 2) return;
    int64_t distance = mixup_distance(batch), inputs = batch->input_values, targets = batch->target_values;
    nn_real *old_inputs = batch->scratch, *old_targets = old_inputs + batch->samples * inputs;
    memcpy(old_inputs, batch->inputs, (size_t)(batch->samples * inputs) * sizeof(nn_real));
    if (targets > 0)
        memcpy(old_targets, batch->targets, (size_t)(batch->samples * targets) * sizeof(nn_real));
    for (int64_t i = 0; i < batch->samples; i++) {
        int64_t partner = (i + distance) % batch->samples;
        nn_real lambda = (nn_real)mixup_lambda(batch, i, mixup->alpha);
        mixup_rows(inputs, lambda, old_inputs + partner * inputs, batch->inputs + i * inputs);
        if (targets > 0)
            mixup_rows(targets, lambda, old_targets + partner * targets, batch->targets + i * targets);
    }
}

const nn_transform_type nn_transform_mixup = {
    .name = "mixup",
    .summary = "mixes each sample and its target with another sample of its microbatch",
    .example = "mixup: {alpha: 0.2}",
    .options = mixup_table,
    .options_size = sizeof(mixup_options),
    .check = mixup_check,
    .mix = mixup_mix,
};
