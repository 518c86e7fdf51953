/* The parts of an input that several datasets make up: private to nn. */
#ifndef NN_NN_PARTS_H
#define NN_NN_PARTS_H

#include "nn/layer.h"

/* In no list: the network makes one for each part. */
extern const nn_layer_type nn_layer_part;

/* Makes an unbuilt layer of that type the part of the input. */
nn_status nn_part_describe(nn_layer *layer, const nn_field *input, int part);

#endif
