/* How often each class (row) was predicted as each class (column). */
#include "loss/answers.h"
#include "loss/fit.h"

#define CLASSES_MAX 100

static nn_status confusion_check(const void *options, const nn_judged *judged)
{
    NN_TRY(nn_answers_check(options, judged));
    if (nn_field_classes(judged->target) == 0)
        NN_FAIL(NN_ERROR_USAGE,
                "class labels are needed, but the target '%s' is read as values; remove confusion, or give "
                "the target as integers",
                judged->target->name);
    if (nn_field_classes(judged->target) > CLASSES_MAX)
        NN_FAIL(NN_ERROR_USAGE,
                "a table of %lld x %lld classes is too large to read (at most %d classes); use f1, precision "
                "or recall",
                (long long)nn_field_classes(judged->target), (long long)nn_field_classes(judged->target),
                CLASSES_MAX);
    return NN_OK;
}

static int64_t confusion_width(const void *options, int64_t columns)
{
    (void)options;
    return columns > 1 ? columns * columns : 4;
}

static void confusion_accumulate(const void *options, const nn_loss_call *call, double *counts)
{
    int64_t classes = call->columns > 1 ? call->columns : 2, right, predicted;
    double margin = nn_answers_margin(options);
    for (int64_t r = 0; r < call->rows; r++)
        if (nn_answers_of_row(call, margin, r, &right, &predicted)) counts[right * classes + predicted]++;
}

const nn_metric_type nn_metric_confusion = {
    .name = "confusion",
    .summary = "for classes: the table of correct (rows) and predicted (columns) classes",
    .example = "confusion",
    .definition = "entry (i, j): rows of class i that are predicted as class j",
    .reference = "Stehman: Selecting and interpreting measures of thematic classification accuracy "
                 "(1997)",
    .options = nn_threshold_table,
    .options_size = sizeof(nn_answers_options),
    .qualify = nn_threshold_qualify,
    .matrix = true,
    .undefined = "never; a class that does not occur has a row of zeros",
    .state = NN_METRIC_COUNTS,
    .check = confusion_check,
    .width = confusion_width,
    .accumulate = confusion_accumulate,
};
