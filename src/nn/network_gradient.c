/* The gradient of one layer's parameters on one microbatch. */
#include <string.h>

#include "nn/call.h"
#include "tensor/arithmetic.h"

/* The padding after tensors is 0 in gradients too: sums and norms include it. */
static void gradient_clear_gaps(const nn_network *network, int l, int part, nn_real *values)
{
    const nn_layer *layer = &network->layers[l];
    for (int p = 0; p < layer->parameter_count; p++) {
        int64_t begin = layer->parameters[p].offset + layer->parameters[p].count;
        int64_t end = p + 1 < layer->parameter_count ? layer->parameters[p + 1].offset : layer->value_count;
        if (begin < layer->part_begin[part]) begin = layer->part_begin[part];
        if (end > layer->part_begin[part + 1]) end = layer->part_begin[part + 1];
        if (begin < end)
            memset(nn_call_at(network, values, begin - layer->part_begin[part]), 0,
                   (size_t)(end - begin) * nn_scalar_size(network->scalar));
    }
}

static void gradient_of_layer(const nn_network *network, int layer, int part, const nn_real *weights,
                              const nn_microbatch *microbatch, nn_real *scratch, bool accumulate,
                              nn_real *gradient)
{
    const nn_layer *self = &network->layers[layer];
    const nn_real *inputs[NN_LAYER_INPUTS];
    nn_layer_call call = nn_call_make(network, layer, weights, nn_call_all(microbatch), scratch, inputs);
    self->type->gradient(self, &call, part, accumulate, gradient);
}

/* Sums the gradients of all layers that share the parameters; for statistics, takes the mean. */
static void gradient_of_sharers(const nn_network *network, int layer, int part, const nn_real *weights,
                                const nn_microbatch *microbatch, nn_real *scratch, nn_real *gradient)
{
    const nn_layer *self = &network->layers[layer];
    int sharers = 1;
    gradient_of_layer(network, layer, part, weights, microbatch, scratch, false, gradient);
    for (int l = layer + 1; l < network->layer_count; l++)
        if (network->layers[l].shares == self) {
            gradient_of_layer(network, l, part, weights, microbatch, scratch, true, gradient);
            sharers++;
        }
    for (int p = 0; p < self->parameter_count; p++) {
        int64_t at = self->parameters[p].offset - self->part_begin[part];
        if (self->parameters[p].statistic && at >= 0 &&
            self->parameters[p].offset < self->part_begin[part + 1])
            nn_tensor_arithmetic_of(network->scalar)
                ->scale(self->parameters[p].count, 1.0 / sharers, nn_call_at(network, gradient, at));
    }
}

void nn_network_gradient(const nn_network *network, int layer, int part, const nn_real *weights,
                         const nn_microbatch *microbatch, nn_real *scratch, bool accumulate,
                         nn_real *gradient)
{
    const nn_layer *self = &network->layers[layer];
    int64_t values = self->part_begin[part + 1] - self->part_begin[part];
    int64_t shared = nn_graph_shared_values(network, layer);
    if (self->frozen) {
        if (!accumulate) memset(gradient, 0, (size_t)values * nn_scalar_size(network->scalar));
        return;
    }
    nn_real *sum =
        shared && accumulate ? nn_call_at(network, scratch, network->scratch_values - shared) : gradient;
    if (shared)
        gradient_of_sharers(network, layer, part, weights, microbatch, scratch, sum);
    else
        gradient_of_layer(network, layer, part, weights, microbatch, scratch, accumulate, sum);
    if (!accumulate || sum != gradient) gradient_clear_gaps(network, layer, part, sum);
    if (sum != gradient) nn_tensor_arithmetic_of(network->scalar)->add(values, sum, gradient);
}

int nn_network_sums(const nn_network *network, int layer)
{
    const nn_layer *self = &network->layers[layer];
    bool alone = !self->frozen && nn_graph_shared_values(network, layer) == 0;
    return alone && self->type->gradient_sum ? self->sums : 0;
}

void nn_network_gradient_sum(const nn_network *network, int layer, int part, const nn_real *weights,
                             nn_microbatch *const *microbatches, int count, nn_real *scratch,
                             nn_real *gradient)
{
    nn_layer_call calls[NN_LAYER_GROUP];
    const nn_real *inputs[NN_LAYER_GROUP][NN_LAYER_INPUTS];
    for (int i = 0; i < count; i++) {
        calls[i] = nn_call_make(network, layer, weights, nn_call_all(microbatches[i]), scratch, inputs[i]);
        calls[i].count = count;
    }
    network->layers[layer].type->gradient_sum(&network->layers[layer], calls, part, gradient);
    gradient_clear_gaps(network, layer, part, gradient);
}

bool nn_network_cuts(const nn_network *network, int layer)
{
    const nn_layer *self = &network->layers[layer];
    return self->cuts && !self->frozen && nn_graph_shared_values(network, layer) == 0;
}

void nn_network_gradient_piece(const nn_network *network, int layer, int part, nn_network_piece piece,
                               const nn_real *weights, const nn_microbatch *microbatch, nn_real *scratch,
                               nn_real *gradient)
{
    const nn_real *inputs[NN_LAYER_INPUTS];
    nn_layer_call call = nn_call_make(network, layer, weights, nn_call_all(microbatch), scratch, inputs);
    call.piece = piece.index;
    call.pieces = piece.count;
    network->layers[layer].type->gradient(&network->layers[layer], &call, part, false, gradient);
    if (piece.index == 0) gradient_clear_gaps(network, layer, part, gradient);
}
