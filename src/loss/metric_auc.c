/*
 * The area under the receiver operating characteristic: the probability that a sample of the class scores
 * higher than one that is not in it, ties counting half (Mann, Whitney 1947). Exact: all scores are collected
 * and sorted. With several classes, each is compared with the rest by its log-probability, and the result is
 * the mean over the classes that have samples on both sides.
 */
#include <math.h>
#include <stdlib.h>

#include "base/maths.h"
#include "base/memory.h"
#include "loss/answers.h"
#include "tensor/kernels.h"

typedef struct auc_options {
    double memory;
} auc_options;

static const nn_option auc_table[] = {
    {"memory", NN_OPTION_REAL, offsetof(auc_options, memory), "1024", 1e-6, 1e9, NULL, NN_EFFECT_OUTPUT,
     "limit in MiB for the scores of one evaluation, on the first rank; a run that needs more is refused"},
    {NULL, 0, 0, NULL, 0, 0, NULL, 0, NULL}};

/* A score, and 1 for yes, 0 for no, -1 for a row that does not count. */
typedef struct auc_pair {
    nn_real score, answer;
} auc_pair;

static double auc_memory(const void *options)
{
    return ((const auc_options *)options)->memory;
}

static int64_t auc_width(const void *options, int64_t columns)
{
    (void)options;
    return 2 * columns;
}

/* log p of one class of several. For two classes the difference of the outputs gives the same order. */
static nn_real auc_score(const nn_real *row, int64_t columns, int64_t column, nn_real maximum, double sum)
{
    if (columns == 1) return row[0];
    if (columns == 2) return row[column] - row[1 - column];
    return (nn_real)((double)row[column] - (double)maximum - nn_maths_log(sum));
}

static void auc_collect_row(const nn_loss_call *call, int64_t r, auc_pair *pairs)
{
    const nn_real *row = call->output + r * call->columns;
    nn_real maximum = 0;
    double sum = 1;
    if (call->labels) nn_exp_rows(1, call->columns, row, NULL, &maximum, &sum);
    for (int64_t c = 0; c < call->columns; c++) {
        if (!call->labels) {
            nn_real target = call->targets[r * call->columns + c];
            pairs[c] = (auc_pair){row[c], isnan(target) ? -1 : (nn_real)(target > (nn_real)0.5)};
            continue;
        }
        int64_t yes = call->columns == 1 ? 1 : c, label = call->labels[r];
        pairs[c] = (auc_pair){auc_score(row, call->columns, c, maximum, sum),
                              label < 0 ? -1 : (nn_real)(label == yes)};
    }
}

static void auc_collect(const void *options, const nn_loss_call *call, nn_real *values)
{
    (void)options;
    for (int64_t r = 0; r < call->rows; r++)
        auc_collect_row(call, r, (auc_pair *)(void *)(values + r * 2 * call->columns));
}

static int auc_compare(const void *a, const void *b)
{
    nn_real left = ((const auc_pair *)a)->score, right = ((const auc_pair *)b)->score;
    return (left > right) - (left < right);
}

/* Twice the number of (yes, no) pairs in which yes scores higher, over twice the number of pairs. */
static double auc_of_sorted(int64_t count, const auc_pair *pairs)
{
    double twice = 0, yes = 0, no = 0;
    for (int64_t i = 0; i < count;) {
        double tied_yes = 0, tied_no = 0;
        nn_real score = pairs[i].score;
        for (; i < count && pairs[i].score == score; i++)
            if (pairs[i].answer > 0)
                tied_yes++;
            else
                tied_no++;
        twice += tied_yes * (2 * no + tied_no);
        yes += tied_yes;
        no += tied_no;
    }
    return twice / (2 * yes * no);
}

static nn_status auc_finish_collected(const void *options, int64_t rows, int64_t width, const nn_real *values,
                                      double *result)
{
    (void)options;
    auc_pair *pairs = NULL;
    const auc_pair *all = (const auc_pair *)(const void *)values;
    int64_t columns = width / 2, judged = 0;
    NN_TRY(NN_ALLOCATE(&pairs, rows, "the scores of an evaluation"));
    *result = 0;
    for (int64_t c = 0; c < columns; c++) {
        int64_t count = 0;
        for (int64_t r = 0; r < rows; r++) {
            auc_pair pair = all[r * columns + c];
            if (pair.answer >= 0 && !isnan(pair.score)) pairs[count++] = pair;
        }
        qsort(pairs, (size_t)count, sizeof *pairs, auc_compare);
        double area = auc_of_sorted(count, pairs);
        if (isnan(area)) continue;
        *result += area;
        judged++;
    }
    *result /= (double)judged;
    nn_free(pairs);
    return NN_OK;
}

const nn_metric_type nn_metric_auc = {
    .name = "auc",
    .summary = "for classes: area under the ROC curve, exact; with several classes, each against the rest",
    .example = "auc",
    .options = auc_table,
    .options_size = sizeof(auc_options),
    .higher_is_better = true,
    .undefined = "if the labelled rows are all of one class; with several classes, those with rows on one "
                 "side only are left out of the mean",
    .state = NN_METRIC_COLLECTED,
    .check = nn_answers_check,
    .width = auc_width,
    .collect = auc_collect,
    .finish_collected = auc_finish_collected,
    .memory = auc_memory,
};
