/* Cutting the network into buckets. */
#include "step/buckets.h"

#include <string.h>

#include "base/memory.h"

/* A bucket is closed when it has this many values: with 256 KiB of floats, latency is small next to transfer
 * time. */
#define BUCKET_VALUES 65536

/* A layer of more values than this is cut. */
#define BUCKET_VALUES_MAX ((int64_t)1 << 20)

static int64_t buckets_block_at(const nn_network *network, int64_t offset)
{
    int64_t low = 0, high = network->block_count;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (network->block_begin[middle] < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The bounds, as indices of blocks, from the end of the vector down; returns how many. Several small layers
 * are one bucket; a large one is several, so that its messages overlap with its sums. */
static int64_t buckets_cut(const nn_network *network, int64_t *bounds)
{
    int64_t count = 0, end = network->block_count;
    for (int l = network->layer_count - 1; l >= 0; l--) {
        const nn_layer *layer = &network->layers[l];
        if (layer->value_count == 0) continue;
        int64_t begin = buckets_block_at(network, layer->offset);
        int64_t values = network->block_begin[end] - layer->offset;
        if (layer->offset > 0 && values < BUCKET_VALUES) continue;
        int64_t pieces =
            values > BUCKET_VALUES_MAX ? (values + BUCKET_VALUES_MAX - 1) / BUCKET_VALUES_MAX : 1;
        for (int64_t piece = pieces; piece > 0; piece--)
            bounds[count++] = begin + (end - begin) * piece / pieces;
        end = begin;
    }
    return count;
}

nn_status nn_buckets_make(const nn_network *network, nn_buckets *buckets)
{
    NN_TRY(NN_ALLOCATE(&buckets->begin, network->block_count + 1, "the list of buckets"));
    NN_TRY(NN_ALLOCATE(&buckets->needed, network->layer_count, "the list of buckets"));
    buckets->count = buckets_cut(network, buckets->begin);
    for (int64_t i = 0; i < buckets->count - 1 - i; i++) {
        int64_t other = buckets->begin[i];
        buckets->begin[i] = buckets->begin[buckets->count - 1 - i];
        buckets->begin[buckets->count - 1 - i] = other;
    }
    memmove(buckets->begin + 1, buckets->begin, (size_t)buckets->count * sizeof *buckets->begin);
    buckets->begin[0] = 0;
    int64_t values = 0, needed = 0;
    for (int l = 0; l < network->layer_count; l++) {
        values += network->layers[l].value_count;
        while (network->block_begin[buckets->begin[needed]] < values) needed++;
        buckets->needed[l] = needed;
    }
    return NN_OK;
}

void nn_buckets_release(nn_buckets *buckets)
{
    nn_free(buckets->begin);
    nn_free(buckets->needed);
    *buckets = (nn_buckets){0};
}

nn_reduction_layout nn_buckets_layout(const nn_network *network, const nn_buckets *buckets,
                                      const int64_t *leaf_counts, int leaf_count_kinds)
{
    return (nn_reduction_layout){.scalar = network->scalar,
                                 .count = network->value_count,
                                 .block_count = network->block_count,
                                 .block_begin = network->block_begin,
                                 .bucket_count = buckets->count,
                                 .bucket_begin = buckets->begin,
                                 .leaf_counts = leaf_counts,
                                 .leaf_count_kinds = leaf_count_kinds};
}
