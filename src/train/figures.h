/* What a person sees of a part of the data. */
#ifndef NN_TRAIN_FIGURES_H
#define NN_TRAIN_FIGURES_H

#include "train/workers.h"

#define nn_figures_loss NN_REAL_SYMBOL(nn_figures_loss)
#define nn_figures_finish NN_REAL_SYMBOL(nn_figures_finish)
#define nn_figures_text NN_REAL_SYMBOL(nn_figures_text)
#define nn_figures_head_text NN_REAL_SYMBOL(nn_figures_head_text)
#define nn_figures_json NN_REAL_SYMBOL(nn_figures_json)
#define nn_figures_show_matrices NN_REAL_SYMBOL(nn_figures_show_matrices)
#define nn_figures_release NN_REAL_SYMBOL(nn_figures_release)

typedef struct nn_figures {
    /* Of one head its loss in the target's own units; of several what is minimised: the sum of the heads'
     * losses on normalised targets, times their weights. */
    double loss;
    double losses[NN_MODEL_HEADS]; /* of each head, in the target's own units, without its weight */
    double rmse[NN_MODEL_HEADS];   /* of targets that are values, in their own units */
    double metrics[NN_MODEL_METRICS];
    bool known[NN_MODEL_METRICS];       /* metrics that only an evaluation knows are not, in training */
    nn_nonfinite nonfinite;             /* of an evaluation: the first sample whose output is not finite */
    double *matrices[NN_MODEL_METRICS]; /* owned: the counts of metrics that are shown themselves */
} nn_figures;

/* The loss, and all figures, from the sums of leaves; nothing to release. */
double nn_figures_loss(const nn_model *model, const double *sums);
void nn_figures_finish(const nn_model *model, const double *sums, nn_figures *figures);

/* As "loss 0.12, accuracy 97.5 %"; of one head with its root mean squared error; and as
 * {"loss":0.12,"accuracy":0.975}. Numbers that are not finite are null. */
void nn_figures_text(const nn_model *model, const nn_figures *figures, nn_text *text);
void nn_figures_head_text(const nn_model *model, const nn_figures *figures, int head, nn_text *text);
void nn_figures_json(const nn_model *model, const nn_figures *figures, nn_text *text);

/* Tables of classes to the log, as long as they fit a screen, and as lists. */
void nn_figures_show_matrices(const nn_model *model, const nn_figures *figures);

void nn_figures_release(nn_figures *figures);

#endif
