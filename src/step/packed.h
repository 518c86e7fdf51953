/* The weights of a rank as its layers read them: packed once per step, as they arrive, for all microbatches
 * and threads. */
#ifndef NN_STEP_PACKED_H
#define NN_STEP_PACKED_H

#include "nn/network.h"

typedef struct nn_packed {
    nn_scalar scalar;
    nn_real *values;  /* owned; NULL: no layer packs */
    int64_t *offsets; /* owned; by layer and pass; -1: the layer does not pack for that pass */
    int64_t layer_count;
    int filled; /* layers [0, filled) are packed */
} nn_packed;

/* Bytes of the packed weights of a network, for both passes. */
size_t nn_packed_memory(const nn_network *network);

/* backward: also for the backward pass. Release it in any case. */
nn_status nn_packed_create(const nn_network *network, bool backward, nn_packed *packed);
void nn_packed_release(nn_packed *packed);

/* Packs the weights of the layers below `end` that are not packed yet, on `threads` threads. For new weights
 * the caller sets `filled` to 0. */
void nn_packed_fill(const nn_network *network, int threads, const nn_real *weights, int end,
                    nn_packed *packed);

/* What nn_network_group.packed takes; packed may be NULL. */
const nn_real *nn_packed_at(const nn_packed *packed, int layer, nn_pass pass);

#endif
