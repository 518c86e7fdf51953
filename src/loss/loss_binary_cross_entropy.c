/*
 * Sigmoid and the negative log-likelihood of yes or no, combined. An output x with target t (0, 1, or a
 * probability between), row weight w and weights v_0 of no and v_1 of yes for its column adds
 *
 *     w (v_1 t log(1 + exp(-x)) + v_0 (1 - t) log(1 + exp(x)))
 *
 * to the loss and w (v_1 t + v_0 (1 - t)) to the denominator. PyTorch's pos_weight is v_1 with v_0 = 1, but
 * PyTorch divides by the number of values; without class weights the two agree.
 */
#include <math.h>

#include "base/maths.h"
#include "loss/fit.h"
#include "loss/loss.h"
#include "tensor/kernels.h"

/* Values processed at a time. */
#define CHUNK 256

typedef struct binary_cross_entropy_options {
    nn_text_list class_weights;
} binary_cross_entropy_options;

static const nn_option binary_cross_entropy_table[] = {
    {"class_weights", NN_OPTION_TEXT_LIST, offsetof(binary_cross_entropy_options, class_weights), "", 0, 0,
     NULL, NN_EFFECT_RESULT,
     "weights of no and yes: two numbers for all outputs, or balanced: both count the same in each output"},
    {NULL, 0, 0, NULL, 0, 0, NULL, 0, NULL}};

static const nn_text_list *binary_cross_entropy_class_weights(const void *options)
{
    return &((const binary_cross_entropy_options *)options)->class_weights;
}

static nn_status binary_cross_entropy_check(const void *options, nn_shape output, const nn_field *target)
{
    (void)options;
    return nn_fit_yes_no(output, target);
}

/* One target, NaN if missing, with the weights of no and yes, row weight included. */
typedef struct binary_value {
    double target, no, yes;
} binary_value;

static binary_value binary_value_at(const nn_loss_call *call, int64_t row, int64_t column)
{
    int64_t i = row * call->columns + column;
    double weight = call->weights ? (double)call->weights[row] : 1, target;
    if (call->labels)
        target = call->labels[row] < 0 ? (double)NAN : (double)(call->labels[row] > 0);
    else
        target = (double)call->targets[i];
    const double *class = call->class_weights ? call->class_weights + 2 * column : NULL;
    return (binary_value){target, weight * (class ? class[0] : 1), weight * (class ? class[1] : 1)};
}

static double binary_cross_entropy_denominator(const void *options, const nn_loss_call *call)
{
    (void)options;
    double sum = 0;
    for (int64_t r = 0; r < call->rows; r++)
        for (int64_t c = 0; c < call->columns; c++) {
            binary_value at = binary_value_at(call, r, c);
            if (!isnan(at.target)) sum += at.yes * at.target + at.no * (1 - at.target);
        }
    return sum;
}

/* log(1 + e) for e in [0, 1]: 2 atanh(z), z = e / (2 + e) <= 1 / 3, by its series; exact to double. */
static double binary_log1p(double e)
{
    double z = e / (2 + e), square = z * z, sum = 0;
    for (int k = 33; k > 0; k -= 2) sum = sum * square + 1.0 / k;
    return 2 * z * sum;
}

/* e = exp(-|x|). */
static double binary_term(const binary_value *at, double x, double e, double denominator, nn_real *gradient)
{
    if (isnan(at->target)) {
        if (gradient) *gradient = 0;
        return 0;
    }
    double tail = binary_log1p(e), yes = at->yes * at->target, no = at->no * (1 - at->target);
    double of_yes = x < 0 ? tail - x : tail, of_no = x > 0 ? tail + x : tail;
    double probability = (x < 0 ? e : 1) / (1 + e), against = (x < 0 ? 1 : e) / (1 + e);
    if (gradient) *gradient = (nn_real)((no * probability - yes * against) / denominator);
    return yes * of_yes + no * of_no;
}

static double binary_cross_entropy_evaluate(const void *options, const nn_loss_call *call)
{
    (void)options;
    nn_real exponentials[CHUNK];
    double loss = 0;
    int64_t values = call->rows * call->columns, row = 0, column = 0;
    for (int64_t begin = 0; begin < values; begin += CHUNK) {
        int64_t count = values - begin < CHUNK ? values - begin : CHUNK;
        for (int64_t i = 0; i < count; i++) {
            nn_real x = call->output[begin + i];
            exponentials[i] = x < 0 ? x : -x;
        }
        nn_exp(count, exponentials, exponentials);
        for (int64_t i = 0; i < count; i++) {
            binary_value at = binary_value_at(call, row, column);
            loss += binary_term(&at, (double)call->output[begin + i], (double)exponentials[i],
                                call->denominator, call->gradient ? call->gradient + begin + i : NULL);
            if (++column == call->columns) {
                column = 0;
                row++;
            }
        }
    }
    return loss;
}

static void binary_cross_entropy_predict(const void *options, int64_t rows, int64_t columns, nn_real *output)
{
    (void)options;
    nn_sigmoid(rows * columns, output, output);
}

static void binary_cross_entropy_predict_derivative(int64_t rows, int64_t columns, const nn_real *predicted,
                                                    nn_real *values)
{
    nn_sigmoid_gradient(rows * columns, predicted, values, values);
}

static void binary_cross_entropy_best_constant(const void *options, int64_t columns,
                                               const double *class_weights, bool labels, const double *mean,
                                               double *output)
{
    (void)options;
    for (int64_t c = 0; c < columns; c++) {
        double yes = mean[labels ? 1 : c], no = 1 - yes;
        if (class_weights) {
            no *= class_weights[2 * c];
            yes *= class_weights[2 * c + 1];
        }
        output[c] = nn_maths_log(yes + 1e-30) - nn_maths_log(no + 1e-30);
    }
}

const nn_loss_type nn_loss_binary_cross_entropy = {
    .name = "binary_cross_entropy",
    .summary = "for yes or no: sigmoid and log-likelihood combined, one output per question; the last layer "
               "has no activation",
    .example = "binary_cross_entropy",
    .options = binary_cross_entropy_table,
    .options_size = sizeof(binary_cross_entropy_options),
    .takes_classes = true,
    .yes_no = true,
    .domain = {.bounded = true, .least = 0, .most = 1},
    .check = binary_cross_entropy_check,
    .denominator = binary_cross_entropy_denominator,
    .evaluate = binary_cross_entropy_evaluate,
    .predict = binary_cross_entropy_predict,
    .predict_derivative = binary_cross_entropy_predict_derivative,
    .prediction = "sigmoid",
    .class_weights = binary_cross_entropy_class_weights,
    .best_constant = binary_cross_entropy_best_constant,
};
