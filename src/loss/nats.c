/* Negative logarithms of the probabilities that correct classes are given. */
#include "loss/nats.h"

#include <math.h>

#include "base/maths.h"
#include "tensor/kernels.h"

/* Rows processed at a time. */
#define GROUP 64

int64_t nn_nats_width(const void *options, int64_t columns)
{
    (void)options;
    (void)columns;
    return 2;
}

static void nats_of_classes(const nn_loss_call *call, double *sums)
{
    nn_real maxima[GROUP];
    double exponentials[GROUP];
    for (int64_t first = 0; first < call->rows; first += GROUP) {
        int64_t count = call->rows - first < GROUP ? call->rows - first : GROUP;
        const nn_real *output = call->output + first * call->columns;
        nn_exp_rows(count, call->columns, output, NULL, maxima, exponentials);
        for (int64_t i = 0; i < count; i++) {
            int64_t label = call->labels[first + i];
            if (label < 0) continue;
            sums[0] += nn_maths_log(exponentials[i]) +
                       ((double)maxima[i] - (double)output[i * call->columns + label]);
            sums[1]++;
        }
    }
}

/* log(1 + exp(-x)) for yes, log(1 + exp(x)) for no, without overflow. */
static void nats_of_question(double x, bool yes, double *sums)
{
    double against = yes ? -x : x;
    sums[0] += (against > 0 ? against : 0) + nn_maths_log(1 + nn_maths_exp(-fabs(x)));
    sums[1]++;
}

void nn_nats_accumulate(const void *options, const nn_loss_call *call, double *sums)
{
    (void)options;
    if (call->labels && call->columns > 1) {
        nats_of_classes(call, sums);
        return;
    }
    for (int64_t i = 0; i < call->rows * call->columns; i++) {
        bool counts = call->labels ? call->labels[i] >= 0 : !isnan(call->targets[i]);
        bool yes = call->labels ? call->labels[i] == 1 : call->targets[i] > (nn_real)0.5;
        if (counts) nats_of_question((double)call->output[i], yes, sums);
    }
}
