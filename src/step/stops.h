/* The stops of a step: where the forward pass awaits weights and the backward pass starts buckets, and what
 * is computed between them. For forecasts and simulations. */
#ifndef NN_STEP_STOPS_H
#define NN_STEP_STOPS_H

#include "comm/timeline.h"
#include "step/buckets.h"

typedef struct nn_stops {
    nn_timeline_stop *forward, *backward; /* in the order of the step */
    int forward_count, backward_count;
} nn_stops;

/* flop_seconds: of all microbatches of a rank that share a wave, per FLOP of one sample. merges: layers that
 * have statistics over the batch take them. Release the stops in any case. */
nn_status nn_stops_make(const nn_network *network, const nn_buckets *buckets, double flop_seconds,
                        bool merges, nn_stops *stops);
void nn_stops_release(nn_stops *stops);

#endif
