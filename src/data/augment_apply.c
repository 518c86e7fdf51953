/* Applies a list of transforms. */
#include <string.h>

#include "data/arithmetic.h"

/* The type of this precision. */
static const nn_transform_type *augment_type(const nn_transform *transform)
{
    return nn_transform_types_of(NN_SCALAR_REAL)[transform->type];
}

static nn_random augment_stream(const nn_augment *augment, int index, uint64_t seed, int64_t epoch)
{
    uint32_t purpose = NN_RANDOM_TRANSFORM + (uint32_t)(augment->field * NN_TRANSFORMS + index);
    return (nn_random){seed, purpose, (uint32_t)epoch};
}

void nn_augment_sample(const nn_augment *augment, uint64_t seed, int64_t epoch, int64_t sample,
                       nn_shape shape, nn_real *values, nn_real *scratch)
{
    nn_transform_sample at = {
        .shape = shape, .values = values, .scratch = scratch, .sample = (uint64_t)sample};
    for (int t = 0; t < augment->count; t++) {
        const nn_transform *transform = &augment->transforms[t];
        const nn_transform_type *type = augment_type(transform);
        at.stream = augment_stream(augment, t, seed, epoch);
        if (type->apply) type->apply(transform->options, &at);
    }
}

void nn_augment_mix(const nn_augment *augment, uint64_t seed, int64_t epoch, const nn_transform_batch *batch)
{
    nn_transform_batch at = *batch;
    for (int t = 0; t < augment->count; t++) {
        const nn_transform *transform = &augment->transforms[t];
        const nn_transform_type *type = augment_type(transform);
        at.stream = augment_stream(augment, t, seed, epoch);
        if (type->mix) type->mix(transform->options, &at);
    }
}

/* ---- soft targets ---- */

void nn_augment_soften(int64_t samples, int64_t classes, const int64_t *labels, nn_real *targets)
{
    memset(targets, 0, (size_t)(samples * classes) * sizeof *targets);
    for (int64_t s = 0; s < samples; s++) targets[s * classes + labels[s]] = 1;
}

void nn_augment_dominant(int64_t samples, int64_t classes, const nn_real *targets, int64_t *labels)
{
    for (int64_t s = 0; s < samples; s++) {
        const nn_real *row = targets + s * classes;
        labels[s] = 0;
        for (int64_t c = 1; c < classes; c++)
            if (row[c] > row[labels[s]]) labels[s] = c;
    }
}
