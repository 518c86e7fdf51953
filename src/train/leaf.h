/* One microbatch of a part of the data, in flight on one thread. */
#ifndef NN_TRAIN_LEAF_H
#define NN_TRAIN_LEAF_H

#include "train/workers.h"

#define nn_leaf_create NN_REAL_SYMBOL(nn_leaf_create)
#define nn_leaf_destroy NN_REAL_SYMBOL(nn_leaf_destroy)
#define nn_leaf_memory NN_REAL_SYMBOL(nn_leaf_memory)
#define nn_leaf_load NN_REAL_SYMBOL(nn_leaf_load)
#define nn_leaf_denominator NN_REAL_SYMBOL(nn_leaf_denominator)
#define nn_leaf_constant NN_REAL_SYMBOL(nn_leaf_constant)
#define nn_leaf_forward NN_REAL_SYMBOL(nn_leaf_forward)

typedef struct nn_leaf {
    nn_microbatch *microbatch;
    int64_t *samples; /* indices in the part */
    int64_t *labels;
    nn_real *targets;      /* normalised; or soft targets */
    bool soft;             /* targets are soft */
    nn_real *data_scratch; /* of the data set's transforms */
    nn_real *units_output; /* output and targets in the target's own units; NULL where nothing is undone */
    nn_real *units_targets;
    int64_t first_position; /* of its first sample in the order of the part */
} nn_leaf;

/* Where a leaf's samples are. */
typedef struct nn_leaf_place {
    nn_part part;
    bool training;
    int64_t epoch, batch_first; /* the batch begins at this position of the epoch's order */
    nn_tree_node range;         /* of its samples within the batch */
    int64_t batch_samples;
    uint64_t seed;
    uint32_t step;
} nn_leaf_place;

nn_status nn_leaf_create(const nn_model *model, const nn_dataset *data, int64_t capacity, nn_leaf *leaf);
void nn_leaf_destroy(nn_leaf *leaf);
size_t nn_leaf_memory(const nn_model *model, const nn_dataset *data, int64_t capacity);

/* Gathers the samples, or only their targets; the latter also for the denominator that they add. */
void nn_leaf_load(nn_leaf *leaf, const nn_model *model, const nn_dataset *data, const nn_leaf_place *place,
                  bool inputs);
double nn_leaf_denominator(nn_leaf *leaf, const nn_model *model, const nn_dataset *data,
                           const nn_leaf_place *place);

/* Forward pass, figures (nn_figures_width values) and, in training, the gradient of the loss with respect to
 * the output. Reports the first sample and layer that are not finite. */
nn_nonfinite nn_leaf_forward(nn_leaf *leaf, const nn_model *model, const nn_real *weights, nn_real *scratch,
                             double denominator, double *figures);

/* The figures of a network whose output is `constant` (one value per column) for every sample. */
void nn_leaf_constant(nn_leaf *leaf, const nn_model *model, const nn_real *constant, double *figures);

#endif
