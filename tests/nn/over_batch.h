/* A batch of several microbatches, run by hand as in training on threads and ranks. Shared by the tests of
 * layers with statistics over the batch. */
#ifndef NN_TESTS_NN_OVER_BATCH_H
#define NN_TESTS_NN_OVER_BATCH_H

#include "build.h"

#include "base/tree.h"

enum { BATCH_LEAVES = 16 };

typedef struct batch {
    nn_network *network;
    int64_t leaves;
    nn_microbatch *microbatches[BATCH_LEAVES];
    nn_real *weights, *gradient, *part, *scratch;
    double *statistics, *collected;
} batch;

/* Spreads `samples` over `leaves` microbatches; the network is the batch's from now on. */
static inline void batch_create(batch *b, nn_network *network, int64_t samples, int64_t leaves,
                                int64_t capacity)
{
    *b = (batch){.network = network, .leaves = leaves};
    assert_in_range(leaves, 1, BATCH_LEAVES);
    expect_ok(NN_ALLOCATE(&b->weights, network->value_count, "weights"));
    expect_ok(NN_ALLOCATE(&b->gradient, network->value_count, "a gradient"));
    expect_ok(NN_ALLOCATE(&b->part, network->value_count, "a gradient"));
    expect_ok(NN_ALLOCATE(&b->scratch, network->scratch_values, "scratch"));
    expect_ok(NN_ALLOCATE(&b->statistics, network->statistics_values, "statistics"));
    expect_ok(NN_ALLOCATE(&b->collected, leaves * network->statistics_most, "statistics"));
    for (int64_t i = 0; i < leaves; i++) {
        expect_ok(nn_microbatch_create(network, capacity, true, &b->microbatches[i]));
        nn_tree_node range = nn_tree_leaf_samples(samples, leaves, i);
        b->microbatches[i]->first_sample = range.begin;
        b->microbatches[i]->samples = range.end - range.begin;
        b->microbatches[i]->batch_samples = samples;
        if (network->statistics_values > 0) b->microbatches[i]->statistics = b->statistics;
    }
}

static inline void batch_destroy(batch *b)
{
    for (int64_t i = 0; i < b->leaves; i++) nn_microbatch_destroy(b->microbatches[i]);
    nn_network_destroy(b->network);
    nn_free(b->weights);
    nn_free(b->gradient);
    nn_free(b->part);
    nn_free(b->scratch);
    nn_free(b->statistics);
    nn_free(b->collected);
}

static inline void batch_merge(const nn_layer *layer, nn_pass pass, nn_tree_node node, double *values)
{
    if (node.end - node.begin < 2) return;
    int64_t middle = nn_tree_split(node.begin, node.end);
    double *right = values + (middle - node.begin) * layer->statistics[pass];
    batch_merge(layer, pass, (nn_tree_node){node.begin, middle}, values);
    batch_merge(layer, pass, (nn_tree_node){middle, node.end}, right);
    layer->type->statistics->merge(pass, nn_layer_statistics_channels(layer, pass), right, values);
}

static inline void batch_collect(batch *b, int l, nn_pass pass)
{
    const nn_layer *layer = &b->network->layers[l];
    if (!nn_network_collects(b->network, l, pass)) return;
    for (int64_t i = 0; i < b->leaves; i++)
        nn_network_collect(b->network, l, pass, b->weights, b->microbatches[i], b->scratch,
                           b->collected + i * layer->statistics[pass]);
    batch_merge(layer, pass, (nn_tree_node){0, b->leaves}, b->collected);
    memcpy(nn_network_statistics(b->network, l, pass, b->statistics), b->collected,
           (size_t)layer->statistics[pass] * sizeof *b->collected);
}

static inline void batch_forward(batch *b)
{
    for (int l = 1; l < b->network->layer_count; l++) {
        batch_collect(b, l, NN_FORWARD);
        for (int64_t i = 0; i < b->leaves; i++)
            nn_network_forward(b->network, l, b->weights, b->microbatches[i], b->scratch);
    }
}

/* The gradients of the outputs must be set. */
static inline void batch_backward(batch *b)
{
    memset(b->gradient, 0, (size_t)b->network->value_count * sizeof *b->gradient);
    for (int l = b->network->layer_count - 1; l > 0; l--) {
        const nn_layer *layer = &b->network->layers[l];
        batch_collect(b, l, NN_BACKWARD);
        for (int64_t i = 0; i < b->leaves; i++)
            nn_network_backward(b->network, l, b->weights, b->microbatches[i], b->scratch);
        for (int p = 0; p < layer->part_count; p++)
            for (int64_t i = 0; i < b->leaves; i++) {
                nn_real *sum = b->gradient + layer->offset + layer->part_begin[p];
                int64_t values = layer->part_begin[p + 1] - layer->part_begin[p];
                nn_network_gradient(b->network, l, p, b->weights, b->microbatches[i], b->scratch, false,
                                    b->part);
                for (int64_t v = 0; v < values; v++) sum[v] += b->part[v];
            }
    }
}

#endif
