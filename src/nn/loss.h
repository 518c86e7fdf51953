/*
 * Losses and metrics. Both are summed per microbatch in double; sums are added in the canonical tree by the
 * caller, and the loss is its sum divided by the global denominator.
 */
#ifndef NN_NN_LOSS_H
#define NN_NN_LOSS_H

#include "nn/layer.h"

#define nn_loss_types NN_REAL_SYMBOL(nn_loss_types)
#define nn_loss_find NN_REAL_SYMBOL(nn_loss_find)
#define nn_metric_types NN_REAL_SYMBOL(nn_metric_types)
#define nn_metric_find NN_REAL_SYMBOL(nn_metric_find)

/* Outputs and targets of one microbatch. A row is a sample or, where there is a target at every step, a step
 * of one. Rows with a label below 0, and values of a target that are NaN, count for nothing: not in the sum,
 * not in the denominator, and their gradient is 0. */
typedef struct nn_loss_call {
    int64_t rows, columns; /* output is rows x columns */
    const nn_real *output;
    const int64_t *labels;  /* rows, where the target is a class */
    const nn_real *targets; /* rows x columns, otherwise */
    /* rows x columns, rows that sum to 1: soft targets of a loss that takes them, in place of labels;
     * NULL: none. labels then hold the dominant class, for metrics. */
    const nn_real *soft;
    const nn_real *weights;      /* rows; NULL: 1 each */
    const double *class_weights; /* columns; NULL: 1 each */
    double denominator;          /* global; used for the gradient only */
    nn_real *gradient;           /* rows x columns: d(loss) / d(output), overwritten; NULL when not wanted */
} nn_loss_call;

typedef struct nn_loss_type {
    const char *name;
    const char *summary;
    const char *example; /* YAML: "cross_entropy" */
    const nn_option *options;
    size_t options_size;
    bool takes_soft; /* whether the classes of samples may be mixed: nn_loss_call.soft */
    /* Whether the loss fits: the failure says why not and what would. */
    nn_status (*check)(const void *options, nn_shape output, const nn_field *target);
    /* The terms that these samples add to the global denominator (from targets alone: output is NULL here).
     */
    double (*denominator)(const void *options, const nn_loss_call *call);
    /* The sum of the loss's terms, and the gradient of (sum over the batch / denominator). */
    double (*evaluate)(const void *options, const nn_loss_call *call);
    /* From the network's output to what a user calls a prediction (softmax), in place; NULL: as it is. */
    void (*predict)(const void *options, int64_t samples, int64_t columns, nn_real *output);
} nn_loss_type;

#define NN_METRIC_SUMS 4

typedef struct nn_metric_type {
    const char *name;
    const char *summary;
    const char *example;
    bool higher_is_better;
    bool percent; /* shown as a percentage */
    int sums;     /* how many sums it keeps, at most NN_METRIC_SUMS */
    nn_status (*check)(nn_shape output, const nn_field *target);
    void (*accumulate)(const nn_loss_call *call, double *sums); /* writes (does not add to) the sums */
    double (*finish)(const double *sums);
} nn_metric_type;

const nn_loss_type *const *nn_loss_types(void); /* NULL-terminated */
const nn_loss_type *nn_loss_find(const char *name);
const nn_metric_type *const *nn_metric_types(void);
const nn_metric_type *nn_metric_find(const char *name);

#endif
