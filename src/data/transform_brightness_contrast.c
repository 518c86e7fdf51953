/* mean + (value - mean) x (1 + c) + b, with c and b random per sample: contrast leaves the sample's mean
 * unchanged. */
#include "data/transform.h"
#include "tensor/reduce.h"

typedef struct brightness_contrast_options {
    double brightness, contrast;
} brightness_contrast_options;

#define FIELD(member) offsetof(brightness_contrast_options, member)
static const nn_option brightness_contrast_table[] = {
    {"brightness", NN_OPTION_REAL, FIELD(brightness), "0.2", 0, 1e6, NULL, NN_EFFECT_RESULT,
     "largest random offset, in either direction, added to all (normalised) values of a sample"},
    {"contrast", NN_OPTION_REAL, FIELD(contrast), "0.2", 0, 1, NULL, NN_EFFECT_RESULT,
     "largest fraction by which distances from the sample's mean grow or shrink"},
    {.name = NULL}};
#undef FIELD

static nn_status brightness_contrast_check(const void *options, nn_shape shape)
{
    const brightness_contrast_options *given = options;
    (void)shape;
    if (given->brightness > 0 || given->contrast > 0) return NN_OK;
    NN_FAIL(NN_ERROR_USAGE, "does nothing with brightness 0 and contrast 0; set one of them, or remove it");
}

static void brightness_contrast_apply(const void *options, const nn_transform_sample *sample)
{
    const brightness_contrast_options *given = options;
    int64_t count = nn_shape_count(sample->shape);
    double brightness = (2 * nn_transform_uniform(sample, 0) - 1) * given->brightness;
    double contrast = (2 * nn_transform_uniform(sample, 1) - 1) * given->contrast;
    double mean = reduce_sum(count, sample->values) / (double)count;
    nn_real factor = (nn_real)(1 + contrast), offset = (nn_real)(brightness - contrast * mean);
    for (int64_t i = 0; i < count; i++) sample->values[i] = sample->values[i] * factor + offset;
}

const nn_transform_type nn_transform_brightness_contrast = {
    .name = "brightness_contrast",
    .summary = "changes the brightness and contrast of a sample at random",
    .example = "brightness_contrast: {brightness: 0.2, contrast: 0.2}",
    .options = brightness_contrast_table,
    .options_size = sizeof(brightness_contrast_options),
    .check = brightness_contrast_check,
    .apply = brightness_contrast_apply,
};
