/*
 * Losses. Each is summed per microbatch in double; the caller adds the sums along the canonical tree and
 * divides the total by the global denominator. Metrics: loss/metric.h.
 */
#ifndef NN_LOSS_LOSS_H
#define NN_LOSS_LOSS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/options.h"
#include "base/real.h"
#include "base/shape.h"
#include "base/status.h"

/* Outputs and targets of one microbatch. A row is one sample or, if every step has a class, one step of a
 * sample. Rows with a label below 0 and target values that are NaN are ignored in the sum and in the
 * denominator, and their gradient is 0. */
typedef struct nn_loss_call {
    int64_t rows, columns; /* output is rows x columns */
    const nn_real *output;
    const int64_t *labels;  /* rows, if the target is a class; NULL otherwise */
    const nn_real *targets; /* rows x columns, otherwise */
    /* For metrics of values: output and target in the target's own units, rows x columns, in double so that
     * no digit of the file is lost. Value i of a row belongs to output i % outputs. */
    const double *predicted, *observed;
    int64_t outputs;
    /* rows x columns, each row summing to 1: soft targets, used instead of labels by a loss that takes them;
     * NULL: none. labels then hold the dominant class, for metrics. */
    const nn_real *soft;
    const nn_real *weights;      /* rows; NULL: 1 each */
    const double *class_weights; /* one per class, or two (no, yes) per column; NULL: 1 each */
    double denominator;          /* global; used for the gradient only */
    nn_real *gradient;           /* rows x columns: d(loss) / d(output), overwritten; NULL when not wanted */
} nn_loss_call;

typedef struct nn_loss_type {
    const char *name;
    const char *summary;
    const char *example; /* YAML: "cross_entropy" */
    const nn_option *options;
    size_t options_size;
    bool takes_classes; /* uses class labels if the target has them (data kind: auto) */
    bool takes_soft;    /* accepts mixed classes: nn_loss_call.soft */
    nn_domain domain;   /* of targets that are values: data outside is refused; if bounded, they are never
                           normalised */
    bool yes_no;        /* outputs are logits of yes or no; targets that are values are 0 and 1 */
    /* Fails if the loss does not fit the output and the target; the message says why and what would fit. */
    nn_status (*check)(const void *options, nn_shape output, const nn_field *target);
    /* The contribution of these rows to the global denominator, from targets alone (output is NULL): the sum
     * of the weights of what counts, so that the loss is a weighted mean. */
    double (*denominator)(const void *options, const nn_loss_call *call);
    /* The sum of the loss's terms, and the gradient of (sum over the batch / denominator). */
    double (*evaluate)(const void *options, const nn_loss_call *call);
    /* Turns the network's output into predictions (softmax), in place; NULL: the output is the prediction. */
    void (*predict)(const void *options, int64_t rows, int64_t columns, nn_real *output);
    /* Multiplies by the Jacobian of predict, which is symmetric, in place; predicted: the predictions. NULL
     * if predict is. */
    void (*predict_derivative)(int64_t rows, int64_t columns, const nn_real *predicted, nn_real *values);
    const char *prediction; /* the name of that function; NULL: none */
    /* The option class_weights as given by the user, borrowed; NULL: the loss has none. */
    const nn_text_list *(*class_weights)(const void *options);
    /* Writes the constant output with the lowest loss, given the mean target: the shares of the classes (no
     * and yes for one column of labels), or the mean of each value of a row. NULL: the mean itself. */
    void (*best_constant)(const void *options, int64_t columns, const double *class_weights, bool labels,
                          const double *mean, double *output);
} nn_loss_type;

/* The losses of a precision: the list, NULL-terminated; and one by name, NULL if there is none. */
const nn_loss_type *const *nn_loss_types(nn_scalar scalar);
const nn_loss_type *nn_loss_find(nn_scalar scalar, const char *name);

/* Adds a loss of a plug-in, whose name is not taken; borrowed for the life of the process. And whether a name
 * is of such a one. */
nn_status nn_loss_register(nn_scalar scalar, const nn_loss_type *type);
bool nn_loss_is_loaded(const char *name);

/*
 * Computes the class weights that a loss's options ask for: given numbers, or `balanced`: 1 / (classes x
 * share), so that all classes count the same and the mean weight of a sample is 1; a class that never occurs
 * gets 0. shares: of the classes in the training part, or NULL if the target is values. weights: `classes`
 * values. *made: false if no weights were asked for. Fails on numbers that cannot be used.
 */
nn_status nn_class_weights_make(const nn_text_list *given, int64_t classes, const double *shares,
                                double *weights, bool *made);

/* Whether the option is `balanced`, which needs the shares of the classes. given: may be NULL. */
bool nn_class_weights_balance(const nn_text_list *given);

#endif
