/*
 * Metrics: results for people, next to the loss. Each row counts once, whatever its weight in the loss, its
 * class's weight or label smoothing; rows with a label below 0 and values that are NaN in the target do not
 * count. Values are compared in the target's own units, in double, output by output; the metric is the mean
 * over the outputs.
 *
 * A metric that the samples do not define is NaN: printed as "undefined", null in JSON, and never better than
 * a number. When that is so is stated by each metric (nn_metric_type.undefined).
 *
 * A metric keeps one of three kinds of state, none of which depends on how the samples were shared out.
 */
#ifndef NN_LOSS_METRIC_H
#define NN_LOSS_METRIC_H

#include "base/libm.h"
#include "loss/loss.h"

typedef enum nn_metric_state {
    NN_METRIC_SUMS,     /* a few sums a microbatch, added in the canonical tree; during training too */
    NN_METRIC_COUNTS,   /* whole numbers below 2^53, exact in any order; in evaluations only */
    NN_METRIC_COLLECTED /* values of every row, judged all together; in evaluations only */
} nn_metric_state;

/* The most values that NN_METRIC_SUMS may keep in a step of training; with more it is known in evaluations
 * only. */
#define NN_METRIC_SUMS_MAX 96

/* What a metric is to look at. */
typedef struct nn_judged {
    nn_shape output;
    const nn_field *target;
    bool yes_no; /* outputs are logits of yes or no (nn_loss_type.yes_no) */
} nn_judged;

typedef struct nn_metric_type {
    const char *name;
    const char *summary;
    const char *example; /* YAML, an entry of the list `metrics` */
    const nn_option *options;
    size_t options_size;
    unsigned libm; /* NN_LIBM_...: the functions of the C library that results go through */
    bool higher_is_better;
    bool percent;   /* shown as a percentage */
    bool matrix;    /* NN_METRIC_COUNTS that are shown themselves: a square matrix, right classes in rows */
    bool by_output; /* NN_METRIC_SUMS of values: width and finish are of one output */
    const char *undefined; /* when it has no value: "where no row counts"; NULL: never */
    nn_metric_state state;
    nn_status (*check)(const void *options, const nn_judged *judged);
    /* How many sums, or counts, it keeps, or values it collects a row; `columns` of nn_loss_call, or 1 by
     * output. */
    int64_t (*width)(const void *options, int64_t columns);
    /* Adds these rows to sums or counts that began as 0; or writes rows x width collected values. */
    void (*accumulate)(const void *options, const nn_loss_call *call, double *state);
    void (*collect)(const void *options, const nn_loss_call *call, nn_real *values);
    /* Sums of some rows become those of these and of later ones. NULL: they are added. */
    void (*join)(int64_t width, double *state, const double *later);
    /* The result, from the state; not finite where it is undefined. NULL where the counts are shown
     * themselves. */
    double (*finish)(const void *options, int64_t width, const double *state);
    /* By output, where it has the unit of the output: the same relative to the spread of its target. */
    double (*relative)(const void *options, int64_t width, const double *state);
    nn_status (*finish_collected)(const void *options, int64_t rows, int64_t width, const nn_real *values,
                                  double *figure);
    /* MiB that the collected values of an evaluation may take. */
    double (*memory)(const void *options);
} nn_metric_type;

/* Of all outputs together: what is kept, and how what is kept of later rows is joined to it. */
int64_t nn_metric_state_width(const nn_metric_type *type, const void *options, int64_t columns,
                              int64_t outputs);
void nn_metric_join(const nn_metric_type *type, int64_t width, int64_t outputs, double *state,
                    const double *later);

/* What a state comes to. Each is NaN where it is undefined, and never infinite. */
typedef struct nn_metric_result {
    double figure; /* the mean over the outputs for which it is defined */
    double choice; /* the same for comparing epochs: no output counts for more because of its unit */
} nn_metric_result;

/* For metrics that have `finish`. outputs: 1 but for those by output; by_output: one result each; may be
 * NULL. */
nn_metric_result nn_metric_finish(const nn_metric_type *type, const void *options, int64_t width,
                                  int64_t outputs, const double *state, double *by_output);

const nn_metric_type *const *nn_metric_types(void); /* NULL-terminated */
const nn_metric_type *nn_metric_find(const char *name);

#endif
