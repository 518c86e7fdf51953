/* Merging what microbatches collect, in the order of the canonical tree. */
#include "train/batch_statistics.h"

#include <string.h>

#include "base/fault.h"
#include "base/memory.h"

nn_status nn_batch_statistics_create(const nn_network *network, int64_t leaves,
                                     nn_batch_statistics *statistics)
{
    const char *what = "statistics over the batch";
    if (network->statistics_values == 0) return NN_OK;
    NN_TRY(NN_ALLOCATE(&statistics->batch, network->statistics_values, what));
    return NN_ALLOCATE(&statistics->leaves, leaves * network->statistics_most, what);
}

void nn_batch_statistics_release(nn_batch_statistics *statistics)
{
    nn_free(statistics->batch);
    nn_free(statistics->leaves);
}

size_t nn_batch_statistics_memory(const nn_network *network, int64_t leaves)
{
    return (size_t)(network->statistics_values + leaves * network->statistics_most) * sizeof(double);
}

static int64_t statistics_width(const nn_network *network, int layer, nn_pass pass)
{
    return network->layers[layer].statistics[pass];
}

double *nn_batch_statistics_leaf(const nn_batch_statistics *statistics, const nn_network *network, int layer,
                                 nn_pass pass, int64_t leaf)
{
    return statistics->leaves + leaf * statistics_width(network, layer, pass);
}

/* Merges values that stand one behind the other, `count` nodes or leaves of the tree each, to the first of
 * them; *next is the first that is not taken yet. A part that is one of the nodes has its value already. */
static double *statistics_fold(const nn_batch_statistics_call *call, const nn_node_values *of,
                               nn_tree_node part, int64_t *next)
{
    const nn_layer *layer = &call->network->layers[call->layer];
    nn_tree_node node = of->nodes[*next];
    if (part.begin == node.begin && part.end == node.end)
        return of->values + (*next)++ * layer->statistics[call->pass];
    int64_t middle = nn_tree_split(part.begin, part.end);
    double *left = statistics_fold(call, of, (nn_tree_node){part.begin, middle}, next);
    double *right = statistics_fold(call, of, (nn_tree_node){middle, part.end}, next);
    layer->type->statistics->merge(layer, call->pass, right, left);
    return left;
}

/* The same of a node whose leaves stand at values. */
static void statistics_fold_leaves(const nn_batch_statistics_call *call, nn_tree_node node, double *values)
{
    const nn_layer *layer = &call->network->layers[call->layer];
    if (node.end - node.begin < 2) return;
    int64_t middle = nn_tree_split(node.begin, node.end);
    double *right = values + (middle - node.begin) * layer->statistics[call->pass];
    statistics_fold_leaves(call, (nn_tree_node){node.begin, middle}, values);
    statistics_fold_leaves(call, (nn_tree_node){middle, node.end}, right);
    layer->type->statistics->merge(layer, call->pass, right, values);
}

nn_status nn_batch_statistics_merge(nn_batch_statistics *statistics, const nn_batch_statistics_call *call,
                                    const nn_tree_node *nodes, int node_count,
                                    nn_batch_statistics_gather gather, void *context)
{
    int64_t width = statistics_width(call->network, call->layer, call->pass), next = 0;
    size_t bytes = (size_t)width * sizeof(double);
    nn_node_values all = {nodes, node_count, statistics->leaves};
    for (int n = 0; n < node_count; n++) {
        double *values = statistics->leaves + (nodes[n].begin - nodes[0].begin) * width;
        statistics_fold_leaves(call, nodes[n], values);
        memmove(statistics->leaves + n * width, values, bytes);
    }
    if (gather) NN_TRY(gather(context, call->leaves, width, &all));
    const double *merged = statistics_fold(call, &all, (nn_tree_node){0, call->leaves}, &next);
    double *batch = nn_network_statistics(call->network, call->layer, call->pass, statistics->batch);
    memcpy(batch, merged, bytes);
    nn_fault("step.statistics", batch, bytes);
    return NN_OK;
}
