/*
 * Norms by layer, of the gradient, the weights and the update, for the log: trees over the blocks of each
 * trained layer. They are measured and summed in the steps that are logged, and only where they are asked
 * for: the squares of the gradient are known in every step, those of weights and update are taken while the
 * optimizer has the block in cache, and a small message like that of step/norms.h combines them.
 */
#ifndef NN_STEP_LAYER_NORMS_H
#define NN_STEP_LAYER_NORMS_H

#include "comm/combine.h"
#include "step/update.h"

typedef struct nn_norms_by_layer nn_norms_by_layer;

/* What is known of a layer. */
enum { NN_NORM_OF_GRADIENT, NN_NORM_OF_WEIGHTS, NN_NORM_OF_UPDATE, NN_NORM_OF_KINDS };

/* As nn_norms_create, of the blocks of `update`. */
nn_status nn_norms_by_layer_create(nn_comm *comm, const nn_network *network, nn_update *update, bool together,
                                   nn_norms_by_layer **norms);
void nn_norms_by_layer_destroy(nn_norms_by_layer *norms); /* accepts NULL */

/* Before nn_update_apply: what it applies is measured. */
void nn_norms_by_layer_begin(nn_norms_by_layer *norms);
/* After it: combines what all ranks have measured. gradient: as nn_update_measure wrote it. Collective if the
 * ranks measure together. */
nn_status nn_norms_by_layer_end(nn_norms_by_layer *norms, const double *gradient);

/* The layers with trained parameters, in the order of the network; and of one, its name and its norms after
 * the last nn_norms_by_layer_end: of the gradient before it is clipped to clip_norm, of the new weights, and
 * of what was added to the old ones. */
int nn_norms_by_layer_count(const nn_norms_by_layer *norms);
const char *nn_norms_by_layer_get(const nn_norms_by_layer *norms, int index, double values[NN_NORM_OF_KINDS]);

#endif
