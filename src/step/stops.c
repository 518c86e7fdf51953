#include "step/stops.h"

#include "base/memory.h"

void nn_stops_release(nn_stops *stops)
{
    nn_free(stops->forward);
    nn_free(stops->backward);
    *stops = (nn_stops){0};
}

/* A layer that needs nothing new continues the stop before. */
static void stops_forward(const nn_network *network, const nn_buckets *buckets, double flop_seconds,
                          bool merges, nn_stops *stops)
{
    nn_timeline_stop *stop = NULL;
    for (int l = 0; l < network->layer_count; l++) {
        const nn_layer *layer = &network->layers[l];
        size_t merged = merges ? (size_t)layer->statistics[NN_FORWARD] * sizeof(double) : 0;
        bool needs = buckets->needed[l] > (l > 0 ? buckets->needed[l - 1] : 0);
        if (!stop || needs || merged > 0) {
            stop = &stops->forward[stops->forward_count++];
            *stop = (nn_timeline_stop){
                .layer = l, .bucket = needs ? buckets->needed[l] - 1 : -1, .merged = merged};
        }
        stop->seconds += layer->flops_forward * flop_seconds;
    }
}

/* The gradient of a layer's inputs, and then of its weights, from the last bucket that begins in it to the
 * first. */
static void stops_backward(const nn_network *network, const nn_buckets *buckets, double flop_seconds,
                           bool merges, nn_stops *stops)
{
    int64_t bucket = buckets->count;
    for (int l = network->layer_count - 1; l >= 0; l--) {
        const nn_layer *layer = &network->layers[l];
        double inputs = layer->needs_input_gradient ? layer->flops_input_gradient : 0;
        double weights = layer->frozen ? 0 : layer->flops_gradient;
        int64_t first = bucket;
        while (first > 0 && network->block_begin[buckets->begin[first - 1]] >= layer->offset) first--;
        int64_t pieces = bucket > first ? bucket - first : 1;
        for (int64_t piece = 0; piece < pieces; piece++) {
            nn_timeline_stop *stop = &stops->backward[stops->backward_count++];
            *stop = (nn_timeline_stop){.layer = l, .bucket = bucket > first ? --bucket : -1};
            stop->seconds = ((piece == 0 ? inputs : 0) + weights / (double)pieces) * flop_seconds;
            if (piece == 0 && merges) stop->merged = (size_t)layer->statistics[NN_BACKWARD] * sizeof(double);
        }
    }
}

nn_status nn_stops_make(const nn_network *network, const nn_buckets *buckets, double flop_seconds,
                        bool merges, nn_stops *stops)
{
    *stops = (nn_stops){0};
    NN_TRY(NN_ALLOCATE(&stops->forward, network->layer_count, "a forecast"));
    NN_TRY(NN_ALLOCATE(&stops->backward, network->layer_count + buckets->count, "a forecast"));
    stops_forward(network, buckets, flop_seconds, merges, stops);
    stops_backward(network, buckets, flop_seconds, merges, stops);
    return NN_OK;
}
