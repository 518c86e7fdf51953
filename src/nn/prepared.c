/* The forward pass of one sample, prepared. */
#include "nn/prepared.h"

#include "base/memory.h"
#include "nn/call.h"

typedef struct prepared_step {
    const nn_layer *layer;
    nn_layer_call call;
    const nn_real *inputs[NN_LAYER_INPUTS];
} prepared_step;

struct nn_prepared {
    int count;
    prepared_step steps[];
};

/* One step for each phase of each layer that computes anything. */
static int prepared_steps(const nn_network *network, int l)
{
    return network->layers[l].is_alias ? 0 : nn_network_phases(network, l, NN_FORWARD);
}

static void prepared_make(const nn_network *network, int l, int phase, const nn_real *weights,
                          nn_microbatch *microbatch, nn_real *scratch, prepared_step *step)
{
    int tiles = network->layers[l].division[NN_FORWARD][phase].tiles;
    step->layer = &network->layers[l];
    step->call = nn_call_make(network, l, weights, nn_call_all(microbatch), scratch, step->inputs);
    step->call.phase = phase;
    step->call.tile_end = tiles > 1 ? tiles : 1;
}

nn_status nn_prepared_create(const nn_network *network, const nn_real *weights, nn_microbatch *microbatch,
                             nn_real *scratch, nn_prepared **prepared)
{
    int count = 0;
    *prepared = NULL;
    if (microbatch->lengths[0]) return NN_OK;
    for (int l = 1; l < network->layer_count; l++) count += prepared_steps(network, l);
    size_t size = sizeof **prepared + (size_t)count * sizeof(prepared_step);
    NN_TRY(nn_allocate((void **)prepared, size, 1, "the pass of one sample"));
    microbatch->samples = 1;
    for (int l = 1; l < network->layer_count; l++)
        for (int phase = 0; phase < prepared_steps(network, l); phase++)
            prepared_make(network, l, phase, weights, microbatch, scratch,
                          &(*prepared)->steps[(*prepared)->count++]);
    return NN_OK;
}

void nn_prepared_destroy(nn_prepared *prepared)
{
    nn_free(prepared);
}

void nn_prepared_forward(const nn_prepared *prepared)
{
    for (int s = 0; s < prepared->count; s++) {
        const prepared_step *step = &prepared->steps[s];
        step->layer->type->forward(step->layer, &step->call);
    }
}
