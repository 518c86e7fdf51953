/* exp of the mean cross-entropy: the number of equally likely classes that would be as uncertain. */
#include "base/maths.h"
#include "loss/fit.h"
#include "loss/nats.h"

static nn_status perplexity_check(const void *options, const nn_judged *judged)
{
    (void)options;
    return nn_fit_classes(judged->output, judged->target);
}

static double perplexity_finish(const void *options, int64_t width, const double *sums)
{
    (void)options;
    (void)width;
    return nn_maths_exp(sums[0] / sums[1]);
}

const nn_metric_type nn_metric_perplexity = {
    .name = "perplexity",
    .summary = "for classes, such as words: exp of the mean cross-entropy",
    .example = "perplexity",
    .definition = "exp of the mean over the rows of -ln(probability of the label)",
    .reference = "Jelinek et al.: Perplexity, a measure of the difficulty of speech recognition "
                 "tasks (1977)",
    .options = nn_no_options,
    .undefined = "if no row has a label, or if it overflows",
    .state = NN_METRIC_SUMS,
    .check = perplexity_check,
    .width = nn_nats_width,
    .accumulate = nn_nats_accumulate,
    .finish = perplexity_finish,
};
