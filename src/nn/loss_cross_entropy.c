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
    return (double)call->samples;
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

static double cross_entropy_evaluate(const void *options, const nn_loss_call *call)
{
    (void)options;
    double loss = 0.0;
    for (int64_t s = 0; s < call->samples; s++) {
        const nn_real *row = call->output + s * call->columns;
        nn_real *gradient = call->gradient ? call->gradient + s * call->columns : NULL;
        int64_t label = call->labels[s];
        nn_real maximum = cross_entropy_maximum(call->columns, row);
        double sum = cross_entropy_sum(call->columns, row, maximum, gradient);
        loss += log(sum) + ((double)maximum - (double)row[label]);
        if (gradient) cross_entropy_gradient(call->columns, label, sum, call->denominator, gradient);
    }
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
    .check = cross_entropy_check,
    .denominator = cross_entropy_denominator,
    .evaluate = cross_entropy_evaluate,
    .predict = cross_entropy_predict,
};
