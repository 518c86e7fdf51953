/* What a person sees of a part of the data. */
#ifndef NN_STEP_FIGURES_H
#define NN_STEP_FIGURES_H

#include "step/workers.h"

/* NaN is what is undefined: nothing counts, or the metric says so (nn_metric_type.undefined). */
typedef struct nn_figures {
    /* What is minimised: the loss of the head, on normalised targets where they are; of several heads the sum
     * of theirs, times their weights. */
    double loss;
    double losses[NN_MODEL_HEADS]; /* of each head, without its weight */
    double metrics[NN_MODEL_METRICS];
    double choices[NN_MODEL_METRICS];   /* what epochs are compared by (nn_metric_result) */
    bool known[NN_MODEL_METRICS];       /* metrics that only an evaluation knows are not, in training */
    nn_nonfinite nonfinite;             /* of an evaluation: the first sample whose output is not finite */
    double *matrices[NN_MODEL_METRICS]; /* owned: the counts of metrics that are shown themselves */
    double *outputs[NN_MODEL_METRICS];  /* owned: of an evaluation, by output, where there are several */
} nn_figures;

/* The sums of leaves, or of nodes of the canonical tree over them (nn_tree_fold), become one; values is
 * overwritten. */
void nn_figures_sum(const nn_model *model, bool training, int64_t leaves, const nn_tree_node *nodes,
                    double *values, double *sum);

/* Joins sums of later leaves to those of earlier ones. */
void nn_figures_join(const nn_model *model, bool training, double *sums, const double *later);

/* The loss, and all figures, from such sums. Release them where they are those of an evaluation. */
double nn_figures_loss(const nn_model *model, const double *sums);
nn_status nn_figures_finish(const nn_model *model, bool training, const double *sums, nn_figures *figures);

/* A number with so many digits, or "undefined". */
void nn_figures_number(double number, int digits, nn_text *text);

/* As "loss 0.12 (normalised), rmse 2.5"; of one head, and of all where `extra`, with the metrics that nobody
 * has asked for; and as {"loss":0.12,"accuracy":0.975}. What is undefined is null. */
void nn_figures_text(const nn_model *model, const nn_figures *figures, bool extra, nn_text *text);
void nn_figures_head_text(const nn_model *model, const nn_figures *figures, int head, nn_text *text);
void nn_figures_json(const nn_model *model, const nn_figures *figures, nn_text *text);

/* Tables of classes to the log, as long as they fit a screen, and as lists. */
void nn_figures_show_matrices(const nn_model *model, const nn_figures *figures);

/* A table of the outputs of each target that has several. whose: in front, such as "test, best weights". */
void nn_figures_show_outputs(const nn_model *model, const nn_figures *figures, const char *whose);

void nn_figures_release(nn_figures *figures);

#endif
