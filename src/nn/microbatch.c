/* The buffers of one microbatch: one block of memory, laid out in one pass over the network. */
#include <stdint.h>

#include "base/memory.h"
#include "nn/graph.h"

/* Allocates from the block; without a block it only counts. */
typedef struct microbatch_block {
    nn_scalar scalar;
    char *begin;
    size_t used;
} microbatch_block;

static void *microbatch_take(microbatch_block *block, size_t bytes)
{
    void *piece = block->begin ? block->begin + block->used : NULL;
    block->used += (bytes + NN_ALIGNMENT - 1) / NN_ALIGNMENT * NN_ALIGNMENT;
    return piece;
}

static nn_real *microbatch_take_values(microbatch_block *block, int64_t values)
{
    return values > 0 ? microbatch_take(block, (size_t)values * nn_scalar_size(block->scalar)) : NULL;
}

/* Whether the layer is the only reader of its first input. */
static bool microbatch_is_chained(const nn_network *network, int l)
{
    const nn_layer *layer = &network->layers[l];
    return l > 0 && layer->inputs[0] != 0 && nn_graph_consumers(network, layer->inputs[0]) == 1;
}

/* Whether backward reads the output of layer `l`, or of the layers that it is an alias of. */
static bool microbatch_is_read(const nn_network *network, int l)
{
    bool read = network->layers[l].reads_output;
    for (; network->layers[l].is_alias; l = network->layers[l].inputs[0])
        read |= network->layers[network->layers[l].inputs[0]].reads_output;
    return read;
}

static bool microbatch_shares_output(const nn_network *network, int l)
{
    const nn_layer *layer = &network->layers[l];
    if (layer->is_alias) return true;
    return layer->in_place && microbatch_is_chained(network, l) &&
           !microbatch_is_read(network, layer->inputs[0]);
}

static bool microbatch_shares_gradient(const nn_network *network, int l)
{
    const nn_layer *layer = &network->layers[l];
    if (layer->is_alias) return true;
    return (layer->in_place || layer->gradient_in_place) && microbatch_is_chained(network, l);
}

static void microbatch_lay_out_values(const nn_network *network, int64_t capacity, microbatch_block *block,
                                      nn_real **outputs, nn_real **saved)
{
    for (int l = 0; l < network->layer_count; l++) {
        const nn_layer *layer = &network->layers[l];
        bool shared = microbatch_shares_output(network, l);
        int64_t count = capacity * nn_shape_count(layer->output_shape);
        nn_real *own = shared ? NULL : microbatch_take_values(block, count);
        nn_real *kept =
            microbatch_take_values(block, capacity * layer->saved_per_sample + layer->saved_fixed);
        if (!block->begin) continue;
        outputs[l] = shared ? outputs[layer->inputs[0]] : own;
        saved[l] = kept;
    }
}

/* From the last layer down: a layer that works in place shares its buffer with its input. */
static void microbatch_lay_out_gradients(const nn_network *network, int64_t capacity, microbatch_block *block,
                                         nn_real **gradients)
{
    for (int l = network->layer_count - 1; l >= 0; l--) {
        if (!nn_graph_has_gradient(network, l)) continue;
        int consumer = network->gradient_writers[l];
        bool shared = consumer > 0 && network->layers[consumer].inputs[0] == l &&
                      microbatch_shares_gradient(network, consumer);
        int64_t count = nn_shape_count(network->layers[l].output_shape);
        nn_real *own = shared ? NULL : microbatch_take_values(block, capacity * count);
        if (block->begin) gradients[l] = shared ? gradients[consumer] : own;
    }
}

/* Tangents follow the values, but none is overwritten. */
static void microbatch_lay_out_tangents(const nn_network *network, int64_t capacity, microbatch_block *block,
                                        nn_real **tangents)
{
    for (int l = 0; l < network->layer_count; l++) {
        const nn_layer *layer = &network->layers[l];
        int64_t count = capacity * nn_shape_count(layer->output_shape);
        nn_real *own = layer->is_alias ? NULL : microbatch_take_values(block, count);
        if (block->begin) tangents[l] = layer->is_alias ? tangents[layer->inputs[0]] : own;
    }
}

/* A layer with the steps of its input shares the lengths too. */
static void microbatch_lay_out_lengths(const nn_network *network, int64_t capacity, microbatch_block *block,
                                       int64_t **lengths)
{
    for (int l = 0; l < network->layer_count; l++) {
        const nn_layer *layer = &network->layers[l];
        if (!nn_graph_has_lengths(network, l)) continue;
        bool own = l == 0 || layer->time.kernel > 0;
        int64_t *made = own ? microbatch_take(block, (size_t)capacity * sizeof *made) : NULL;
        if (block->begin) lengths[l] = own ? made : lengths[layer->inputs[0]];
    }
}

/* What a microbatch is for. */
typedef enum microbatch_use { MICROBATCH_PREDICTS, MICROBATCH_TRAINS, MICROBATCH_DERIVES } microbatch_use;

/* Returns the size of the block in bytes; unless `begin` is NULL, fills in the microbatch at its start. */
static size_t microbatch_lay_out(const nn_network *network, int64_t capacity, microbatch_use use, char *begin)
{
    microbatch_block block = {network->scalar, begin, 0};
    size_t pointers = (size_t)network->layer_count * sizeof(nn_real *);
    nn_microbatch *microbatch = microbatch_take(&block, sizeof *microbatch);
    nn_real **outputs = microbatch_take(&block, pointers);
    nn_real **gradients = microbatch_take(&block, pointers);
    nn_real **tangents = microbatch_take(&block, pointers);
    nn_real **saved = microbatch_take(&block, pointers);
    int64_t **lengths = microbatch_take(&block, (size_t)network->layer_count * sizeof *lengths);
    microbatch_lay_out_lengths(network, capacity, &block, lengths);
    microbatch_lay_out_values(network, capacity, &block, outputs, saved);
    if (use != MICROBATCH_PREDICTS) microbatch_lay_out_gradients(network, capacity, &block, gradients);
    if (use == MICROBATCH_DERIVES) microbatch_lay_out_tangents(network, capacity, &block, tangents);
    if (begin)
        *microbatch = (nn_microbatch){.capacity = capacity,
                                      .training = use == MICROBATCH_TRAINS,
                                      .keeps = use == MICROBATCH_DERIVES,
                                      .outputs = outputs,
                                      .gradients = gradients,
                                      .tangents = tangents,
                                      .saved = saved,
                                      .lengths = lengths,
                                      .memory = begin};
    return block.used;
}

static nn_status microbatch_create(const nn_network *network, int64_t capacity, microbatch_use use,
                                   nn_microbatch **microbatch)
{
    *microbatch = NULL;
    char *block = NULL;
    size_t bytes = microbatch_lay_out(network, capacity, use, NULL);
    NN_TRY(NN_ALLOCATE(&block, bytes, "the values of a microbatch"));
    microbatch_lay_out(network, capacity, use, block);
    *microbatch = (void *)block;
    return NN_OK;
}

size_t nn_microbatch_memory(const nn_network *network, int64_t capacity, bool training)
{
    return microbatch_lay_out(network, capacity, training ? MICROBATCH_TRAINS : MICROBATCH_PREDICTS, NULL);
}

nn_status nn_microbatch_create(const nn_network *network, int64_t capacity, bool training,
                               nn_microbatch **microbatch)
{
    return microbatch_create(network, capacity, training ? MICROBATCH_TRAINS : MICROBATCH_PREDICTS,
                             microbatch);
}

nn_status nn_microbatch_create_derivatives(const nn_network *network, int64_t capacity,
                                           nn_microbatch **microbatch)
{
    return microbatch_create(network, capacity, MICROBATCH_DERIVES, microbatch);
}

void nn_microbatch_destroy(nn_microbatch *microbatch)
{
    if (microbatch) nn_free(microbatch->memory);
}
