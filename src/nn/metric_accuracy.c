/* The part of the samples whose largest output is that of the right class; the first one on ties. */
#include "nn/fit.h"
#include "nn/loss.h"

static int64_t accuracy_largest(int64_t columns, const nn_real *row)
{
    int64_t largest = 0;
    for (int64_t c = 1; c < columns; c++)
        if (row[c] > row[largest]) largest = c;
    return largest;
}

static void accuracy_accumulate(const nn_loss_call *call, double *sums)
{
    int64_t right = 0;
    for (int64_t s = 0; s < call->rows; s++)
        if (accuracy_largest(call->columns, call->output + s * call->columns) == call->labels[s]) right++;
    sums[0] = (double)right;
    sums[1] = (double)call->rows;
}

static double accuracy_finish(const double *sums)
{
    return sums[0] / sums[1];
}

const nn_metric_type NN_REAL_SYMBOL(nn_metric_accuracy) = {
    .name = "accuracy",
    .summary = "for classes: the part of the samples that is classified right",
    .example = "accuracy",
    .higher_is_better = true,
    .percent = true,
    .sums = 2,
    .check = nn_fit_classes,
    .accumulate = accuracy_accumulate,
    .finish = accuracy_finish,
};
