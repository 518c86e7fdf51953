#include "step/norms.h"

#include "base/memory.h"

struct nn_norms {
    nn_update *update;
    bool together;
    double *measures; /* of the owned blocks */
    double *sums;     /* the squares, then those of tensors */
    nn_forest forest;
    nn_forest_tree *trees; /* of the forest: over all blocks; over those of each tensor */
    nn_combine combine;
};

static nn_status norms_allocate(nn_norms *norms, const nn_network *network)
{
    const nn_update *update = norms->update;
    const char *what = "the norms of the gradient";
    size_t width = (size_t)update->options.optimizer->sums;
    NN_TRY(NN_ALLOCATE(&norms->measures, update->block_count * update->measures, what));
    NN_TRY(NN_ALLOCATE(&norms->sums, 1 + (size_t)update->tensor_count * width, what));
    NN_TRY(NN_ALLOCATE(&norms->trees, 1 + update->tensor_count, what));
    norms->trees[0] = (nn_forest_tree){.leaves = network->block_count, .width = 1};
    for (int t = 0; t < update->tensor_count; t++)
        norms->trees[1 + t] = (nn_forest_tree){
            .leaves = update->tensors[t].block_end - update->tensors[t].block_begin, .width = width};
    norms->forest = (nn_forest){.tree_count = 1 + update->tensor_count, .trees = norms->trees};
    return NN_OK;
}

nn_status nn_norms_create(nn_comm *comm, const nn_network *network, nn_update *update, bool together,
                          nn_norms **norms)
{
    NN_TRY(NN_ALLOCATE(norms, 1, "the norms of the gradient"));
    (*norms)->combine.comm = comm;
    (*norms)->update = update;
    (*norms)->together = together;
    return norms_allocate(*norms, network);
}

void nn_norms_destroy(nn_norms *norms)
{
    if (!norms) return;
    nn_free(norms->measures);
    nn_free(norms->sums);
    nn_free(norms->trees);
    nn_combine_release(&norms->combine);
    nn_free(norms);
}

double *nn_norms_measures(nn_norms *norms)
{
    return norms->measures;
}

/* Owned blocks ascend, and so do tensors. */
static nn_status norms_write(nn_norms *norms)
{
    const nn_update *update = norms->update;
    nn_partial *own = &norms->combine.own;
    int64_t next = 0;
    NN_TRY(nn_partial_begin(&norms->forest, own));
    NN_TRY(nn_partial_next_tree(own));
    for (int64_t b = 0; b < update->block_count; b++) {
        int64_t leaf = update->blocks[b].block;
        NN_TRY(nn_partial_append(&norms->trees[0], (nn_tree_node){leaf, leaf + 1},
                                 norms->measures + b * update->measures, own));
    }
    for (int t = 0; t < update->tensor_count; t++) {
        const nn_update_tensor *tensor = &update->tensors[t];
        NN_TRY(nn_partial_next_tree(own));
        while (next < update->block_count && update->blocks[next].block < tensor->block_begin) next++;
        for (; next < update->block_count && update->blocks[next].block < tensor->block_end; next++) {
            int64_t leaf = update->blocks[next].block - tensor->block_begin;
            NN_TRY(nn_partial_append(&norms->trees[1 + t], (nn_tree_node){leaf, leaf + 1},
                                     norms->measures + next * update->measures + 1, own));
        }
    }
    return NN_OK;
}

nn_status nn_norms_sum(nn_norms *norms, double *squares, const double **of_tensors)
{
    NN_TRY(norms_write(norms));
    if (norms->together)
        NN_TRY(nn_combine_run(&norms->combine, &norms->forest, nn_reduction_order(norms->update->reduction)));
    nn_partial_sums(&norms->forest, &norms->combine.own, norms->sums);
    *squares = norms->sums[0];
    *of_tensors = norms->sums + 1;
    return NN_OK;
}
