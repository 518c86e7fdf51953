/* Checks a list of transforms. */
#include "data/augment.h"

#include "base/memory.h"
#include "base/text.h"

static const nn_transform_type *augment_type(const nn_transform *transform)
{
    return nn_transform_types()[transform->type];
}

void nn_augment_release(nn_augment *augment)
{
    for (int t = 0; t < augment->count; t++) {
        nn_transform *transform = &augment->transforms[t];
        nn_options_release(augment_type(transform)->options, transform->options);
        nn_free(transform->options);
        *transform = (nn_transform){0};
    }
    augment->count = 0;
}

/* ---- checks ---- */

static void augment_collect(nn_text *problems, const nn_transform_type *type, const char *problem)
{
    nn_text_append(problems, "%saugment: %s %s", problems->length ? "\n" : "", type->name, problem);
}

nn_status nn_augment_check(const nn_augment *augment, nn_shape shape, bool targets_mix)
{
    nn_text problems = {0};
    for (int t = 0; t < augment->count; t++) {
        const nn_transform *transform = &augment->transforms[t];
        const nn_transform_type *type = augment_type(transform);
        if (type->check(transform->options, shape) != NN_OK)
            augment_collect(&problems, type, nn_error_text());
        if (type->mix && !targets_mix)
            augment_collect(&problems, type,
                            "mixes the classes of samples, which this loss does not accept; use "
                            "cross_entropy or remove it");
    }
    nn_status status = NN_OK;
    if (problems.failed)
        status = NN_ERROR_MEMORY;
    else if (problems.length > 0)
        status = nn_fail(NN_ERROR_USAGE, "%s", problems.bytes);
    nn_text_free(&problems);
    return status;
}

bool nn_augment_mixes(const nn_augment *augment)
{
    for (int t = 0; t < augment->count; t++)
        if (augment_type(&augment->transforms[t])->mix) return true;
    return false;
}
