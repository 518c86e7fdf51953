#include "rundir/shards.h"

#include "base/least.h"
#include "base/memory.h"

int nn_shards_count(const nn_model *model, int states, double shard_size, int nodes)
{
    const nn_network *network = model->network;
    double size = (1.0 + states) * (double)network->value_count * (double)nn_scalar_size(model->scalar);
    if (nodes < 2 || size <= shard_size || network->block_count < 2) return 0;
    return network->block_count < nodes ? (int)network->block_count : nodes;
}

int64_t nn_shards_largest(const nn_model *model, int count)
{
    const int64_t *block_begin = model->network->block_begin;
    int64_t *begin, largest = 0;
    if (NN_ALLOCATE(&begin, count + 1, "the shards of a checkpoint") != NN_OK) {
        nn_error_clear();
        return model->network->value_count / count; /* nearly */
    }
    nn_model_cut(model, count, begin);
    for (int k = 0; k < count; k++)
        largest = nn_larger(largest, block_begin[begin[k + 1]] - block_begin[begin[k]]);
    nn_free(begin);
    return largest;
}

/* ---- who writes what ---- */

static nn_status shards_allocate(const nn_stepper *stepper, nn_shards *shards)
{
    NN_TRY(NN_ALLOCATE(&shards->begin, shards->count + 1, "the shards of a checkpoint"));
    NN_TRY(NN_ALLOCATE(&shards->writers, shards->count, "the shards of a checkpoint"));
    NN_TRY(NN_ALLOCATE(&shards->owner, stepper->model->network->block_count, "the shards of a checkpoint"));
    return nn_model_list_tensors(stepper->model, &shards->tensors);
}

static void shards_list_owners(const nn_stepper *stepper, nn_shards *shards)
{
    const int64_t *block = stepper->block_of_owned;
    for (int r = 0; r < nn_comm_size(stepper->comm); r++)
        for (int64_t b = 0; b < stepper->blocks_of_rank[r]; b++) shards->owner[*block++] = r;
}

static void shards_list_writers(const nn_stepper *stepper, nn_shards *shards)
{
    nn_ranks ranks = nn_comm_ranks(stepper->comm);
    const int64_t *block_begin = stepper->model->network->block_begin;
    shards->own = -1;
    for (int r = 0, shard = 0; r < ranks.size && shard < shards->count; r++) {
        if (ranks.leaders[r] != r) continue;
        if (r == ranks.rank) shards->own = shard;
        shards->writers[shard++] = r;
    }
    if (shards->own < 0) return;
    shards->own_begin = block_begin[shards->begin[shards->own]];
    shards->own_end = block_begin[shards->begin[shards->own + 1]];
}

nn_status nn_shards_create(const nn_stepper *stepper, nn_shards **shards)
{
    int count = nn_shards_count(stepper->model, stepper->update->state_count,
                                stepper->settings->checkpoint.shard_size * 1048576,
                                nn_comm_node_count(stepper->comm));
    *shards = NULL;
    if (count == 0) return NN_OK;
    NN_TRY(NN_ALLOCATE(shards, 1, "the shards of a checkpoint"));
    (*shards)->count = count;
    nn_status status = shards_allocate(stepper, *shards);
    if (status != NN_OK) {
        nn_shards_destroy(*shards);
        *shards = NULL;
        return status;
    }
    nn_model_cut(stepper->model, count, (*shards)->begin);
    if (stepper->settings->training.allreduce != NN_REDUCE_MPI) shards_list_owners(stepper, *shards);
    shards_list_writers(stepper, *shards);
    return NN_OK;
}

void nn_shards_destroy(nn_shards *shards)
{
    if (!shards) return;
    nn_model_release_tensors(&shards->tensors);
    nn_free(shards->begin);
    nn_free(shards->writers);
    nn_free(shards->owner);
    nn_free(shards);
}

nn_status nn_shards_put(const nn_checkpoint_parts *parts, const nn_shards *shards, const nn_shard *list,
                        const char *folder, nn_store_image *image)
{
    const nn_stepper *stepper = parts->stepper;
    const char *groups[1 + NN_UPDATE_STATES] = {"weights"};
    for (int s = 0; s < stepper->update->state_count; s++) groups[1 + s] = stepper->update->state_groups[s];
    const nn_sharded_content content = {.step = parts->state->step,
                                        .values = stepper->model->network->value_count,
                                        .folder = folder,
                                        .shard_count = shards->count,
                                        .shards = list,
                                        .group_count = 1 + stepper->update->state_count,
                                        .groups = groups,
                                        .tensor_count = shards->tensors.count,
                                        .tensors = shards->tensors.items};
    return nn_sharded_put(image, &content);
}
