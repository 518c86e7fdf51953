/* exp of the mean cross-entropy: the number of equally likely classes that would be as uncertain. */

#include "base/maths.h"
#include "loss/answers.h"
#include "loss/fit.h"
#include "tensor/kernels.h"

/* Rows processed at a time. */
#define GROUP 64

static nn_status perplexity_check(const void *options, const nn_judged *judged)
{
    (void)options;
    return nn_fit_classes(judged->output, judged->target);
}

static int64_t perplexity_width(const void *options, int64_t columns)
{
    (void)options;
    (void)columns;
    return 2;
}

static void perplexity_accumulate(const void *options, const nn_loss_call *call, double *sums)
{
    (void)options;
    nn_real maxima[GROUP];
    double exponentials[GROUP];
    for (int64_t first = 0; first < call->rows; first += GROUP) {
        int64_t count = call->rows - first < GROUP ? call->rows - first : GROUP;
        const nn_real *output = call->output + first * call->columns;
        nn_exp_rows(count, call->columns, output, NULL, maxima, exponentials);
        for (int64_t i = 0; i < count; i++) {
            int64_t label = call->labels[first + i];
            if (label < 0) continue;
            sums[0] += nn_maths_log(exponentials[i]) +
                       ((double)maxima[i] - (double)output[i * call->columns + label]);
            sums[1]++;
        }
    }
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
    .options = nn_no_options,
    .undefined = "if no row has a label, or if it overflows",
    .state = NN_METRIC_SUMS,
    .check = perplexity_check,
    .width = perplexity_width,
    .accumulate = perplexity_accumulate,
    .finish = perplexity_finish,
};
