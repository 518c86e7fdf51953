/* Softmax and the negative logarithm of the probability of the right class, as one. */
#include <math.h>
#include <string.h>

#include "nn/fit.h"
#include "nn/loss.h"
#include "tensor/kernels.h"

/* Exponentials are taken this many at a time, where no gradient buffer holds them. */
#define CHUNK 256

static const nn_option cross_entropy_options[] = {{0}};

static nn_status cross_entropy_check(const void *options, nn_shape output, const nn_field *target)
{
    (void)options;
    return nn_fit_classes(output, target);
}

static double cross_entropy_denominator(const void *options, const nn_loss_call *call)
{
    (void)options;
    return (double)call->rows;
}

static nn_real cross_entropy_maximum(int64_t columns, const nn_real *row)
{
    nn_real maximum = row[0];
    for (int64_t c = 1; c < columns; c++)
        if (row[c] > maximum) maximum = row[c];
    return maximum;
}

/* The sum of exp(row - maximum); the exponentials too, unless `exponentials` is NULL. */
static double cross_entropy_sum(int64_t columns, const nn_real *row, nn_real maximum, nn_real *exponentials)
{
    nn_real chunk[CHUNK];
    double sum = 0.0;
    for (int64_t begin = 0; begin < columns; begin += CHUNK) {
        int64_t count = columns - begin < CHUNK ? columns - begin : CHUNK;
        for (int64_t i = 0; i < count; i++) chunk[i] = row[begin + i] - maximum;
        nn_exp(count, chunk, chunk);
        for (int64_t i = 0; i < count; i++) sum += (double)chunk[i];
        if (exponentials) memcpy(exponentials + begin, chunk, (size_t)count * sizeof *chunk);
    }
    return sum;
}

/* (softmax - one-hot) / denominator, from the exponentials, in place. */
static void cross_entropy_gradient(int64_t columns, int64_t label, double sum, double denominator,
                                   nn_real *row)
{
    double right = ((double)row[label] / sum - 1.0) / denominator;
    nn_scale(columns, (nn_real)(1.0 / (sum * denominator)), row);
    row[label] = (nn_real)right;
}

/* The sum over the classes of -t log p. */
static double cross_entropy_soft(int64_t columns, const nn_real *row, const nn_real *soft, nn_real maximum,
                                 double sum)
{
    double loss = 0.0, log_sum = log(sum);
    for (int64_t c = 0; c < columns; c++)
        if (soft[c] != 0) loss += (double)soft[c] * (log_sum + ((double)maximum - (double)row[c]));
    return loss;
}

/* (softmax - soft) / denominator, from the exponentials, in place; the same bits as above where soft is
 * one-hot. */
static void cross_entropy_soft_gradient(int64_t columns, const nn_real *soft, double sum, double denominator,
                                        nn_real *row)
{
    nn_real factor = (nn_real)(1.0 / (sum * denominator));
    for (int64_t c = 0; c < columns; c++)
        row[c] = soft[c] == 0 ? factor * row[c]
                              : (nn_real)(((double)row[c] / sum - (double)soft[c]) / denominator);
}

/* One sample: its loss, and its gradient unless that is NULL. */
static double cross_entropy_sample(const nn_loss_call *call, int64_t sample, nn_real *gradient)
{
    int64_t columns = call->columns;
    const nn_real *row = call->output + sample * columns;
    nn_real maximum = cross_entropy_maximum(columns, row);
    double sum = cross_entropy_sum(columns, row, maximum, gradient);
    if (call->soft) {
        const nn_real *soft = call->soft + sample * columns;
        if (gradient) cross_entropy_soft_gradient(columns, soft, sum, call->denominator, gradient);
        return cross_entropy_soft(columns, row, soft, maximum, sum);
    }
    int64_t label = call->labels[sample];
    if (gradient) cross_entropy_gradient(columns, label, sum, call->denominator, gradient);
    return log(sum) + ((double)maximum - (double)row[label]);
}

static double cross_entropy_evaluate(const void *options, const nn_loss_call *call)
{
    (void)options;
    double loss = 0.0;
    for (int64_t s = 0; s < call->rows; s++)
        loss += cross_entropy_sample(call, s, call->gradient ? call->gradient + s * call->columns : NULL);
    return loss;
}

static void cross_entropy_predict(const void *options, int64_t samples, int64_t columns, nn_real *output)
{
    (void)options;
    nn_softmax_rows(samples, columns, output, output);
}

const nn_loss_type NN_REAL_SYMBOL(nn_loss_cross_entropy) = {
    .name = "cross_entropy",
    .summary = "for classes: softmax and log-likelihood in one; the network ends without an activation",
    .example = "cross_entropy",
    .options = cross_entropy_options,
    .takes_soft = true,
    .check = cross_entropy_check,
    .denominator = cross_entropy_denominator,
    .evaluate = cross_entropy_evaluate,
    .predict = cross_entropy_predict,
};
