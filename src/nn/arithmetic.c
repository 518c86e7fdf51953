/* The table of nn for one precision. */
#include "nn/arithmetic.h"

#include "nn/parts.h"

#define NN_LAYER(name) extern const nn_layer_type nn_layer_##name;
#define NN_INITIALIZER(name) extern const nn_initializer_type nn_initializer_##name;
#include "nn/initializer_list.h"
#include "nn/layer_list.h"
#undef NN_LAYER
#undef NN_INITIALIZER

#define NN_LAYER(name) &nn_layer_##name,
#define NN_INITIALIZER(name) &nn_initializer_##name,
static const nn_layer_type *const layers[] = {
#include "nn/layer_list.h"
    NULL};
static const nn_initializer_type *const initializers[] = {
#include "nn/initializer_list.h"
    NULL};

const nn_network_arithmetic NN_REAL_SYMBOL(nn_network_arithmetic) = {
    .layers = layers, .initializers = initializers, .part = &nn_layer_part};
