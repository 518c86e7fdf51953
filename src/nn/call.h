/* The arguments of a layer's functions, from a microbatch: private to nn. */
#ifndef NN_NN_CALL_H
#define NN_NN_CALL_H

#include "nn/graph.h"

/* Samples of a microbatch: `count` from `first` on. */
typedef struct nn_call_samples {
    const nn_microbatch *microbatch;
    int64_t first, count;
} nn_call_samples;

static inline nn_call_samples nn_call_all(const nn_microbatch *microbatch)
{
    return (nn_call_samples){microbatch, 0, microbatch->samples};
}

static inline nn_real *nn_call_at(const nn_network *network, const nn_real *values, int64_t index)
{
    return nn_scalar_at(network->scalar, values, (size_t)index);
}

/* The output of layer `l` for these samples, or its gradient; NULL if there is none. */
nn_real *nn_call_output(const nn_network *network, int l, nn_call_samples samples);
nn_real *nn_call_gradient(const nn_network *network, int l, nn_call_samples samples);

/* A call of layer `l` without input gradients. inputs: room for the list of its inputs. */
nn_layer_call nn_call_make(const nn_network *network, int l, const nn_real *weights, nn_call_samples samples,
                           nn_real *scratch, const nn_real **inputs);

/* Clears the values past the last step of each sample; values: of layer `l`, for these samples, or NULL. */
void nn_call_clear_padding(const nn_network *network, int l, nn_call_samples samples, nn_real *values);

#endif
