/* From a metric's state to its result, over all outputs. */
#include "loss/metric.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const nn_option nn_no_options[] = {{0}};

int64_t nn_metric_state_width(const nn_metric_type *type, const void *options, int64_t columns,
                              int64_t outputs)
{
    return type->by_output ? outputs * type->width(options, 1) : type->width(options, columns);
}

void nn_metric_join(const nn_metric_type *type, int64_t width, int64_t outputs, double *state,
                    const double *later)
{
    int64_t each = type->by_output ? width / outputs : width;
    for (int64_t at = 0; type->join && at < width; at += each) type->join(each, state + at, later + at);
    for (int64_t i = 0; !type->join && i < width; i++) state[i] += later[i];
}

static double metric_defined(double value)
{
    return isfinite(value) ? value : (double)NAN;
}

/* The mean over the outputs for which it is defined. */
static double metric_mean(const void *options, int64_t each, int64_t outputs, const double *state,
                          double (*finish)(const void *options, int64_t width, const double *state),
                          double *values)
{
    double sum = 0, defined = 0;
    for (int64_t o = 0; o < outputs; o++) {
        double value = metric_defined(finish(options, each, state + o * each));
        if (values) values[o] = value;
        if (isnan(value)) continue;
        sum += value;
        defined++;
    }
    return metric_defined(sum / defined);
}

nn_metric_result nn_metric_finish(const nn_metric_type *type, const void *options, int64_t width,
                                  int64_t outputs, const double *state, double *by_output)
{
    if (!type->by_output) outputs = 1;
    nn_metric_result result;
    result.figure = metric_mean(options, width / outputs, outputs, state, type->finish, by_output);
    result.choice = result.figure;
    if (type->relative && outputs > 1)
        result.choice = metric_mean(options, width / outputs, outputs, state, type->relative, NULL);
    return result;
}

double nn_metric_threshold(const nn_metric_type *type, const void *options)
{
    for (const nn_option *option = type->options; option && option->name; option++)
        if (strcmp(option->name, "threshold") == 0)
            return options ? *(const double *)(const void *)((const char *)options + option->offset)
                           : strtod(option->default_value, NULL);
    return NAN;
}

double nn_metric_of_class(const nn_metric_type *type, const double *counts, int64_t class_number)
{
    const double *of = counts + NN_METRIC_CLASS_COUNTS * class_number;
    if (of[NN_METRIC_RIGHT] + of[NN_METRIC_PREDICTED] == 0) return NAN;
    return metric_defined(type->of_class(of[NN_METRIC_HITS], of[NN_METRIC_RIGHT], of[NN_METRIC_PREDICTED]));
}
