/*
 * What the pooling layers share. Padding and the steps past the end of a shorter sequence are ignored, in
 * maxima and in the count of a mean.
 */
#ifndef NN_NN_POOLING_H
#define NN_NN_POOLING_H

#include "nn/window.h"
#include "tensor/pool.h"

typedef struct nn_pooling_options {
    nn_window_options window; /* without dilation */
} nn_pooling_options;

extern const nn_option nn_pooling_table[];

nn_status nn_pooling_build(nn_layer *layer);        /* options: nn_pooling_options */
nn_status nn_pooling_build_global(nn_layer *layer); /* no options: one window over everything */

/* Functions of a plug-in. Max pooling saves which tap of the window each output comes from. */
void nn_pooling_forward_max(const nn_layer *layer, const nn_layer_call *call);
void nn_pooling_backward_max(const nn_layer *layer, const nn_layer_call *call);
void nn_pooling_tangent_max(const nn_layer *layer, const nn_layer_call *call);
void nn_pooling_forward_average(const nn_layer *layer, const nn_layer_call *call);
void nn_pooling_backward_average(const nn_layer *layer, const nn_layer_call *call);

#endif
