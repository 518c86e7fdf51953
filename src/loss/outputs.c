/* Errors of each output, and the spread of its targets (Welford 1962; merged as in Chan, Golub, LeVeque
 * 1979). */
#include "loss/outputs.h"

#include <math.h>
#include <string.h>

#include "loss/fit.h"

nn_status nn_outputs_check(const void *options, const nn_judged *judged)
{
    (void)options;
    if (judged->yes_no || judged->target->shares)
        NN_FAIL(NN_ERROR_USAGE,
                "values are needed, but the target '%s' is a class; use a metric for classes, such as "
                "accuracy, f1 or auc",
                judged->target->name);
    return nn_fit_values(judged->output, judged->target);
}

int64_t nn_outputs_width(const void *options, int64_t columns)
{
    (void)options;
    return columns * NN_OUTPUT_VALUES;
}

void nn_outputs_add(double *output, double predicted, double observed)
{
    double difference = predicted - observed;
    if (output[NN_OUTPUT_COUNT] == 0) output[NN_OUTPUT_CENTER] = observed;
    double above = observed - output[NN_OUTPUT_CENTER], distance = above - output[NN_OUTPUT_MEAN];
    output[NN_OUTPUT_COUNT]++;
    output[NN_OUTPUT_MEAN] += distance / output[NN_OUTPUT_COUNT];
    output[NN_OUTPUT_SQUARES] += distance * (above - output[NN_OUTPUT_MEAN]);
    output[NN_OUTPUT_ERRORS] += fabs(difference);
    output[NN_OUTPUT_SQUARED_ERRORS] += difference * difference;
}

void nn_outputs_accumulate(const void *options, const nn_loss_call *call, double *state)
{
    (void)options;
    int64_t output = 0;
    for (int64_t i = 0; i < call->rows * call->columns; i++) {
        if (!isnan(call->observed[i]))
            nn_outputs_add(state + output * NN_OUTPUT_VALUES, call->predicted[i], call->observed[i]);
        if (++output == call->outputs) output = 0;
    }
}

void nn_outputs_join(int64_t width, double *state, const double *later)
{
    double count = state[NN_OUTPUT_COUNT], other = later[NN_OUTPUT_COUNT], all = count + other;
    if (other == 0) return;
    if (count == 0) {
        memcpy(state, later, (size_t)width * sizeof *state);
        return;
    }
    double distance =
        later[NN_OUTPUT_CENTER] - state[NN_OUTPUT_CENTER] + (later[NN_OUTPUT_MEAN] - state[NN_OUTPUT_MEAN]);
    state[NN_OUTPUT_COUNT] = all;
    state[NN_OUTPUT_MEAN] += distance * (other / all);
    state[NN_OUTPUT_SQUARES] += later[NN_OUTPUT_SQUARES] + distance * distance * (count / all * other);
    state[NN_OUTPUT_ERRORS] += later[NN_OUTPUT_ERRORS];
    state[NN_OUTPUT_SQUARED_ERRORS] += later[NN_OUTPUT_SQUARED_ERRORS];
}

double nn_outputs_spread(const double *output)
{
    return sqrt(output[NN_OUTPUT_SQUARES] / output[NN_OUTPUT_COUNT]);
}
