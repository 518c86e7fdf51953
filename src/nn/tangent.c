/* Tangents by the kind of a layer. */
#include "nn/tangent.h"

#include <string.h>

/* All phases of a pass over all samples and tiles. */
static void tangent_run(const nn_layer *layer, nn_pass pass, nn_layer_call *call)
{
    int phases = layer->phases[pass] > 1 ? layer->phases[pass] : 1;
    for (int phase = 0; phase < phases; phase++) {
        int tiles = layer->division[pass][phase].tiles;
        call->phase = phase;
        call->tile_end = tiles > 1 ? tiles : 1;
        (pass == NN_FORWARD ? layer->type->forward : layer->type->backward)(layer, call);
    }
}

void nn_tangent_linear(const nn_layer *layer, const nn_layer_call *call)
{
    nn_layer_call forward = *call;
    forward.linear = true;
    forward.inputs = (const nn_real *const *)call->input_tangents;
    forward.output = call->output_tangent;
    tangent_run(layer, NN_FORWARD, &forward);
}

/* A layer that overwrites its output's gradient is not of this kind. */
void nn_tangent_symmetric(const nn_layer *layer, const nn_layer_call *call)
{
    nn_layer_call backward = *call;
    backward.output_gradient = call->input_tangents[0];
    backward.input_gradients = &call->output_tangent;
    tangent_run(layer, NN_BACKWARD, &backward);
}

void nn_tangent_zero(const nn_layer *layer, const nn_layer_call *call)
{
    memset(call->output_tangent, 0,
           (size_t)(call->samples * nn_shape_count(layer->output_shape)) * sizeof(nn_real));
}
