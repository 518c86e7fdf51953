/* Adds an independent normal number to each value. */
#include "data/transform.h"

/* Normal numbers generated at a time, on the stack. */
#define NOISE_CHUNK 256

/* The most values per sample: a draw gives four normal numbers. */
#define NOISE_VALUES (INT64_C(4) << 20)

typedef struct noise_options {
    double deviation;
} noise_options;

static const nn_option noise_table[] = {{"deviation", NN_OPTION_REAL, offsetof(noise_options, deviation),
                                         NULL, 0, 1e6, NULL, NN_EFFECT_RESULT,
                                         "standard deviation of the noise (standardised data has 1)"},
                                        {.name = NULL}};

static nn_status noise_check(const void *options, nn_shape shape)
{
    char text[NN_SHAPE_TEXT];
    (void)options;
    if (nn_shape_count(shape) <= NOISE_VALUES) return NN_OK;
    NN_FAIL(NN_ERROR_USAGE, "works on samples of at most %lld values, but samples are %s; remove it",
            (long long)NOISE_VALUES, nn_shape_text(text, shape));
}

static void noise_apply(const void *options, const nn_transform_sample *sample)
{
    const noise_options *noise = options;
    double normals[NOISE_CHUNK];
    int64_t count = nn_shape_count(sample->shape);
    for (int64_t first = 0; first < count; first += NOISE_CHUNK) {
        int64_t some = count - first < NOISE_CHUNK ? count - first : NOISE_CHUNK;
        nn_random_normals(sample->stream, (sample->sample << 20) + (uint64_t)first / 4, some, normals);
        for (int64_t i = 0; i < some; i++)
            sample->values[first + i] += (nn_real)(noise->deviation * normals[i]);
    }
}

const nn_transform_type nn_transform_noise = {
    .name = "noise",
    .summary = "adds normally distributed noise to each value",
    .example = "noise: 0.1",
    .options = noise_table,
    .options_size = sizeof(noise_options),
    .check = noise_check,
    .apply = noise_apply,
};
