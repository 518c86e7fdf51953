/* The classes that a network predicts. */
#include "loss/answers.h"

#include <math.h>
#include <stdio.h>

#include "base/maths.h"
#include "loss/fit.h"

#define THRESHOLD                                                                                            \
    {                                                                                                        \
        "threshold", NN_OPTION_REAL, offsetof(nn_answers_options, threshold), "0.5", 1e-12, 1 - 1e-12, NULL, \
            NN_EFFECT_RESULT,                                                                                \
            "yes, or the second of two classes, is predicted if its probability is above this"               \
    }

enum { AVERAGE_AUTO, AVERAGE_POSITIVE, AVERAGE_MACRO, AVERAGE_WEIGHTED };
static const char *const average_names[] = {"auto", "positive", "macro", "weighted", NULL};

const nn_option nn_answers_table[] = {
    THRESHOLD,
    {"average", NN_OPTION_CHOICE, offsetof(nn_answers_options, average), "auto", 0, 0, average_names,
     NN_EFFECT_RESULT,
     "positive: of the second of two classes (yes) alone; macro: mean over the classes; weighted: by their "
     "rows; auto: positive for two classes, else macro"},
    {NULL, 0, 0, NULL, 0, 0, NULL, 0, NULL}};

const nn_option nn_threshold_table[] = {THRESHOLD, {NULL, 0, 0, NULL, 0, 0, NULL, 0, NULL}};

/* ---- whether they fit ---- */

/* Whether there are two classes, instead of more, or of separate questions. */
static bool answers_are_two(const nn_judged *judged)
{
    if (judged->yes_no) return judged->target->is_class || nn_shape_count(judged->target->shape) == 1;
    return nn_field_classes(judged->target) == 2;
}

nn_status nn_answers_check_scores(const void *options, const nn_judged *judged)
{
    (void)options;
    return judged->yes_no ? nn_fit_yes_no(judged->output, judged->target)
                          : nn_fit_classes(judged->output, judged->target);
}

nn_status nn_answers_check(const void *options, const nn_judged *judged)
{
    NN_TRY(nn_answers_check_scores(options, judged));
    int64_t classes = nn_field_classes(judged->target);
    const nn_answers_options *given = options;
    if (given && given->threshold != 0.5 && !judged->yes_no && classes > 2)
        NN_FAIL(NN_ERROR_USAGE,
                "a threshold needs a question of yes or no, or two classes, but the target '%s' has %lld; "
                "remove `threshold`",
                judged->target->name, (long long)classes);
    return NN_OK;
}

nn_status nn_answers_check_average(const void *options, const nn_judged *judged)
{
    NN_TRY(nn_answers_check(options, judged));
    const nn_answers_options *given = options;
    if (!given || given->average != AVERAGE_POSITIVE || answers_are_two(judged)) return NN_OK;
    if (judged->yes_no)
        NN_FAIL(
            NN_ERROR_USAGE,
            "`average: positive` needs one question of yes or no, or two classes, but the target '%s' asks "
            "%lld separate questions; set `average: macro` or `weighted`",
            judged->target->name, (long long)nn_shape_count(judged->target->shape));
    NN_FAIL(
        NN_ERROR_USAGE,
        "`average: positive` needs a question of yes or no, or two classes, but the target '%s' has %lld; "
        "set `average: macro` or `weighted`",
        judged->target->name, (long long)nn_field_classes(judged->target));
}

nn_status nn_answers_check_one(const void *options, const nn_judged *judged)
{
    NN_TRY(nn_answers_check(options, judged));
    if (judged->yes_no && !answers_are_two(judged))
        NN_FAIL(NN_ERROR_USAGE,
                "the target '%s' asks %lld separate questions of yes or no, and this metric is of one; use "
                "f1, precision, recall, auc or average_precision",
                judged->target->name, (long long)nn_shape_count(judged->target->shape));
    return NN_OK;
}

/* ---- counting ---- */

double nn_answers_margin(const void *options)
{
    double threshold = options ? ((const nn_answers_options *)options)->threshold : 0.5;
    return threshold == 0.5 ? 0 : nn_maths_log(threshold) - nn_maths_log(1 - threshold);
}

static int64_t answers_largest(int64_t columns, const nn_real *row)
{
    int64_t largest = 0;
    for (int64_t c = 1; c < columns; c++)
        if (row[c] > row[largest]) largest = c;
    return largest;
}

bool nn_answers_of_row(const nn_loss_call *call, double margin, int64_t row, int64_t *right,
                       int64_t *predicted)
{
    const nn_real *output = call->output + row * call->columns;
    *right = call->labels[row];
    if (call->columns == 1)
        *predicted = (double)output[0] > margin;
    else if (call->columns == 2)
        *predicted = (double)output[1] - (double)output[0] > margin;
    else
        *predicted = answers_largest(call->columns, output);
    return *right >= 0;
}

int64_t nn_answers_width(const void *options, int64_t columns)
{
    (void)options;
    return 3 * (columns > 1 ? columns : 2) + 1;
}

static void answers_add(double *counts, int64_t right, int64_t predicted)
{
    if (right == predicted) counts[3 * right]++;
    counts[3 * right + 1]++;
    counts[3 * predicted + 2]++;
}

/* Targets that are values 0 and 1. */
static void answers_count_values(const nn_loss_call *call, double margin, double *counts)
{
    for (int64_t i = 0; i < call->rows * call->columns; i++) {
        if (isnan(call->targets[i])) continue;
        bool right = call->targets[i] > (nn_real)0.5, predicted = (double)call->output[i] > margin;
        double *of_column = counts + 3 * (i % call->columns);
        if (call->columns == 1) {
            answers_add(counts, right, predicted);
        } else {
            of_column[0] += right && predicted;
            of_column[1] += right;
            of_column[2] += predicted;
            counts[3 * call->columns]++;
        }
    }
}

void nn_answers_count(const void *options, const nn_loss_call *call, double *counts)
{
    int64_t right, predicted;
    double margin = nn_answers_margin(options);
    if (!call->labels) {
        answers_count_values(call, margin, counts);
        return;
    }
    for (int64_t r = 0; r < call->rows; r++)
        if (nn_answers_of_row(call, margin, r, &right, &predicted)) answers_add(counts, right, predicted);
}

/* ---- averages ---- */

double nn_answers_average(const void *options, int64_t width, const double *counts, nn_answers_result *result)
{
    int average = options ? ((const nn_answers_options *)options)->average : AVERAGE_AUTO;
    int64_t classes = nn_answers_classes(width);
    bool two = classes == 2 && counts[width - 1] == 0;
    double sum = 0, weights = 0;
    if (two && average != AVERAGE_MACRO && average != AVERAGE_WEIGHTED)
        return counts[4] + counts[5] > 0 ? result(counts[3], counts[4], counts[5]) : (double)NAN;
    for (int64_t c = 0; c < classes; c++) {
        const double *of = counts + 3 * c;
        double weight = average == AVERAGE_WEIGHTED ? of[1] : 1;
        if (of[1] + of[2] == 0 || weight == 0) continue;
        sum += weight * result(of[0], of[1], of[2]);
        weights += weight;
    }
    return sum / weights;
}

void nn_threshold_qualify(const void *options, const nn_judged *judged, char text[NN_METRIC_QUALIFIER])
{
    double threshold = options ? ((const nn_answers_options *)options)->threshold : 0.5;
    (void)judged;
    if (threshold != 0.5) snprintf(text, NN_METRIC_QUALIFIER, "threshold %.6g", threshold);
}

void nn_answers_qualify(const void *options, const nn_judged *judged, char text[NN_METRIC_QUALIFIER])
{
    const nn_answers_options *given = options;
    int average = given ? given->average : AVERAGE_AUTO;
    if (average == AVERAGE_AUTO || average == AVERAGE_POSITIVE)
        average = answers_are_two(judged) ? AVERAGE_POSITIVE : AVERAGE_MACRO;
    int length = snprintf(text, NN_METRIC_QUALIFIER, "%s", average_names[average]);
    if (given && given->threshold != 0.5)
        snprintf(text + length, NN_METRIC_QUALIFIER - (size_t)length, ", threshold %.6g", given->threshold);
}
