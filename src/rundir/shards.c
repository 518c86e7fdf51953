#include "rundir/shards.h"

#include <string.h>

#include "base/memory.h"
#include "build.h"
#include "store/seal.h"

int nn_shards_count(const nn_model *model, int states, double shard_size, int nodes)
{
    const nn_network *network = model->network;
    double size = (1.0 + states) * (double)network->value_count * (double)nn_scalar_size(model->scalar);
    if (nodes < 2 || size <= shard_size || network->block_count < 2) return 0;
    return network->block_count < nodes ? (int)network->block_count : nodes;
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

/* ---- gathering ---- */

/* The messages of this rank for one vector of state. */
typedef struct shards_parts {
    nn_comm_part *items;
    size_t count;
} shards_parts;

static void shards_add(shards_parts *parts, void *bytes, int64_t values, nn_scalar scalar, int rank)
{
    parts->items[parts->count++] = (nn_comm_part){bytes, (size_t)values * nn_scalar_size(scalar), rank};
}

/* What this rank owns of the shards of others: a message for each run of consecutive blocks. What it owns of
 * its own is copied. */
static void shards_list_sends(const nn_stepper *stepper, const nn_shards *shards, const nn_real *state,
                              nn_real *values, shards_parts *sends)
{
    const nn_update *update = stepper->update;
    nn_scalar scalar = stepper->scalar;
    int shard = 0;
    for (int64_t i = 0, next; i < update->block_count; i = next) {
        const nn_owned_block *first = &update->blocks[i];
        while (first->block >= shards->begin[shard + 1]) shard++;
        for (next = i + 1; next < update->block_count; next++)
            if (update->blocks[next].block != update->blocks[next - 1].block + 1 ||
                update->blocks[next].block >= shards->begin[shard + 1])
                break;
        int64_t count = update->blocks[next - 1].end - first->begin;
        nn_real *from = nn_scalar_at(scalar, state, (size_t)first->state);
        if (shard != shards->own)
            shards_add(sends, from, count, scalar, shards->writers[shard]);
        else
            memcpy(nn_scalar_at(scalar, values, (size_t)(first->begin - shards->own_begin)), from,
                   (size_t)count * nn_scalar_size(scalar));
    }
}

/* The same messages, as the writer of a shard expects them. */
static void shards_list_receives(const nn_stepper *stepper, const nn_shards *shards, nn_real *values,
                                 shards_parts *receives)
{
    const int64_t *block_begin = stepper->model->network->block_begin;
    int64_t end = shards->begin[shards->own + 1];
    for (int64_t b = shards->begin[shards->own], next; b < end; b = next) {
        for (next = b + 1; next < end && shards->owner[next] == shards->owner[b];) next++;
        if (shards->owner[b] != nn_comm_rank(stepper->comm))
            shards_add(receives,
                       nn_scalar_at(stepper->scalar, values, (size_t)(block_begin[b] - shards->own_begin)),
                       block_begin[next] - block_begin[b], stepper->scalar, shards->owner[b]);
    }
}

/* A vector of state from its owners to the writers of the shards: `values` of the own one. Collective. */
static nn_status shards_gather(const nn_stepper *stepper, const nn_shards *shards, const nn_real *state,
                               nn_real *values)
{
    shards_parts sends = {0}, receives = {0};
    int64_t most = shards->own < 0 ? 0 : shards->begin[shards->own + 1] - shards->begin[shards->own];
    nn_status status = NN_ALLOCATE(&sends.items, stepper->update->block_count, "gathering a shard");
    if (status == NN_OK) status = NN_ALLOCATE(&receives.items, most, "gathering a shard");
    NN_TRY_TO(done, status, nn_comm_agree(stepper->comm, status));
    shards_list_sends(stepper, shards, state, values, &sends);
    if (shards->own >= 0) shards_list_receives(stepper, shards, values, &receives);
    status = nn_comm_exchange(stepper->comm, sends.items, sends.count, receives.items, receives.count);
done:
    nn_free(sends.items);
    nn_free(receives.items);
    return status;
}

/* ---- building ---- */

static nn_status shards_put_facts(const nn_checkpoint_parts *parts, const nn_shards *shards,
                                  nn_store_image *image)
{
    const nn_model *model = parts->stepper->model;
    NN_TRY(nn_store_image_put_attribute(image, "format", "nntrain shard 1"));
    NN_TRY(nn_store_image_put_attribute(image, "version", NN_VERSION));
    return nn_model_put_shard(
        model, &shards->tensors, image, "weights", shards->own_begin, shards->own_end,
        nn_scalar_at(model->scalar, nn_checkpoint_weights(parts), (size_t)shards->own_begin));
}

/* Every rank takes part, even where its shard has failed. */
static nn_status shards_put_states(const nn_checkpoint_parts *parts, const nn_shards *shards,
                                   nn_store_image *image, nn_real *values)
{
    const nn_stepper *stepper = parts->stepper;
    const nn_update *update = stepper->update;
    bool replicated = stepper->settings->training.allreduce == NN_REDUCE_MPI;
    for (int s = 0; s < update->state_count; s++) {
        const nn_real *own = values;
        if (replicated)
            own = nn_scalar_at(stepper->scalar, update->states[s], (size_t)shards->own_begin);
        else
            NN_TRY(shards_gather(stepper, shards, update->states[s], values));
        nn_status status = NN_OK;
        if (image)
            status = nn_model_put_shard(stepper->model, &shards->tensors, image, update->state_groups[s],
                                        shards->own_begin, shards->own_end, own);
        NN_TRY(nn_comm_agree(stepper->comm, status));
    }
    return NN_OK;
}

/* Sizes and seals of all shards, which follow one another in the order of their writers. */
static nn_status shards_list(const nn_stepper *stepper, const nn_shards *shards, const void *bytes,
                             size_t size, nn_shard *list)
{
    const int64_t *block_begin = stepper->model->network->block_begin;
    uint64_t own[2] = {size, bytes ? nn_store_seal_of(bytes, size) : 0}, *all = NULL;
    bool first = nn_comm_rank(stepper->comm) == 0;
    nn_status status = first ? NN_ALLOCATE(&all, 2 * shards->count, "the shards of a checkpoint") : NN_OK;
    NN_TRY_TO(done, status, nn_comm_agree(stepper->comm, status));
    for (int r = 0; r < nn_comm_size(stepper->comm); r++) stepper->sizes[r] = 0;
    for (int k = 0; k < shards->count; k++) stepper->sizes[shards->writers[k]] = sizeof own;
    status = nn_comm_gather(stepper->comm, own, stepper->sizes, all);
    for (int k = 0; status == NN_OK && first && k < shards->count; k++)
        list[k] = (nn_shard){block_begin[shards->begin[k]], block_begin[shards->begin[k + 1]], all[2 * k],
                             all[2 * k + 1]};
done:
    nn_free(all);
    return status;
}

nn_status nn_shards_build(const nn_checkpoint_parts *parts, const nn_shards *shards, void **bytes,
                          size_t *size, nn_shard *list)
{
    const nn_stepper *stepper = parts->stepper;
    bool gathers = stepper->update->state_count > 0 && stepper->settings->training.allreduce != NN_REDUCE_MPI;
    nn_store_image *image = NULL;
    nn_real *values = NULL;
    nn_status status = NN_OK;
    *bytes = NULL;
    *size = 0;
    if (shards->own >= 0) status = nn_store_image_create(&image);
    if (shards->own >= 0 && status == NN_OK) status = shards_put_facts(parts, shards, image);
    if (shards->own >= 0 && status == NN_OK && gathers)
        status = NN_ALLOCATE_VALUES(stepper->scalar, &values, shards->own_end - shards->own_begin,
                                    "gathering a shard");
    NN_TRY_TO(done, status, nn_comm_agree(stepper->comm, status));
    NN_TRY_TO(done, status, shards_put_states(parts, shards, image, values));
    nn_free(values);
    values = NULL;
    if (image) status = nn_store_image_seal(image, bytes, size);
    NN_TRY_TO(done, status, nn_comm_agree(stepper->comm, status));
    status = shards_list(stepper, shards, *bytes, *size, list);
done:
    nn_store_image_destroy(image);
    nn_free(values);
    if (status != NN_OK) {
        nn_free(*bytes);
        *bytes = NULL;
    }
    return status;
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
