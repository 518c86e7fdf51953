/* The highest fraction of the rows of a class that a threshold can find while it rejects at least a given
 * fraction of the others: one point of the receiver operating characteristic. */
#include <math.h>
#include <stdio.h>

#include "loss/answers.h"
#include "loss/ranking.h"

static const nn_option sensitivity_table[] = {
    {"specificity", NN_OPTION_REAL, offsetof(nn_ranking_options, specificity), NULL, 0, 1, NULL,
     NN_EFFECT_RESULT, "fraction of the rows outside of the class that must be rejected, such as 0.95"},
    NN_RANKING_MEMORY,
    {NULL, 0, 0, NULL, 0, 0, NULL, 0, NULL}};

static double sensitivity_of_column(const void *options, int64_t count, const nn_ranking_tie *ties)
{
    double yes = 0, no = 0, found = 0, taken = 0, best = 0;
    for (int64_t t = 0; t < count; t++) {
        yes += ties[t].yes;
        no += ties[t].no;
    }
    for (int64_t t = 0; t < count; t++) {
        found += ties[t].yes;
        taken += ties[t].no;
        if ((no - taken) / no >= ((const nn_ranking_options *)options)->specificity) best = found;
    }
    return no > 0 ? best / yes : (double)NAN;
}

static nn_status sensitivity_finish(const void *options, int64_t rows, int64_t width, const nn_real *values,
                                    double *result, double *by_class)
{
    return nn_ranking_mean(options, rows, width, values, sensitivity_of_column, result, by_class);
}

static void sensitivity_qualify(const void *options, const nn_judged *judged, char text[NN_METRIC_QUALIFIER])
{
    (void)judged;
    snprintf(text, NN_METRIC_QUALIFIER, "specificity %.6g",
             ((const nn_ranking_options *)options)->specificity);
}

const nn_metric_type nn_metric_sensitivity = {
    .name = "sensitivity",
    .summary =
        "for classes: highest recall at a given specificity; with several classes, each against the rest",
    .example = "sensitivity: {specificity: 0.95}",
    .definition = "the highest recall of any threshold at which at least the fraction `specificity` "
                  "of the other rows is rejected; with several classes, the mean over the classes",
    .reference = "Fawcett: An introduction to ROC analysis (2006)",
    .options = sensitivity_table,
    .options_size = sizeof(nn_ranking_options),
    .higher_is_better = true,
    .percent = true,
    .undefined = "if the labelled rows are all of one class; with several classes, those with rows on one "
                 "side only are left out of the mean",
    .state = NN_METRIC_COLLECTED,
    .check = nn_answers_check_scores,
    .width = nn_ranking_width,
    .collect = nn_ranking_collect,
    .finish_collected = sensitivity_finish,
    .of_ties = sensitivity_of_column,
    .memory = nn_ranking_memory,
    .qualify = sensitivity_qualify,
};
