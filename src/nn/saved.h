/* Where a layer keeps values from forward to backward and gradient. */
#ifndef NN_NN_SAVED_H
#define NN_NN_SAVED_H

#include "nn/layer.h"

/*
 * What is kept of a microbatch consists of segments: samples x width values, one segment after the other; the
 * widths add up to saved_per_sample. Then follow saved_fixed values. Returns the values of the first sample
 * of the call in the segment of this width; before: the sum of the widths of the segments before it. With
 * before saved_per_sample and width 0, those are the fixed values, which any call of the microbatch sees.
 */
static inline nn_real *nn_layer_saved(const nn_layer_call *call, int64_t before, int64_t width)
{
    return call->saved + before * call->microbatch_samples + width * call->first;
}

#endif
