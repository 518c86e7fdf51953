/* The steps of one layer on one microbatch. */
#include <assert.h>
#include <string.h>

#include "nn/graph.h"
#include "tensor/kernels.h"

static nn_layer_call run_make_call(const nn_network *network, int l, const nn_real *weights,
                                   const nn_microbatch *microbatch, nn_real *scratch, const nn_real **inputs)
{
    const nn_layer *layer = &network->layers[l];
    assert(l > 0 && microbatch->samples <= microbatch->capacity);
    assert(microbatch->samples <= layer->microbatch_size);
    for (int i = 0; i < layer->input_count; i++) inputs[i] = microbatch->outputs[layer->inputs[i]];
    return (nn_layer_call){
        .samples = microbatch->samples,
        .training = microbatch->training,
        .parameters = weights + layer->offset,
        .inputs = inputs,
        .output = microbatch->outputs[l],
        .output_gradient = microbatch->gradients[l],
        .saved = microbatch->saved[l],
        .scratch = scratch,
        .random = {microbatch->seed, NN_RANDOM_LAYER + (uint32_t)l, microbatch->step},
        .first_sample = microbatch->first_sample,
    };
}

void nn_network_forward(const nn_network *network, int layer, const nn_real *weights,
                        nn_microbatch *microbatch, nn_real *scratch)
{
    const nn_real *inputs[NN_LAYER_INPUTS];
    nn_layer_call call = run_make_call(network, layer, weights, microbatch, scratch, inputs);
    network->layers[layer].type->forward(&network->layers[layer], &call);
}

void nn_network_backward(const nn_network *network, int layer, const nn_real *weights,
                         nn_microbatch *microbatch, nn_real *scratch)
{
    const nn_layer *self = &network->layers[layer];
    if (!microbatch->gradients[layer]) return;
    const nn_real *inputs[NN_LAYER_INPUTS];
    nn_real *input_gradients[NN_LAYER_INPUTS];
    nn_layer_call call = run_make_call(network, layer, weights, microbatch, scratch, inputs);
    nn_real *added = scratch + nn_graph_scratch_values(self, microbatch->samples);
    for (int i = 0; i < self->input_count; i++) {
        input_gradients[i] = microbatch->gradients[self->inputs[i]];
        if (!input_gradients[i] || nn_graph_writes_first(network, layer, i)) continue;
        input_gradients[i] = added;
        added += microbatch->samples * nn_shape_count(self->input_shapes[i]);
    }
    call.input_gradients = input_gradients;
    self->type->backward(self, &call);
    for (int i = 0; i < self->input_count; i++) {
        nn_real *sum = microbatch->gradients[self->inputs[i]];
        if (sum && !nn_graph_writes_first(network, layer, i))
            nn_add(microbatch->samples * nn_shape_count(self->input_shapes[i]), input_gradients[i], sum);
    }
}

/* The gaps behind tensors hold zeros, in gradients too: sums and norms run over whole blocks. */
static void run_clear_gaps(const nn_layer *layer, int part, nn_real *values)
{
    for (int p = 0; p < layer->parameter_count; p++) {
        int64_t begin = layer->parameters[p].offset + layer->parameters[p].count;
        int64_t end = p + 1 < layer->parameter_count ? layer->parameters[p + 1].offset : layer->value_count;
        if (begin < layer->part_begin[part]) begin = layer->part_begin[part];
        if (end > layer->part_begin[part + 1]) end = layer->part_begin[part + 1];
        if (begin < end)
            memset(values + (begin - layer->part_begin[part]), 0, (size_t)(end - begin) * sizeof *values);
    }
}

void nn_network_gradient(const nn_network *network, int layer, int part, const nn_real *weights,
                         const nn_microbatch *microbatch, nn_real *scratch, bool accumulate,
                         nn_real *gradient)
{
    const nn_layer *self = &network->layers[layer];
    const nn_real *inputs[NN_LAYER_INPUTS];
    nn_layer_call call = run_make_call(network, layer, weights, microbatch, scratch, inputs);
    self->type->gradient(self, &call, part, accumulate, gradient);
    if (!accumulate) run_clear_gaps(self, part, gradient);
}
