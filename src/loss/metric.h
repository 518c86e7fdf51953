/*
 * Metrics: results reported next to the loss. Each row counts once, regardless of its weight in the loss,
 * class weights and label smoothing; rows with a label below 0 and target values that are NaN do not count.
 * Values are compared in the target's own units, in double, output by output; the metric is the mean over the
 * outputs. (What is collected is nn_real, of all outputs together: it has fewer digits in float32.)
 *
 * A metric that is undefined for the given samples is NaN: printed as "undefined", null in JSON, and never
 * better than a number. Each metric states when that happens (nn_metric_type.undefined).
 *
 * A metric keeps one of three kinds of state, none of which depends on how the samples were distributed.
 */
#ifndef NN_LOSS_METRIC_H
#define NN_LOSS_METRIC_H

#include "loss/loss.h"

typedef enum nn_metric_state {
    NN_METRIC_SUMS,     /* a few sums per microbatch, added along the canonical tree; in training too */
    NN_METRIC_COUNTS,   /* integers below 2^53, exact in any order; in evaluations only */
    NN_METRIC_COLLECTED /* values of every row, evaluated together; in evaluations only */
} nn_metric_state;

/* The most values that NN_METRIC_SUMS may keep in a training step; a metric with more is computed in
 * evaluations only. */
#define NN_METRIC_SUMS_MAX 96

/* Rows of equal score, with a question of yes or no. */
typedef struct nn_ranking_tie {
    double yes, no;
} nn_ranking_tie;

/* What a metric compares. */
typedef struct nn_judged {
    nn_shape output;
    const nn_field *target;
    bool yes_no; /* outputs are logits of yes or no (nn_loss_type.yes_no) */
} nn_judged;

/* The option table of metrics that have no options. */
extern const nn_option nn_no_options[];

/* Bytes of what distinguishes a metric from others of its name. */
#define NN_METRIC_QUALIFIER 48

typedef struct nn_metric_type {
    const char *name;
    const char *summary;
    const char *example;    /* YAML, an entry of the list `metrics` */
    const char *definition; /* in words and formulas */
    const char *reference;  /* a publication that defines it, or examines it */
    const nn_option *options;
    size_t options_size;
    bool higher_is_better;
    bool percent;          /* shown as a percentage */
    bool matrix;           /* NN_METRIC_COUNTS that are shown as a square matrix, correct classes in rows */
    bool by_output;        /* NN_METRIC_SUMS of values: width and finish are per output */
    const char *undefined; /* when it is undefined, such as "if no row counts", and what counts then */
    nn_metric_state state;
    nn_status (*check)(const void *options, const nn_judged *judged);
    /* Number of sums or counts that it keeps, or of values that it collects per row; columns: of
     * nn_loss_call, or 1 if by_output. */
    int64_t (*width)(const void *options, int64_t columns);
    /* accumulate, for sums and counts, adds these rows to a state that started at 0; collect, for collected
     * values, writes rows x width of them, with a mark of its own in rows that do not count. */
    void (*accumulate)(const void *options, const nn_loss_call *call, double *state);
    void (*collect)(const void *options, const nn_loss_call *call, nn_real *values);
    /* Merges the sums of later rows into those of earlier ones. NULL: they are added. */
    void (*join)(int64_t width, double *state, const double *later);
    /* The result, from the state; not finite if undefined. NULL for a matrix. */
    double (*finish)(const void *options, int64_t width, const double *state);
    /* For a by_output metric in the unit of the output: the result relative to the spread of the target. */
    double (*relative)(const void *options, int64_t width, const double *state);
    /* The result of a class from counts of three per class (loss/answers.h); NULL: the metric has no results
     * by class, or they are not made of counts. */
    double (*of_class)(double hits, double right, double predicted);
    /* The result of collected values, rows x width; not finite if undefined. by_class: receives one result
     * for each of nn_metric_classes; may be NULL. */
    nn_status (*finish_collected)(const void *options, int64_t rows, int64_t width, const nn_real *values,
                                  double *result, double *by_class);
    /* Where pairs of a score and an answer are collected (loss/ranking.h): the result of one column from its
     * ties, in descending order of their score; not finite if undefined. The metric is the mean over the
     * columns for which it is defined. */
    double (*of_ties)(const void *options, int64_t count, const nn_ranking_tie *ties);
    /* Writes what its options and the target make of it, such as "macro" or "k 5", for people to read next to
     * its name; text is empty before. NULL: nothing. */
    void (*qualify)(const void *options, const nn_judged *judged, char text[NN_METRIC_QUALIFIER]);
    /* Limit for the collected values of one evaluation, in MiB: where values are collected. */
    double (*memory)(const void *options);
} nn_metric_type;

/* For all outputs together: the number of values in the state, and merging the state of later rows. */
int64_t nn_metric_state_width(const nn_metric_type *type, const void *options, int64_t columns,
                              int64_t outputs);
void nn_metric_join(const nn_metric_type *type, int64_t width, int64_t outputs, double *state,
                    const double *later);

/* A result is NaN if undefined, and never infinite. */
typedef struct nn_metric_result {
    double figure; /* the mean over the outputs for which it is defined */
    double choice; /* the same for comparing epochs: independent of the units of the outputs */
} nn_metric_result;

/* For metrics that have `finish`. outputs: number of outputs; used by by_output metrics only. by_output:
 * receives one result per output; may be NULL. */
nn_metric_result nn_metric_finish(const nn_metric_type *type, const void *options, int64_t width,
                                  int64_t outputs, const double *state, double *by_output);

/* The probability above which yes, or the second of two classes, is predicted; NaN for a metric without a
 * threshold. */
double nn_metric_threshold(const nn_metric_type *type, const void *options);

/* Number of classes that results by class are of: the columns of an output, or separate questions of yes or
 * no; no and yes for one column. */
static inline int64_t nn_metric_classes(int64_t columns)
{
    return columns > 1 ? columns : 2;
}

/* Three counts per class: rows of the class that are predicted as such, rows of the class, rows predicted as
 * it. */
enum { NN_METRIC_HITS, NN_METRIC_RIGHT, NN_METRIC_PREDICTED, NN_METRIC_CLASS_COUNTS };

/* Of metrics with of_class: the result of a class, NaN if it neither occurs nor is predicted. */
double nn_metric_of_class(const nn_metric_type *type, const double *counts, int64_t class_number);

/* The metrics of a precision: the list, NULL-terminated; and one by name, NULL if there is none. */
const nn_metric_type *const *nn_metric_types(nn_scalar scalar);
const nn_metric_type *nn_metric_find(nn_scalar scalar, const char *name);

/* Adds a metric of a plug-in, whose name is not taken; borrowed for the life of the process. And whether a
 * name is of such a one. */
nn_status nn_metric_register(nn_scalar scalar, const nn_metric_type *type);
bool nn_metric_is_loaded(const char *name);

#endif
