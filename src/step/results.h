/* Losses and metrics of a part of the data, from the sums over its microbatches to text. */
#ifndef NN_STEP_RESULTS_H
#define NN_STEP_RESULTS_H

#include "step/workers.h"

/* What is undefined is NaN: nothing counts, or the metric says so (nn_metric_type.undefined). */
typedef struct nn_results {
    /* The quantity that training minimises: the head's loss, on normalised targets where the targets are
     * normalised; with several heads, the weighted sum of their losses. */
    double loss;
    double losses[NN_MODEL_HEADS]; /* of each head, without its weight */
    double metrics[NN_MODEL_METRICS];
    double choices[NN_MODEL_METRICS];   /* what epochs are compared by (nn_metric_result) */
    bool known[NN_MODEL_METRICS];       /* in training, false for metrics that only an evaluation computes */
    nn_nonfinite nonfinite;             /* of an evaluation: the first sample whose output is not finite */
    double *matrices[NN_MODEL_METRICS]; /* owned: the counts of metrics that are shown themselves */
    double *outputs[NN_MODEL_METRICS];  /* owned: of an evaluation, by output, where there are several */
    double *classes[NN_MODEL_METRICS];  /* owned: of an evaluation, by class (nn_metric_classes) */
    double *counts[NN_MODEL_METRICS];   /* owned: of metrics with of_class, what that is computed from */
} nn_results;

/* Sums the values of microbatches in the canonical tree over them; overwrites `values`. */
void nn_results_sum(const nn_model *model, bool training, int64_t microbatches, double *values, double *sum);

/* Adds the sums of later microbatches to those of earlier ones: an nn_tree_join. context: nn_results_sums. */
typedef struct nn_results_sums {
    const nn_model *model;
    bool training;
} nn_results_sums;
void nn_results_join(const void *context, double *sums, const double *later);

/* The loss, or all results, from such sums. Release results of an evaluation. */
double nn_results_loss(const nn_model *model, const double *sums);
nn_status nn_results_finish(const nn_model *model, bool training, const double *sums, nn_results *results);

/* A number with `digits` digits, or "undefined". */
void nn_results_number(double number, int digits, nn_text *text);

/* As "loss 0.12 (normalised), rmse 2.5", of all heads (extra: with metrics that were not asked for) or of one
 * head; and as {"loss":0.12,"accuracy":0.975}, where what is undefined is null. */
void nn_results_text(const nn_model *model, const nn_results *results, bool extra, nn_text *text);
void nn_results_head_text(const nn_model *model, const nn_results *results, int head, nn_text *text);
/* As "accuracy 97.20 %". */
void nn_results_metric_text(const nn_model *model, const nn_results *results, int metric, nn_text *text);
void nn_results_json(const nn_model *model, const nn_results *results, nn_text *text);

/* A number with all its digits, or null; and a square matrix of counts. */
void nn_results_json_number(double number, nn_text *text);
void nn_results_json_matrix(int64_t width, const double *counts, nn_text *text);

/* Writes what a metric's options make of it, such as "macro"; empty: nothing. */
void nn_results_qualifier(const nn_model *model, const nn_model_metric *metric,
                          char qualifier[NN_METRIC_QUALIFIER]);

void nn_results_release(nn_results *results);

#endif
