/*
 * Average precision, the area under the precision-recall curve as a step function: the sum over thresholds,
 * from the highest score down, of the precision times the gain in recall (Zhu 2004). Exact: all scores are
 * collected and sorted; rows of equal score share a threshold.
 */
#include "loss/answers.h"
#include "loss/ranking.h"

static double average_precision_of_column(const void *options, int64_t count, const nn_ranking_tie *ties)
{
    double sum = 0, yes = 0, no = 0;
    (void)options;
    for (int64_t t = 0; t < count; t++) {
        yes += ties[t].yes;
        no += ties[t].no;
        sum += ties[t].yes * (yes / (yes + no));
    }
    return sum / yes;
}

static nn_status average_precision_finish(const void *options, int64_t rows, int64_t width,
                                          const nn_real *values, double *result, double *by_class)
{
    return nn_ranking_mean(options, rows, width, values, average_precision_of_column, result, by_class);
}

const nn_metric_type nn_metric_average_precision = {
    .name = "average_precision",
    .summary = "for classes: area under the precision-recall curve (PR-AUC); with several classes, each "
               "against the rest",
    .example = "average_precision",
    .definition = "sum over the thresholds, from the highest score down, of precision x gain in "
                  "recall; rows of equal score share a threshold; with several classes, the mean "
                  "over the classes",
    .reference = "Zhu: Recall, precision and average precision (2004)",
    .options = nn_ranking_table,
    .options_size = sizeof(nn_ranking_options),
    .higher_is_better = true,
    .undefined =
        "if no labelled row is of the class; with several classes, those without rows are left out of "
        "the mean",
    .state = NN_METRIC_COLLECTED,
    .check = nn_answers_check_scores,
    .width = nn_ranking_width,
    .collect = nn_ranking_collect,
    .finish_collected = average_precision_finish,
    .of_ties = average_precision_of_column,
    .memory = nn_ranking_memory,
};
