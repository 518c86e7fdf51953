/*
 * Metrics: figures for people beside the loss. Each row counts once, whatever its weight in the loss, its
 * class's weight or label smoothing; rows with a label below 0 and values that are NaN in the target do not
 * count. Outputs and targets that are values come in the target's own units.
 *
 * A metric keeps one of three kinds of state, none of which depends on how the samples were shared out.
 */
#ifndef NN_NN_METRIC_H
#define NN_NN_METRIC_H

#include "nn/loss.h"

#define nn_metric_types NN_REAL_SYMBOL(nn_metric_types)
#define nn_metric_find NN_REAL_SYMBOL(nn_metric_find)

typedef enum nn_metric_state {
    NN_METRIC_SUMS,     /* a few sums a microbatch, added in the canonical tree; during training too */
    NN_METRIC_COUNTS,   /* whole numbers below 2^53, exact in any order; in evaluations only */
    NN_METRIC_COLLECTED /* values of every row, judged all together; in evaluations only */
} nn_metric_state;

/* The most values that NN_METRIC_SUMS may keep. */
#define NN_METRIC_SUMS_MAX 4

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
    bool higher_is_better;
    bool percent; /* shown as a percentage */
    bool matrix;  /* NN_METRIC_COUNTS that are shown themselves: a square matrix, right classes in rows */
    nn_metric_state state;
    nn_status (*check)(const void *options, const nn_judged *judged);
    /* How many sums, or counts, it keeps, or values it collects a row; `columns` of nn_loss_call. */
    int64_t (*width)(const void *options, int64_t columns);
    /* Adds these rows to sums or counts that began as 0; or writes rows x width collected values. */
    void (*accumulate)(const void *options, const nn_loss_call *call, double *state);
    void (*collect)(const void *options, const nn_loss_call *call, nn_real *values);
    /* The figure, from the state; NaN where no row counts. NULL where the counts are shown themselves. */
    double (*finish)(const void *options, int64_t width, const double *state);
    nn_status (*finish_collected)(const void *options, int64_t rows, int64_t width, const nn_real *values,
                                  double *figure);
    /* MiB that the collected values of an evaluation may take. */
    double (*memory)(const void *options);
} nn_metric_type;

const nn_metric_type *const *nn_metric_types(void); /* NULL-terminated */
const nn_metric_type *nn_metric_find(const char *name);

#endif
