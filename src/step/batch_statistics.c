/* Merging what microbatches collect, in the order of the canonical tree. */
#include "step/batch_statistics.h"

#include <string.h>

#include "base/fault.h"
#include "base/memory.h"

nn_status nn_batch_statistics_create(const nn_network *network, int64_t share_max,
                                     nn_batch_statistics *statistics)
{
    const char *what = "statistics over the batch";
    if (network->statistics_values == 0) return NN_OK;
    NN_TRY(NN_ALLOCATE(&statistics->batch, network->statistics_values, what));
    return NN_ALLOCATE(&statistics->collected, share_max * network->statistics_most, what);
}

void nn_batch_statistics_release(nn_batch_statistics *statistics)
{
    nn_free(statistics->batch);
    nn_free(statistics->collected);
}

size_t nn_batch_statistics_memory(const nn_network *network, int64_t share_max)
{
    return (size_t)(network->statistics_values + share_max * network->statistics_most) * sizeof(double);
}

static int64_t statistics_width(const nn_network *network, int layer, nn_pass pass)
{
    return network->layers[layer].statistics[pass];
}

double *nn_batch_statistics_place(const nn_batch_statistics *statistics, const nn_network *network, int layer,
                                  nn_pass pass, int64_t index)
{
    return statistics->collected + index * statistics_width(network, layer, pass);
}

/* Merges what the microbatches of a node have collected, into the place of the first one. */
static void statistics_fold(const nn_batch_statistics_call *call, nn_tree_node node, double *values)
{
    const nn_layer *layer = &call->network->layers[call->layer];
    if (node.end - node.begin < 2) return;
    int64_t middle = nn_tree_split(node.begin, node.end);
    double *right = values + (middle - node.begin) * layer->statistics[call->pass];
    statistics_fold(call, (nn_tree_node){node.begin, middle}, values);
    statistics_fold(call, (nn_tree_node){middle, node.end}, right);
    layer->type->statistics->merge(call->pass, nn_layer_statistics_channels(layer, call->pass), right,
                                   values);
}

nn_status nn_batch_statistics_merge(nn_batch_statistics *statistics, const nn_batch_statistics_call *call,
                                    const nn_tree_node *nodes, int node_count,
                                    nn_batch_statistics_exchange exchange, void *context)
{
    int64_t width = statistics_width(call->network, call->layer, call->pass);
    size_t bytes = (size_t)width * sizeof(double);
    for (int n = 0; n < node_count; n++) {
        double *values = statistics->collected + (nodes[n].begin - nodes[0].begin) * width;
        statistics_fold(call, nodes[n], values);
        memmove(statistics->collected + n * width, values, bytes);
    }
    if (exchange) NN_TRY(exchange(context, call, nodes, node_count, statistics->collected));
    double *batch = nn_network_statistics(call->network, call->layer, call->pass, statistics->batch);
    memcpy(batch, statistics->collected, bytes);
    nn_fault("step.statistics", batch, bytes);
    return NN_OK;
}
