/* The trainable scale and shift of a normalisation. */
#include "nn/affine.h"

#include "nn/initializer.h"

static nn_status affine_add(nn_layer *layer, int64_t channels, const char *name, const char *initializer,
                            int *index)
{
    nn_shape shape = {1, {channels}};
    return nn_layer_add_parameter(layer, name, shape, channels, channels,
                                  nn_initializer_find(NN_SCALAR_REAL, initializer), 1.0, index);
}

nn_status nn_affine_build(nn_layer *layer, int64_t channels, bool scale, bool shift, nn_affine *affine)
{
    *affine = (nn_affine){.channels = channels, .scale = -1, .shift = -1};
    if (scale) NN_TRY(affine_add(layer, channels, "scale", "ones", &affine->scale));
    if (shift) NN_TRY(affine_add(layer, channels, "shift", "zeros", &affine->shift));
    if (layer->shares) return nn_layer_share_parts(layer);
    return layer->value_count > 0 ? nn_layer_add_part(layer, layer->value_count) : NN_OK;
}

static void affine_put(int64_t count, const nn_real *from, bool accumulate, nn_real *to)
{
    for (int64_t i = 0; i < count; i++) to[i] = accumulate ? to[i] + from[i] : from[i];
}

void nn_affine_gradient(const nn_layer *layer, const nn_affine *affine, const nn_real *gradients,
                        bool accumulate, nn_real *values)
{
    if (affine->shift >= 0)
        affine_put(affine->channels, gradients, accumulate, values + layer->parameters[affine->shift].offset);
    if (affine->scale >= 0)
        affine_put(affine->channels, gradients + affine->channels, accumulate,
                   values + layer->parameters[affine->scale].offset);
}
