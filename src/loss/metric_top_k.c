/* The fraction of the rows whose correct class is among the k largest outputs; the first ones on ties. */
#include <stdio.h>

#include "loss/answers.h"
#include "loss/fit.h"

typedef struct top_k_options {
    int64_t k;
} top_k_options;

static const nn_option top_k_table[] = {{"k", NN_OPTION_INTEGER, offsetof(top_k_options, k), "5", 1, 1e9,
                                         NULL, NN_EFFECT_RESULT,
                                         "number of most probable classes that count as an answer"},
                                        {NULL, 0, 0, NULL, 0, 0, NULL, 0, NULL}};

static nn_status top_k_check(const void *options, const nn_judged *judged)
{
    NN_TRY(nn_fit_classes(judged->output, judged->target));
    if (((const top_k_options *)options)->k >= nn_field_classes(judged->target))
        NN_FAIL(NN_ERROR_USAGE, "k: %lld of %lld classes always contain the correct one; choose a smaller k",
                (long long)((const top_k_options *)options)->k, (long long)nn_field_classes(judged->target));
    return NN_OK;
}

static int64_t top_k_width(const void *options, int64_t columns)
{
    (void)options;
    (void)columns;
    return 2;
}

static void top_k_accumulate(const void *options, const nn_loss_call *call, double *sums)
{
    for (int64_t r = 0; r < call->rows; r++) {
        const nn_real *row = call->output + r * call->columns;
        int64_t label = call->labels[r], before = 0;
        if (label < 0) continue;
        for (int64_t c = 0; c < call->columns; c++)
            before += row[c] > row[label] || (row[c] == row[label] && c < label);
        sums[0] += before < ((const top_k_options *)options)->k;
        sums[1]++;
    }
}

static double top_k_finish(const void *options, int64_t width, const double *sums)
{
    (void)options;
    (void)width;
    return sums[0] / sums[1];
}

static void top_k_qualify(const void *options, const nn_judged *judged, char text[NN_METRIC_QUALIFIER])
{
    (void)judged;
    snprintf(text, NN_METRIC_QUALIFIER, "k %lld", (long long)((const top_k_options *)options)->k);
}

const nn_metric_type nn_metric_top_k = {
    .name = "top_k",
    .summary = "for classes: the fraction whose correct class is among the k most probable ones",
    .example = "top_k: {k: 2}",
    .definition = "rows whose label is among the k largest outputs / rows with a label; of equal "
                  "outputs the first class comes first",
    .reference = "Russakovsky et al.: ImageNet large scale visual recognition challenge (2015)",
    .options = top_k_table,
    .options_size = sizeof(top_k_options),
    .higher_is_better = true,
    .percent = true,
    .undefined = "if no row has a label",
    .state = NN_METRIC_SUMS,
    .check = top_k_check,
    .width = top_k_width,
    .accumulate = top_k_accumulate,
    .finish = top_k_finish,
    .qualify = top_k_qualify,
};
