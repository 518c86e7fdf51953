/* The parts of an input that consists of several datasets: private to nn. */
#ifndef NN_NN_PARTS_H
#define NN_NN_PARTS_H

#include "nn/layer.h"

/* Not in the list of layers: the network creates one per part. */
extern const nn_layer_type nn_layer_part;

/* Sets up a layer of that type, before it is built, as part `part` of the input. */
nn_status nn_part_describe(nn_layer *layer, const nn_field *input, int part);

#endif
