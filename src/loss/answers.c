/* The classes that a network predicts. */
#include "loss/answers.h"

#include <math.h>

#include "loss/fit.h"

nn_status nn_answers_check(const void *options, const nn_judged *judged)
{
    (void)options;
    return judged->yes_no ? nn_fit_yes_no(judged->output, judged->target)
                          : nn_fit_classes(judged->output, judged->target);
}

int64_t nn_answers_largest(int64_t columns, const nn_real *row)
{
    int64_t largest = 0;
    for (int64_t c = 1; c < columns; c++)
        if (row[c] > row[largest]) largest = c;
    return largest;
}

bool nn_answers_of_row(const nn_loss_call *call, int64_t row, int64_t *right, int64_t *predicted)
{
    const nn_real *output = call->output + row * call->columns;
    *right = call->labels[row];
    *predicted = call->columns > 1 ? nn_answers_largest(call->columns, output) : output[0] > 0;
    return *right >= 0;
}

int64_t nn_answers_width(const void *options, int64_t columns)
{
    (void)options;
    return 3 * (columns > 1 ? columns : 2);
}

static void answers_add(double *counts, int64_t right, int64_t predicted)
{
    if (right == predicted) counts[3 * right]++;
    counts[3 * right + 1]++;
    counts[3 * predicted + 2]++;
}

/* Targets that are values 0 and 1. */
static void answers_count_values(const nn_loss_call *call, double *counts)
{
    for (int64_t i = 0; i < call->rows * call->columns; i++) {
        if (isnan(call->targets[i])) continue;
        bool right = call->targets[i] > (nn_real)0.5, predicted = call->output[i] > 0;
        double *of_column = counts + 3 * (i % call->columns);
        if (call->columns == 1) {
            answers_add(counts, right, predicted);
        } else {
            of_column[0] += right && predicted;
            of_column[1] += right;
            of_column[2] += predicted;
        }
    }
}

void nn_answers_count(const void *options, const nn_loss_call *call, double *counts)
{
    (void)options;
    int64_t right, predicted;
    if (!call->labels) {
        answers_count_values(call, counts);
        return;
    }
    for (int64_t r = 0; r < call->rows; r++)
        if (nn_answers_of_row(call, r, &right, &predicted)) answers_add(counts, right, predicted);
}

double nn_answers_mean(int64_t width, const double *counts,
                       double (*result)(double hits, double right, double predicted))
{
    double sum = 0, classes = 0;
    for (int64_t i = 0; i < width; i += 3) {
        if (counts[i + 1] + counts[i + 2] == 0) continue;
        sum += result(counts[i], counts[i + 1], counts[i + 2]);
        classes++;
    }
    return sum / classes;
}
