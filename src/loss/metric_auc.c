/*
 * The area under the receiver operating characteristic: the probability that a sample of the class scores
 * higher than one that is not in it, ties counting half (Mann, Whitney 1947). Exact: all scores are collected
 * and sorted.
 */
#include "loss/answers.h"
#include "loss/ranking.h"

/* Twice the number of (yes, no) pairs in which yes scores higher, over twice the number of pairs. */
static double auc_of_column(const void *options, int64_t count, const nn_ranking_tie *ties)
{
    double twice = 0, yes = 0, no = 0;
    (void)options;
    for (int64_t t = 0; t < count; t++) {
        twice += ties[t].no * (2 * yes + ties[t].yes);
        yes += ties[t].yes;
        no += ties[t].no;
    }
    return twice / (2 * yes * no);
}

static nn_status auc_finish(const void *options, int64_t rows, int64_t width, const nn_real *values,
                            double *result, double *by_class)
{
    return nn_ranking_mean(options, rows, width, values, auc_of_column, result, by_class);
}

const nn_metric_type nn_metric_auc = {
    .name = "auc",
    .summary = "for classes: area under the ROC curve, exact; with several classes, each against the rest",
    .example = "auc",
    .definition = "probability that a row of the class has a higher score than a row that is not of "
                  "it, ties counting half; with several classes, the mean over the classes",
    .reference = "Hanley, McNeil: The meaning and use of the area under a receiver operating "
                 "characteristic (ROC) curve (1982)",
    .options = nn_ranking_table,
    .options_size = sizeof(nn_ranking_options),
    .higher_is_better = true,
    .undefined = "if the labelled rows are all of one class; with several classes, those with rows on one "
                 "side only are left out of the mean",
    .state = NN_METRIC_COLLECTED,
    .check = nn_answers_check_scores,
    .width = nn_ranking_width,
    .collect = nn_ranking_collect,
    .finish_collected = auc_finish,
    .of_ties = auc_of_column,
    .memory = nn_ranking_memory,
};
