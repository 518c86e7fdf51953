/* Makes the arguments of a layer's functions. */
#include "nn/call.h"

#include <assert.h>
#include <string.h>

/* ---- statistics over the batch ---- */

double *nn_network_statistics(const nn_network *network, int layer, nn_pass pass, double *statistics)
{
    const nn_layer *self = &network->layers[layer];
    return statistics + self->statistics_offset + (pass == NN_BACKWARD ? self->statistics[NN_FORWARD] : 0);
}

bool nn_network_collects(const nn_network *network, int layer, nn_pass pass)
{
    return network->layers[layer].statistics[pass] > 0;
}

/* The statistics that are passed to a layer, or NULL. */
static const double *call_statistics(const nn_network *network, int l, nn_pass pass,
                                     const nn_microbatch *microbatch)
{
    if (!microbatch->training || !microbatch->statistics || !nn_network_collects(network, l, pass))
        return NULL;
    return nn_network_statistics(network, l, pass, (double *)microbatch->statistics);
}

/* ---- calls ---- */

static nn_real *call_values(const nn_network *network, int l, nn_call_samples samples, nn_real *values)
{
    int64_t count = nn_shape_count(network->layers[l].output_shape);
    return values ? nn_call_at(network, values, samples.first * count) : NULL;
}

nn_real *nn_call_output(const nn_network *network, int l, nn_call_samples samples)
{
    return call_values(network, l, samples, samples.microbatch->outputs[l]);
}

nn_real *nn_call_gradient(const nn_network *network, int l, nn_call_samples samples)
{
    return call_values(network, l, samples, samples.microbatch->gradients[l]);
}

static const int64_t *call_lengths(int l, nn_call_samples samples)
{
    const int64_t *lengths = samples.microbatch->lengths[l];
    return lengths ? lengths + samples.first : NULL;
}

static nn_real *call_carried(const nn_network *network, int l, nn_call_samples samples)
{
    const nn_layer *layer = &network->layers[l];
    const nn_microbatch *microbatch = samples.microbatch;
    if (!microbatch->carried || layer->carried_per_sample == 0) return NULL;
    return nn_call_at(network, microbatch->carried,
                      microbatch->capacity * layer->carried_offset +
                          samples.first * layer->carried_per_sample);
}

nn_layer_call nn_call_make(const nn_network *network, int l, const nn_real *weights, nn_call_samples samples,
                           nn_real *scratch, const nn_real **inputs)
{
    const nn_layer *layer = &network->layers[l];
    const nn_microbatch *microbatch = samples.microbatch;
    assert(l > 0 && microbatch->samples <= microbatch->capacity);
    assert(microbatch->samples <= layer->microbatch_size);
    for (int i = 0; i < layer->input_count; i++)
        inputs[i] = nn_call_output(network, layer->inputs[i], samples);
    return (nn_layer_call){
        .count = 1,
        .tile_end = 1,
        .samples = samples.count,
        .first = samples.first,
        .microbatch_samples = microbatch->samples,
        .training = microbatch->training,
        .keeps = microbatch->training || microbatch->keeps,
        .parameters = nn_call_at(network, weights, layer->offset),
        .inputs = inputs,
        .output = nn_call_output(network, l, samples),
        .output_gradient = nn_call_gradient(network, l, samples),
        .saved = microbatch->saved[l],
        .scratch = scratch,
        .random = {microbatch->seed, NN_RANDOM_LAYER + (uint32_t)l, microbatch->step},
        .first_sample = microbatch->first_sample + samples.first,
        .batch_samples = microbatch->batch_samples,
        .lengths = call_lengths(layer->inputs[0], samples),
        .second_lengths = layer->input_count > 1 ? call_lengths(layer->inputs[1], samples) : NULL,
        .statistics = {call_statistics(network, l, NN_FORWARD, microbatch),
                       call_statistics(network, l, NN_BACKWARD, microbatch)},
        .carried = call_carried(network, l, samples),
    };
}

void nn_call_clear_padding(const nn_network *network, int l, nn_call_samples samples, nn_real *values)
{
    const nn_layer *layer = &network->layers[l];
    const int64_t *lengths = call_lengths(l, samples);
    if (!lengths || !values) return;
    int64_t steps = layer->output_shape.extents[0], count = nn_shape_count(layer->output_shape);
    int64_t width = count / steps;
    for (int64_t i = 0; i < samples.count; i++)
        memset(nn_call_at(network, values, i * count + lengths[i] * width), 0,
               (size_t)((steps - lengths[i]) * width) * nn_scalar_size(network->scalar));
}
