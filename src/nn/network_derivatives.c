/* Derivatives of a network with respect to its input. */
#include <assert.h>

#include "nn/call.h"

void nn_network_vjp(const nn_network *network, const nn_real *weights, nn_microbatch *microbatch,
                    nn_real *scratch)
{
    assert(microbatch->keeps && microbatch->gradients[0]);
    for (int l = network->layer_count - 1; l > 0; l--)
        nn_network_backward(network, l, weights, microbatch, scratch);
    nn_call_clear_padding(network, 0, nn_call_all(microbatch), microbatch->gradients[0]);
}

/* The tangent of a layer that has just run forward: a later one may overwrite what it reads. */
static void derivatives_tangent(const nn_network *network, int l, const nn_real *weights,
                                const nn_microbatch *microbatch, nn_real *scratch)
{
    const nn_layer *layer = &network->layers[l];
    const nn_real *inputs[NN_LAYER_INPUTS];
    nn_real *tangents[NN_LAYER_INPUTS];
    nn_call_samples all = nn_call_all(microbatch);
    if (layer->is_alias) return;
    nn_layer_call call = nn_call_make(network, l, weights, all, scratch, inputs);
    for (int i = 0; i < layer->input_count; i++) tangents[i] = microbatch->tangents[layer->inputs[i]];
    call.input_tangents = tangents;
    call.output_tangent = microbatch->tangents[l];
    call.tangent_scratch = nn_call_at(network, scratch, nn_graph_scratch_values(layer, all.count));
    layer->type->tangent(layer, &call);
    nn_call_clear_padding(network, l, all, call.output_tangent);
}

void nn_network_jvp(const nn_network *network, const nn_real *weights, nn_microbatch *microbatch,
                    nn_real *scratch)
{
    assert(microbatch->keeps && microbatch->tangents[0]);
    nn_call_clear_padding(network, 0, nn_call_all(microbatch), microbatch->tangents[0]);
    for (int l = 1; l < network->layer_count; l++) {
        nn_network_forward(network, l, weights, microbatch, scratch);
        derivatives_tangent(network, l, weights, microbatch, scratch);
    }
}
