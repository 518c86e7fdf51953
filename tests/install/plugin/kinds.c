/* A plug-in with a loss and a transform: mean absolute error by another name, whose bits can be compared, and
 * a random factor on all values of a sample. */
#include "plugin/plugin.h"

#include <math.h>

#include "loss/value_loss.h"
#include "tensor/kernels.h"

static double distance_term(double difference, double unused, double *slope)
{
    (void)unused;
    *slope = difference > 0 ? 1 : difference < 0 ? -1 : 0;
    return fabs(difference);
}

static double distance_evaluate(const void *options, const nn_loss_call *call)
{
    (void)options;
    return value_evaluate(call, distance_term, 0);
}

static const nn_loss_type distance = {
    .name = "distance",
    .summary = "for values: absolute difference",
    .example = "distance",
    .options = nn_no_options,
    .check = value_check,
    .denominator = value_denominator,
    .evaluate = distance_evaluate,
};

typedef struct dim_options {
    double most;
} dim_options;

static const nn_option dim_table[] = {{"most", NN_OPTION_REAL, offsetof(dim_options, most), NULL, 0, 1, NULL,
                                       NN_EFFECT_RESULT, "largest fraction that is taken off"},
                                      {.name = NULL}};

static nn_status dim_check(const void *options, nn_shape shape)
{
    char text[NN_SHAPE_TEXT];
    (void)options;
    if (nn_shape_count(shape) > 0) return NN_OK;
    NN_FAIL(NN_ERROR_USAGE, "has nothing to do with samples of %s", nn_shape_text(text, shape));
}

static void dim_apply(const void *options, const nn_transform_sample *sample)
{
    const dim_options *given = options;
    nn_real factor = (nn_real)(1 - given->most * nn_transform_uniform(sample, 0));
    nn_scale(nn_shape_count(sample->shape), factor, sample->values);
}

static const nn_transform_type dim = {
    .name = "dim",
    .summary = "a random factor on all values of a sample",
    .example = "dim: 0.2",
    .options = dim_table,
    .options_size = sizeof(dim_options),
    .check = dim_check,
    .apply = dim_apply,
};

static const nn_loss_type *const losses[] = {&distance, NULL};
static const nn_transform_type *const transforms[] = {&dim, NULL};

NN_PLUGIN(.losses = losses, .transforms = transforms);
