/*
 * Losses. Each is summed per microbatch in double; sums are added in the canonical tree by the caller, and
 * the loss is its sum divided by its global denominator. Metrics: loss/metric.h.
 */
#ifndef NN_LOSS_LOSS_H
#define NN_LOSS_LOSS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/libm.h"
#include "base/list.h"
#include "base/options.h"
#include "base/real.h"
#include "base/shape.h"
#include "base/status.h"

/* Outputs and targets of one microbatch. A row is a sample or, where there is a class at every step, a step
 * of one. Rows with a label below 0, and values of a target that are NaN, count for nothing: not in the sum,
 * not in the denominator, and their gradient is 0. */
typedef struct nn_loss_call {
    int64_t rows, columns; /* output is rows x columns */
    const nn_real *output;
    const int64_t *labels;  /* rows, where the target is a class; NULL otherwise */
    const nn_real *targets; /* rows x columns, otherwise */
    /* For metrics of values: output and target in the target's own units, rows x columns, in double so that
     * nothing is lost of what is in the file. Value i of a row is one of output i % outputs. */
    const double *predicted, *observed;
    int64_t outputs;
    /* rows x columns, rows that sum to 1: soft targets of a loss that takes them, in place of labels;
     * NULL: none. labels then hold the dominant class, for metrics. */
    const nn_real *soft;
    const nn_real *weights;      /* rows; NULL: 1 each */
    const double *class_weights; /* one a class; of yes and no, two a column; NULL: 1 each */
    double denominator;          /* global; used for the gradient only */
    nn_real *gradient;           /* rows x columns: d(loss) / d(output), overwritten; NULL when not wanted */
} nn_loss_call;

typedef struct nn_loss_type {
    const char *name;
    const char *summary;
    const char *example; /* YAML: "cross_entropy" */
    const nn_option *options;
    size_t options_size;
    unsigned libm;      /* NN_LIBM_...: the functions of the C library that results go through */
    bool takes_classes; /* it looks at class labels, where the target can be one (data kind: auto) */
    bool takes_soft;    /* whether the classes of samples may be mixed: nn_loss_call.soft */
    nn_domain
        domain;  /* of a target that is values; data outside is refused. Bounded: it is never normalised */
    bool yes_no; /* outputs are logits of yes or no, and targets that are values are 0 and 1 */
    /* Whether the loss fits: the failure says why not and what would. */
    nn_status (*check)(const void *options, nn_shape output, const nn_field *target);
    /* The terms that these samples add to the global denominator (from targets alone: output is NULL here):
     * the sum of the weights of what counts, so that the loss is a weighted mean. */
    double (*denominator)(const void *options, const nn_loss_call *call);
    /* The sum of the loss's terms, and the gradient of (sum over the batch / denominator). */
    double (*evaluate)(const void *options, const nn_loss_call *call);
    /* From the network's output to what a user calls a prediction (softmax), in place; NULL: as it is. */
    void (*predict)(const void *options, int64_t rows, int64_t columns, nn_real *output);
    /* What the user wrote as class_weights; NULL: the loss has none. */
    const nn_text_list *(*class_weights)(const void *options);
    /* The output that is the best guess for every row, from the mean target: shares of the classes (of no and
     * yes, where there is one column of labels), or of the values of a row. NULL: the mean itself. */
    void (*best_constant)(const void *options, int64_t columns, const double *class_weights, bool labels,
                          const double *mean, double *output);
} nn_loss_type;

const nn_loss_type *const *nn_loss_types(void); /* NULL-terminated */
const nn_loss_type *nn_loss_find(const char *name);

/*
 * The weights of the classes that a loss's options ask for: numbers, or `balanced`: 1 / (classes x share), so
 * that each class counts as much as any other, and the mean weight of a sample is 1; a class that never
 * occurs gets 0. shares: of the classes in the training part. *made becomes false where there are none.
 */
nn_status nn_class_weights_make(const nn_text_list *given, int64_t classes, const double *shares,
                                double *weights, bool *made);

/* Whether they ask for the shares of the classes. given: may be NULL. */
bool nn_class_weights_balance(const nn_text_list *given);

#endif
