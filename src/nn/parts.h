/* The parts of an input that consists of several datasets: private to nn. */
#ifndef NN_NN_PARTS_H
#define NN_NN_PARTS_H

#include "nn/layer.h"

/* How a part lies in a sample: the plan of its layer. */
typedef struct nn_input_part {
    int64_t begin, count, stride; /* in values: start and size of the part, size of a sample */
} nn_input_part;

/* Not in the list of layers: the network creates one per part. */
extern const nn_layer_type nn_layer_part;

/* Sets up a layer of that type, before it is built, as part `part` of the input. */
nn_status nn_input_part_describe(nn_layer *layer, const nn_field *input, int part);

#endif
