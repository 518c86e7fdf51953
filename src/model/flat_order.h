/* The order of the values that a dense layer reads after an image or the like was flattened: ours has the
 * channels last, PyTorch's convolutions and pools have them first. */
#ifndef NN_MODEL_FLAT_ORDER_H
#define NN_MODEL_FLAT_ORDER_H

#include "nn/network.h"

typedef enum nn_flat_order {
    NN_FLAT_SAME,           /* nothing is flattened, or not in another order */
    NN_FLAT_CHANNELS_FIRST, /* it comes from a convolution or pool */
    NN_FLAT_UNKNOWN         /* such as the data itself, or reshaped */
} nn_flat_order;

/* Where the inputs of a layer come from, as PyTorch would order them. image: becomes the shape that is
 * flattened, unless the order is the same. */
nn_flat_order nn_flat_order_find(const nn_network *network, int layer, nn_shape *image);

#endif
