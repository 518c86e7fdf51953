/* Checks and applies a list of transforms. */
#include "data/augment.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"

void nn_augment_release(nn_augment *augment)
{
    for (int t = 0; t < augment->count; t++) {
        nn_transform *transform = &augment->transforms[t];
        nn_options_release(transform->type->options, transform->options);
        nn_free(transform->options);
        *transform = (nn_transform){0};
    }
    augment->count = 0;
}

/* ---- checks ---- */

static void augment_collect(nn_text *problems, const nn_transform *transform, const char *problem)
{
    nn_text_append(problems, "%saugment: %s %s", problems->length ? "\n" : "", transform->type->name,
                   problem);
}

nn_status nn_augment_check(const nn_augment *augment, nn_shape shape, bool targets_mix)
{
    nn_text problems = {0};
    for (int t = 0; t < augment->count; t++) {
        const nn_transform *transform = &augment->transforms[t];
        if (transform->type->check(transform->options, shape) != NN_OK)
            augment_collect(&problems, transform, nn_error_text());
        if (transform->type->mix && !targets_mix)
            augment_collect(&problems, transform,
                            "mixes the classes of samples, which this loss does not accept; use "
                            "cross_entropy or leave it out");
    }
    nn_status status = NN_OK;
    if (problems.failed)
        status = NN_ERROR_MEMORY;
    else if (problems.length > 0)
        status = nn_fail(NN_ERROR_USAGE, "%s", problems.bytes);
    nn_text_free(&problems);
    return status;
}

/* ---- applying ---- */

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
        at.stream = augment_stream(augment, t, seed, epoch);
        if (transform->type->apply) transform->type->apply(transform->options, &at);
    }
}

bool nn_augment_mixes(const nn_augment *augment)
{
    for (int t = 0; t < augment->count; t++)
        if (augment->transforms[t].type->mix) return true;
    return false;
}

void nn_augment_mix(const nn_augment *augment, uint64_t seed, int64_t epoch, const nn_transform_batch *batch)
{
    nn_transform_batch at = *batch;
    for (int t = 0; t < augment->count; t++) {
        const nn_transform *transform = &augment->transforms[t];
        at.stream = augment_stream(augment, t, seed, epoch);
        if (transform->type->mix) transform->type->mix(transform->options, &at);
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
