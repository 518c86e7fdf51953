/* One microbatch computed layer by layer, looking at every value, to find where NaN or Inf appear first.
 * Training does this when a step has met them, `nntrain replay` on request.
 */
#ifndef NN_STEP_INSPECT_H
#define NN_STEP_INSPECT_H

#include "step/loaded.h"

/* A summary of the values of an array. */
typedef struct nn_value_facts {
    int64_t count; /* 0: the array does not exist */
    int64_t nans, infinities;
    double minimum, maximum; /* of the finite values */
} nn_value_facts;

typedef struct nn_inspected_layer {
    nn_value_facts output;
    nn_value_facts output_gradient;
    nn_value_facts gradient; /* of the layer's parameters */
} nn_inspected_layer;

/* What was found not to be finite, in the order of computation: outputs from the first layer up, losses, then
 * gradients from the last layer down. */
typedef enum nn_found_kind {
    NN_FOUND_NOTHING,
    NN_FOUND_OUTPUT,
    NN_FOUND_LOSS,
    NN_FOUND_OUTPUT_GRADIENT,
    NN_FOUND_GRADIENT
} nn_found_kind;

typedef struct nn_found {
    nn_found_kind kind;
    int index;      /* of the layer, or of the head whose loss it is */
    int64_t sample; /* the first of the microbatch where it is; -1: none in particular */
} nn_found;

typedef struct nn_inspection {
    nn_inspected_layer *layers;    /* one per layer of the network */
    double losses[NN_MODEL_HEADS]; /* sums over the microbatch */
    nn_found found;                /* the first */
    nn_real *scratch, *part;       /* private: as the network asks for; room for a part of a gradient */
    nn_real *carried;              /* room for the state that layers carry; NULL where none does */
    double *statistics; /* room for those of the batch, where layers look at it; NULL where none does */
    double *collected;  /* private: room for what a layer collects */
} nn_inspection;

/* Release it in any case. */
nn_status nn_inspection_create(const nn_model *model, int64_t capacity, nn_inspection *inspection);
void nn_inspection_release(nn_inspection *inspection);

/* The number of layers before the place that was found which need the whole batch: where there are any, NaN
 * or Inf may have come from another microbatch. */
int nn_inspect_mixed(const nn_network *network, nn_found found);

/* Forward pass, losses and backward pass of a loaded microbatch, with the statistics that its batch had.
 * denominators: one per head. Carried state is updated. */
void nn_inspect(const nn_model *model, nn_loaded *loaded, const nn_real *weights, const double *denominators,
                nn_inspection *inspection);

#endif
