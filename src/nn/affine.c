/* The trainable scale and shift of a normalisation. */
#include "nn/affine.h"

#include <string.h>

#include "nn/initializer.h"
#include "nn/tangent.h"
#include "tensor/kernels.h"

const nn_tensor_axes nn_affine_axes[] = {
    {"scale", "channels", "weight", "vars/0"}, {"shift", "channels", "bias", "vars/1"}, {0}};

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
    layer->tangent_fixed = layer->value_count;
    if (layer->shares) return nn_layer_share_parts(layer);
    return layer->value_count > 0 ? nn_layer_add_part(layer, layer->value_count) : NN_OK;
}

static void affine_put(int64_t count, const double *from, bool accumulate, nn_real *to)
{
    for (int64_t i = 0; i < count; i++) to[i] = accumulate ? to[i] + (nn_real)from[i] : (nn_real)from[i];
}

void nn_affine_gradient(const nn_layer *layer, const nn_affine *affine, int64_t samples, const double *sums,
                        double *totals, bool accumulate, nn_real *values)
{
    int64_t channels = affine->channels;
    memset(totals, 0, (size_t)(2 * channels) * sizeof *totals);
    for (int64_t i = 0; i < samples; i++)
        for (int64_t c = 0; c < 2 * channels; c++) totals[c] += sums[i * 2 * channels + c];
    if (affine->shift >= 0)
        affine_put(channels, totals, accumulate, values + layer->parameters[affine->shift].offset);
    if (affine->scale >= 0)
        affine_put(channels, totals + channels, accumulate, values + layer->parameters[affine->scale].offset);
}

/* Backward multiplies by the scale first, and then by the symmetric Jacobian; the tangent has it last. So
 * backward runs with a scale of 1. */
void nn_affine_tangent(const nn_layer *layer, const nn_affine *affine, const nn_layer_call *call)
{
    nn_layer_call unscaled = *call;
    unscaled.parameters = call->tangent_scratch;
    if (affine->scale < 0) {
        nn_tangent_symmetric(layer, call);
        return;
    }
    int64_t channels = affine->channels, at = layer->parameters[affine->scale].offset;
    for (int64_t c = 0; c < channels; c++) call->tangent_scratch[at + c] = 1;
    nn_tangent_symmetric(layer, &unscaled);
    int64_t rows = call->samples * nn_shape_count(layer->output_shape) / channels;
    for (int64_t row = 0; row < rows; row++)
        nn_multiply(channels, call->parameters + at, call->output_tangent + row * channels);
}
