/* Mean negative logarithm of the probability that the correct class is given, in nats: the cross-entropy
 * without weights or smoothing. */
#include "loss/answers.h"
#include "loss/nats.h"

static double log_loss_finish(const void *options, int64_t width, const double *sums)
{
    (void)options;
    (void)width;
    return sums[0] / sums[1];
}

const nn_metric_type nn_metric_log_loss = {
    .name = "log_loss",
    .summary = "for classes: mean negative logarithm of the probability of the correct class, in nats",
    .example = "log_loss",
    .definition = "mean over the rows of -ln(probability of the label)",
    .reference = "Good: Rational decisions (1952)",
    .options = nn_no_options,
    .undefined = "if no row has a label, or if it overflows",
    .state = NN_METRIC_SUMS,
    .check = nn_answers_check_scores,
    .width = nn_nats_width,
    .accumulate = nn_nats_accumulate,
    .finish = log_loss_finish,
};
