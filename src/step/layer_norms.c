#include "step/layer_norms.h"

#include <math.h>

#include "base/memory.h"

struct nn_norms_by_layer {
    nn_update *update;
    bool together;
    int count;
    const nn_layer **layers;
    nn_update_followed followed;
    double *sums; /* NN_NORM_OF_KINDS per layer */
    nn_forest forest;
    nn_forest_tree *trees; /* of the forest: over the blocks of each layer */
    int64_t *block_begin;  /* of each layer, its first block */
    nn_combine combine;
};

/* ---- making ---- */

static bool norms_is_trained(const nn_layer *layer)
{
    for (int p = 0; p < layer->parameter_count && !layer->frozen; p++)
        if (!layer->parameters[p].statistic) return true;
    return false;
}

/* The first block, from `from` on, that begins at `begin` or later. */
static int64_t norms_find_block(const nn_network *network, int64_t from, int64_t begin)
{
    while (from < network->block_count && network->block_begin[from] < begin) from++;
    return from;
}

/* Layers are in the order of the flat vector. */
static void norms_list_layers(nn_norms_by_layer *norms, const nn_network *network)
{
    int64_t block = 0;
    for (int l = 0; l < network->layer_count; l++) {
        const nn_layer *layer = &network->layers[l];
        if (!norms_is_trained(layer)) continue;
        const nn_parameter *last = &layer->parameters[layer->parameter_count - 1];
        int64_t begin = block = norms_find_block(network, block, layer->offset + layer->parameters[0].offset);
        block = norms_find_block(network, block, layer->offset + last->offset + last->count);
        norms->layers[norms->count] = layer;
        norms->block_begin[norms->count] = begin;
        norms->trees[norms->count] = (nn_forest_tree){.leaves = block - begin, .width = NN_NORM_OF_KINDS};
        norms->count++;
    }
    norms->forest = (nn_forest){.tree_count = norms->count, .trees = norms->trees};
}

static nn_status norms_allocate(nn_norms_by_layer *norms, const nn_network *network)
{
    const nn_update *update = norms->update;
    const char *what = "the norms of layers";
    size_t layers = (size_t)network->layer_count;
    int64_t largest = 0;
    for (int64_t b = 0; b < update->block_count; b++) {
        int64_t values = update->blocks[b].end - update->blocks[b].begin;
        if (values > largest) largest = values;
    }
    norms->followed.room = largest;
    NN_TRY(NN_ALLOCATE(&norms->layers, layers, what));
    NN_TRY(NN_ALLOCATE(&norms->block_begin, layers, what));
    NN_TRY(NN_ALLOCATE(&norms->trees, layers, what));
    NN_TRY(NN_ALLOCATE(&norms->sums, layers * NN_NORM_OF_KINDS, what));
    NN_TRY(NN_ALLOCATE(&norms->followed.squares, update->block_count * NN_FOLLOWED_SQUARES, what));
    return NN_ALLOCATE_VALUES(update->scalar, &norms->followed.before, largest * update->options.threads,
                              what);
}

nn_status nn_norms_by_layer_create(nn_comm *comm, const nn_network *network, nn_update *update, bool together,
                                   nn_norms_by_layer **norms)
{
    NN_TRY(NN_ALLOCATE(norms, 1, "the norms of layers"));
    (*norms)->combine.comm = comm;
    (*norms)->update = update;
    (*norms)->together = together;
    NN_TRY(norms_allocate(*norms, network));
    norms_list_layers(*norms, network);
    return NN_OK;
}

void nn_norms_by_layer_destroy(nn_norms_by_layer *norms)
{
    if (!norms) return;
    nn_free(norms->layers);
    nn_free(norms->block_begin);
    nn_free(norms->trees);
    nn_free(norms->sums);
    nn_free(norms->followed.squares);
    nn_free(norms->followed.before);
    nn_combine_release(&norms->combine);
    nn_free(norms);
}

/* ---- a step ---- */

void nn_norms_by_layer_begin(nn_norms_by_layer *norms)
{
    norms->update->followed = &norms->followed;
}

/* Owned blocks ascend, and so do layers. */
static nn_status norms_write(nn_norms_by_layer *norms, const double *gradient)
{
    const nn_update *update = norms->update;
    nn_partial *own = &norms->combine.own;
    int64_t next = 0;
    NN_TRY(nn_partial_begin(&norms->forest, own));
    for (int l = 0; l < norms->count; l++) {
        int64_t begin = norms->block_begin[l], end = begin + norms->trees[l].leaves;
        NN_TRY(nn_partial_next_tree(own));
        while (next < update->block_count && update->blocks[next].block < begin) next++;
        for (; next < update->block_count && update->blocks[next].block < end; next++) {
            int64_t leaf = update->blocks[next].block - begin;
            const double *followed = norms->followed.squares + next * NN_FOLLOWED_SQUARES;
            bool trained = update->blocks[next].kind >= 0;
            const double squares[NN_NORM_OF_KINDS] = {trained ? gradient[next * update->measures] : 0,
                                                      followed[NN_FOLLOWED_WEIGHTS],
                                                      followed[NN_FOLLOWED_UPDATE]};
            NN_TRY(nn_partial_append(&norms->trees[l], (nn_tree_node){leaf, leaf + 1}, squares, own));
        }
    }
    return NN_OK;
}

nn_status nn_norms_by_layer_end(nn_norms_by_layer *norms, const double *gradient)
{
    norms->update->followed = NULL;
    NN_TRY(norms_write(norms, gradient));
    if (norms->together)
        NN_TRY(nn_combine_run(&norms->combine, &norms->forest, nn_reduction_order(norms->update->reduction)));
    nn_partial_sums(&norms->forest, &norms->combine.own, norms->sums);
    return NN_OK;
}

int nn_norms_by_layer_count(const nn_norms_by_layer *norms)
{
    return norms->count;
}

const char *nn_norms_by_layer_get(const nn_norms_by_layer *norms, int index, double values[NN_NORM_OF_KINDS])
{
    for (int k = 0; k < NN_NORM_OF_KINDS; k++) values[k] = sqrt(norms->sums[index * NN_NORM_OF_KINDS + k]);
    return norms->layers[index]->name;
}
