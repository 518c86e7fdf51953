/*
 * Softmax and the negative log-probability of the correct class, combined. With target shares t of the
 * classes (1 for the correct one; smoothed by s: (1 - s) t + s / classes), row weight w and class weights v,
 * a row adds
 *
 *     sum over c of  q_c (log(sum exp(x)) - x_c),     q_c = w v_c t_c
 *
 * to the loss, and w times the weight of the correct class (the mean over the classes by their shares) to the
 * denominator. For labels this is PyTorch's mean, with ignore_index, weight and label_smoothing; for soft
 * targets PyTorch divides by the number of rows, which is the same without class weights.
 */
#include <string.h>

#include "base/maths.h"
#include "loss/fit.h"
#include "loss/loss.h"
#include "tensor/kernels.h"

/* Rows processed at a time. */
#define GROUP 64

typedef struct cross_entropy_options {
    double label_smoothing;
    nn_text_list class_weights;
} cross_entropy_options;

#define FIELD(member) offsetof(cross_entropy_options, member)
static const nn_option cross_entropy_table[] = {
    {"label_smoothing", NN_OPTION_REAL, FIELD(label_smoothing), "0", 0, 0.999, NULL, NN_EFFECT_RESULT,
     "fraction of each label that is spread evenly over all classes (Szegedy et al. 2016)"},
    {"class_weights", NN_OPTION_TEXT_LIST, FIELD(class_weights), "", 0, 0, NULL, NN_EFFECT_RESULT,
     "weight of each class: a list of numbers, or balanced: rare classes count as much as common ones"},
    {NULL, 0, 0, NULL, 0, 0, NULL, 0, NULL}};
#undef FIELD

static const nn_text_list *cross_entropy_class_weights(const void *options)
{
    return &((const cross_entropy_options *)options)->class_weights;
}

static nn_status cross_entropy_check(const void *options, nn_shape output, const nn_field *target)
{
    (void)options;
    return nn_fit_classes(output, target);
}

/* ---- weights ---- */

static double cross_entropy_row_weight(const nn_loss_call *call, int64_t row)
{
    return call->weights ? (double)call->weights[row] : 1;
}

static double cross_entropy_class_weight(const nn_loss_call *call, int64_t class)
{
    return call->class_weights ? call->class_weights[class] : 1;
}

static bool cross_entropy_counts(const nn_loss_call *call, int64_t row)
{
    return !call->labels || call->labels[row] >= 0;
}

/* The contribution of a row to the denominator. */
static double cross_entropy_weight(const nn_loss_call *call, int64_t row)
{
    double weight = cross_entropy_row_weight(call, row);
    if (!call->soft) return weight * cross_entropy_class_weight(call, call->labels[row]);
    if (!call->class_weights) return weight;
    double sum = 0;
    for (int64_t c = 0; c < call->columns; c++)
        sum += (double)call->soft[row * call->columns + c] * call->class_weights[c];
    return weight * sum;
}

static double cross_entropy_denominator(const void *options, const nn_loss_call *call)
{
    (void)options;
    double sum = 0;
    for (int64_t r = 0; r < call->rows; r++)
        if (cross_entropy_counts(call, r)) sum += cross_entropy_weight(call, r);
    return sum;
}

/* ---- one row ---- */

/* One row: its exponentials are in gradient, with their sum and the maximum that was subtracted. */
typedef struct cross_entropy_row {
    int64_t row;
    const nn_real *output;
    nn_real *gradient; /* NULL: not wanted */
    double maximum, sum;
} cross_entropy_row;

/* One class is correct: the other columns of the gradient are the exponentials times one factor. */
static double cross_entropy_hard(const nn_loss_call *call, const cross_entropy_row *at)
{
    int64_t label = call->labels[at->row];
    double weight = cross_entropy_weight(call, at->row);
    if (at->gradient) {
        double right = (weight * (double)at->gradient[label] / at->sum - weight) / call->denominator;
        nn_scale(call->columns, (nn_real)(weight / (at->sum * call->denominator)), at->gradient);
        at->gradient[label] = (nn_real)right;
    }
    return weight * (nn_maths_log(at->sum) + (at->maximum - (double)at->output[label]));
}

/* q_c, as defined at the top of this file. */
static double cross_entropy_share(const nn_loss_call *call, int64_t row, int64_t class, double smoothing)
{
    double share =
        call->soft ? (double)call->soft[row * call->columns + class] : (double)(call->labels[row] == class);
    if (smoothing > 0) share = (1 - smoothing) * share + smoothing / (double)call->columns;
    return cross_entropy_row_weight(call, row) * cross_entropy_class_weight(call, class) * share;
}

/* Shares of several classes: (softmax x sum of q - q) / denominator; with one class, the same bits as above.
 */
static double cross_entropy_general(const nn_loss_call *call, const cross_entropy_row *at, double smoothing)
{
    double loss = 0, shares = 0, log_sum = nn_maths_log(at->sum);
    for (int64_t c = 0; c < call->columns; c++) {
        double share = cross_entropy_share(call, at->row, c, smoothing);
        if (share != 0) loss += share * (log_sum + (at->maximum - (double)at->output[c]));
        shares += share;
    }
    if (!at->gradient) return loss;
    nn_real factor = (nn_real)(shares / (at->sum * call->denominator));
    for (int64_t c = 0; c < call->columns; c++) {
        double share = cross_entropy_share(call, at->row, c, smoothing);
        at->gradient[c] =
            share == 0 ? factor * at->gradient[c]
                       : (nn_real)((shares * (double)at->gradient[c] / at->sum - share) / call->denominator);
    }
    return loss;
}

/* ---- all rows ---- */

static double cross_entropy_evaluate(const void *options, const nn_loss_call *call)
{
    double smoothing = ((const cross_entropy_options *)options)->label_smoothing, loss = 0;
    nn_real maxima[GROUP];
    double sums[GROUP];
    for (int64_t first = 0; first < call->rows; first += GROUP) {
        int64_t count = call->rows - first < GROUP ? call->rows - first : GROUP;
        const nn_real *output = call->output + first * call->columns;
        nn_real *gradient = call->gradient ? call->gradient + first * call->columns : NULL;
        nn_exp_rows(count, call->columns, output, gradient, maxima, sums);
        for (int64_t i = 0; i < count; i++) {
            cross_entropy_row at = {first + i, output + i * call->columns,
                                    gradient ? gradient + i * call->columns : NULL, (double)maxima[i],
                                    sums[i]};
            if (cross_entropy_counts(call, at.row))
                loss += call->soft || smoothing > 0 ? cross_entropy_general(call, &at, smoothing)
                                                    : cross_entropy_hard(call, &at);
            else if (gradient)
                memset(at.gradient, 0, (size_t)call->columns * sizeof *gradient);
        }
    }
    return loss;
}

static void cross_entropy_predict(const void *options, int64_t rows, int64_t columns, nn_real *output)
{
    (void)options;
    nn_softmax_rows(rows, columns, output, output);
}

static void cross_entropy_predict_derivative(int64_t rows, int64_t columns, const nn_real *predicted,
                                             nn_real *values)
{
    nn_softmax_gradient_rows(rows, columns, predicted, values, values);
}

/* The logarithms of the weighted shares. Ties between classes are broken by their unweighted shares. A class
 * that never occurs gets a probability of 1e-30. */
static void cross_entropy_best_constant(const void *options, int64_t columns, const double *class_weights,
                                        bool labels, const double *mean, double *output)
{
    (void)labels;
    double smoothing = ((const cross_entropy_options *)options)->label_smoothing, total = 0;
    for (int64_t c = 0; c < columns; c++) total += (class_weights ? class_weights[c] : 1) * mean[c];
    for (int64_t c = 0; c < columns; c++) {
        double share = (1 - smoothing) * mean[c] + smoothing / (double)columns;
        if (class_weights) share *= class_weights[c];
        if (total > 0) share /= total;
        output[c] = nn_maths_log(share + 1e-30) + 1e-5 * mean[c];
    }
}

const nn_loss_type nn_loss_cross_entropy = {
    .name = "cross_entropy",
    .summary = "for classes, or class probabilities that sum to 1 (within 0.001): softmax and log-likelihood "
               "combined; the last layer has no activation",
    .example = "cross_entropy",
    .options = cross_entropy_table,
    .options_size = sizeof(cross_entropy_options),
    .takes_classes = true,
    .takes_soft = true,
    .domain = {.bounded = true, .least = 0, .most = 1, .shares = true},
    .check = cross_entropy_check,
    .denominator = cross_entropy_denominator,
    .evaluate = cross_entropy_evaluate,
    .predict = cross_entropy_predict,
    .predict_derivative = cross_entropy_predict_derivative,
    .prediction = "softmax",
    .class_weights = cross_entropy_class_weights,
    .best_constant = cross_entropy_best_constant,
};
