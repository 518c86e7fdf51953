/* Networks given by their layers, as scripts/scale_layers.py prints them: forward FLOPs per sample, channels
 * that are normalised over samples, sizes of tensors. */
#ifndef SCALE_NETWORK_H
#define SCALE_NETWORK_H

#include <stdio.h>

#include "base/memory.h"
#include "nn/network.h"
#include "step/buckets.h"

#define SCALE_LAYERS_MAX 256

typedef struct scale_network {
    nn_network network;
    nn_layer layers[SCALE_LAYERS_MAX];
    nn_buckets buckets;
} scale_network;

static void scale_read_layer(scale_network *of, const nn_layer_type *type, const char *line)
{
    int l = of->network.layer_count++, at = 0, read = 0, channels = 0;
    nn_layer *layer = &of->layers[l];
    layer->type = type;
    layer->offset = of->network.value_count;
    sscanf(line, "%*s %lf %d%n", &layer->flops_forward, &channels, &at);
    layer->flops_gradient = layer->flops_input_gradient = layer->flops_forward;
    layer->needs_input_gradient = l > 0;
    if (channels > 0) layer->statistics[NN_FORWARD] = 1 + 2 * channels;
    layer->statistics[NN_BACKWARD] = 2 * channels;
    if (channels > 0 && of->network.statistics_most < 1 + 2 * channels)
        of->network.statistics_most = 1 + 2 * channels;
    for (long long count; sscanf(line + at, "%lld%n", &count, &read) == 1; at += read) {
        layer->parameters[layer->parameter_count++] =
            (nn_parameter){.count = count, .offset = layer->value_count};
        layer->value_count +=
            (count + NN_PARAMETER_ALIGNMENT - 1) / NN_PARAMETER_ALIGNMENT * NN_PARAMETER_ALIGNMENT;
    }
    of->network.value_count += layer->value_count;
    of->network.flops_training += layer->flops_forward * (l > 0 ? 3 : 2);
}

static int64_t scale_cut_blocks(const nn_network *network, int64_t *begin)
{
    int64_t blocks = 0;
    for (int l = 0; l < network->layer_count; l++)
        for (int p = 0; p < network->layers[l].parameter_count; p++)
            for (int64_t i = 0; i < network->layers[l].parameters[p].count; i += NN_BLOCK_VALUES, blocks++)
                if (begin)
                    begin[blocks] = network->layers[l].offset + network->layers[l].parameters[p].offset + i;
    if (begin) begin[blocks] = network->value_count;
    return blocks;
}

static nn_status scale_read(const char *path, const nn_layer_type *type, scale_network *of)
{
    char line[256];
    FILE *file = fopen(path, "r");
    if (!file) NN_FAIL(NN_ERROR_USAGE, "cannot read %s", path);
    of->network.layers = of->layers;
    of->network.scalar = NN_SCALAR_F32;
    while (of->network.layer_count < SCALE_LAYERS_MAX && fgets(line, sizeof line, file))
        scale_read_layer(of, type, line);
    fclose(file);
    of->network.block_count = scale_cut_blocks(&of->network, NULL);
    NN_TRY(NN_ALLOCATE(&of->network.block_begin, of->network.block_count + 1, "blocks"));
    scale_cut_blocks(&of->network, of->network.block_begin);
    return nn_buckets_make(&of->network, &of->buckets);
}

static inline void scale_release(scale_network *of)
{
    nn_buckets_release(&of->buckets);
    nn_free(of->network.block_begin);
}

#endif
