/*
 * Expected calibration error (Guo et al. 2017): rows are sorted into bins of equal width by the probability
 * of the class that is predicted; the result is the mean over the rows of the difference, in their bin,
 * between the mean of that probability and the fraction that is correct.
 */
#include <math.h>
#include <stdio.h>

#include "base/maths.h"
#include "loss/answers.h"
#include "tensor/kernels.h"

#define BINS_MAX 32

typedef struct calibration_options {
    int64_t bins;
} calibration_options;

static const nn_option calibration_table[] = {
    {"bins", NN_OPTION_INTEGER, offsetof(calibration_options, bins), "15", 1, BINS_MAX, NULL,
     NN_EFFECT_RESULT, "number of bins; bin i of n has the probabilities above (i - 1) / n, up to i / n"},
    {NULL, 0, 0, NULL, 0, 0, NULL, 0, NULL}};

static nn_status calibration_check(const void *options, const nn_judged *judged)
{
    (void)options;
    return nn_answers_check_scores(NULL, judged);
}

/* Per bin: rows, the sum of the probabilities, correct rows. */
static int64_t calibration_width(const void *options, int64_t columns)
{
    (void)columns;
    return 3 * ((const calibration_options *)options)->bins;
}

static void calibration_add(int64_t bins, double probability, bool hit, double *sums)
{
    int64_t bin = (int64_t)ceil(probability * (double)bins) - 1;
    if (isnan(probability)) return;
    if (bin < 0) bin = 0;
    if (bin >= bins) bin = bins - 1;
    sums[3 * bin]++;
    sums[3 * bin + 1] += probability;
    sums[3 * bin + 2] += hit;
}

static void calibration_add_classes(int64_t bins, const nn_loss_call *call, double *sums)
{
    for (int64_t r = 0; r < call->rows; r++) {
        nn_real maximum;
        double sum;
        int64_t right, predicted;
        if (!nn_answers_of_row(call, 0, r, &right, &predicted)) continue;
        nn_exp_rows(1, call->columns, call->output + r * call->columns, NULL, &maximum, &sum);
        calibration_add(bins, 1 / sum, right == predicted, sums);
    }
}

static void calibration_accumulate(const void *options, const nn_loss_call *call, double *sums)
{
    int64_t bins = ((const calibration_options *)options)->bins;
    if (call->labels && call->columns > 1) {
        calibration_add_classes(bins, call, sums);
        return;
    }
    for (int64_t i = 0; i < call->rows * call->columns; i++) {
        bool counts = call->labels ? call->labels[i] >= 0 : !isnan(call->targets[i]);
        bool yes = call->labels ? call->labels[i] == 1 : call->targets[i] > (nn_real)0.5;
        double x = (double)call->output[i];
        if (counts) calibration_add(bins, 1 / (1 + nn_maths_exp(-fabs(x))), (x > 0) == yes, sums);
    }
}

static double calibration_finish(const void *options, int64_t width, const double *sums)
{
    double rows = 0, error = 0;
    (void)options;
    for (int64_t at = 0; at < width; at += 3) {
        rows += sums[at];
        error += fabs(sums[at + 1] - sums[at + 2]);
    }
    return error / rows;
}

static void calibration_qualify(const void *options, const nn_judged *judged, char text[NN_METRIC_QUALIFIER])
{
    (void)judged;
    snprintf(text, NN_METRIC_QUALIFIER, "%lld bins", (long long)((const calibration_options *)options)->bins);
}

const nn_metric_type nn_metric_calibration_error = {
    .name = "calibration_error",
    .summary = "for classes: expected difference between the probability of the predicted class and the "
               "fraction that is correct (ECE)",
    .example = "calibration_error",
    .definition = "sum over bins of the probability of the predicted class of |sum of these "
                  "probabilities - hits| / rows",
    .reference = "Guo et al.: On calibration of modern neural networks (2017)",
    .options = calibration_table,
    .options_size = sizeof(calibration_options),
    .percent = true,
    .undefined = "if no row has a label",
    .state = NN_METRIC_SUMS,
    .check = calibration_check,
    .width = calibration_width,
    .accumulate = calibration_accumulate,
    .finish = calibration_finish,
    .qualify = calibration_qualify,
};
