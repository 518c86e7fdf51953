/* Builds the shard of each writer where it stays until it is written: the arrays get their places in the
 * file, and messages bring their values there, so that a writer needs the memory of its part once. */
#include <string.h>

#include "base/memory.h"
#include "build.h"
#include "rundir/shards.h"
#include "store/seal.h"

/* What HDF5 needs at most for an array and its groups, and for growing the file in steps. */
#define BUILD_PER_ARRAY ((size_t)2048)
#define BUILD_SLACK ((size_t)8 << 20)

typedef struct shards_build {
    const nn_stepper *stepper;
    const nn_shards *shards;
    nn_store_image *image; /* NULL on ranks that have no shard, as the rest */
    unsigned char *bytes;  /* of the image */
    size_t *offsets;       /* of each tensor, for each vector: the weights, the states */
} shards_build;

static const char *build_group(const shards_build *build, int vector)
{
    return vector == 0 ? "weights" : build->stepper->update->state_groups[vector - 1];
}

/* ---- gathering ---- */

/* The messages of this rank for one vector of state. */
typedef struct build_parts {
    nn_comm_part *items;
    size_t count;
} build_parts;

static size_t build_width(const shards_build *build)
{
    return nn_scalar_size(build->stepper->scalar);
}

/* The end of a run of values of one tensor up to the block `last`: padding is not sent. */
static int64_t build_run_end(const shards_build *build, int64_t tensor, int64_t last)
{
    const nn_shard_tensor *item = &build->shards->tensors.items[tensor];
    int64_t end = build->stepper->model->network->block_begin[last + 1];
    int64_t tensor_end = item->begin + nn_shape_count(item->shape);
    return end < tensor_end ? end : tensor_end;
}

/* Where the own shard has a value of this tensor. */
static unsigned char *build_place(const shards_build *build, const size_t *offsets, int64_t tensor,
                                  int64_t value)
{
    int64_t first, end;
    const nn_shards *shards = build->shards;
    nn_sharded_overlap(&shards->tensors.items[tensor], shards->own_begin, shards->own_end, &first, &end);
    return build->bytes + offsets[tensor] + (size_t)(value - first) * build_width(build);
}

static void build_add(const shards_build *build, build_parts *parts, void *bytes, int64_t values, int rank)
{
    parts->items[parts->count++] = (nn_comm_part){bytes, (size_t)values * build_width(build), rank};
}

/* What this rank owns of the shards of others: a message for each run of consecutive blocks of a tensor. What
 * it owns of its own is copied. */
static void build_list_sends(const shards_build *build, const nn_real *state, const size_t *offsets,
                             build_parts *sends)
{
    const nn_shards *shards = build->shards;
    const nn_update *update = build->stepper->update;
    int shard = 0;
    for (int64_t i = 0, next; i < update->block_count; i = next) {
        const nn_owned_block *first = &update->blocks[i];
        int64_t tensor = nn_model_tensor_of(&shards->tensors, first->begin);
        while (first->block >= shards->begin[shard + 1]) shard++;
        for (next = i + 1; next < update->block_count; next++)
            if (update->blocks[next].block != update->blocks[next - 1].block + 1 ||
                update->blocks[next].block >= shards->begin[shard + 1] ||
                update->blocks[next].parameter != first->parameter)
                break;
        int64_t count = build_run_end(build, tensor, update->blocks[next - 1].block) - first->begin;
        nn_real *from = nn_scalar_at(build->stepper->scalar, state, (size_t)first->state);
        if (!offsets || shard != shards->own)
            build_add(build, sends, from, count, shards->writers[shard]);
        else
            memcpy(build_place(build, offsets, tensor, first->begin), from,
                   (size_t)count * build_width(build));
    }
}

/* The same messages, as the writer of a shard expects them. */
static void build_list_receives(const shards_build *build, const size_t *offsets, build_parts *receives)
{
    const nn_shards *shards = build->shards;
    const int64_t *block_begin = build->stepper->model->network->block_begin;
    int64_t end = shards->begin[shards->own + 1];
    for (int64_t b = shards->begin[shards->own], next; b < end; b = next) {
        int64_t tensor = nn_model_tensor_of(&shards->tensors, block_begin[b]);
        for (next = b + 1; next < end && shards->owner[next] == shards->owner[b]; next++)
            if (nn_model_tensor_of(&shards->tensors, block_begin[next]) != tensor) break;
        if (shards->owner[b] != nn_comm_rank(build->stepper->comm))
            build_add(build, receives, build_place(build, offsets, tensor, block_begin[b]),
                      build_run_end(build, tensor, next - 1) - block_begin[b], shards->owner[b]);
    }
}

/* A vector of state from its owners to the writers of the shards. offsets: NULL on a rank that writes none.
 * Collective. */
static nn_status build_gather(const shards_build *build, const nn_real *state, const size_t *offsets)
{
    const nn_shards *shards = build->shards;
    nn_comm *comm = build->stepper->comm;
    build_parts sends = {0}, receives = {0};
    int64_t most = shards->own < 0 ? 0 : shards->begin[shards->own + 1] - shards->begin[shards->own];
    nn_status status = NN_ALLOCATE(&sends.items, build->stepper->update->block_count, "gathering a shard");
    if (status == NN_OK) status = NN_ALLOCATE(&receives.items, most, "gathering a shard");
    NN_TRY_TO(done, status, nn_comm_agree(comm, status));
    if (sends.items) build_list_sends(build, state, offsets, &sends);
    if (offsets && receives.items) build_list_receives(build, offsets, &receives);
    status = nn_comm_exchange(comm, sends.items, sends.count, receives.items, receives.count,
                              (nn_comm_meanwhile){NULL, NULL});
done:
    nn_free(sends.items);
    nn_free(receives.items);
    return status;
}

/* ---- one shard ---- */

static int64_t build_values(const shards_build *build)
{
    return build->shards->own_end - build->shards->own_begin;
}

/* Fills the own shard from a flat vector that this rank has. */
static void build_copy(const shards_build *build, const nn_real *vector, const size_t *offsets)
{
    const nn_shards *shards = build->shards;
    nn_model_fill_shard(build->stepper->model, &shards->tensors, offsets, shards->own_begin, shards->own_end,
                        nn_scalar_at(build->stepper->scalar, vector, (size_t)shards->own_begin),
                        build->bytes);
}

/* Begins the own shard: all but the values of the states. */
static nn_status build_begin(shards_build *build, const nn_real *weights)
{
    const nn_shards *shards = build->shards;
    size_t tensors = (size_t)shards->tensors.count;
    size_t vectors = 1 + (size_t)build->stepper->update->state_count;
    if (shards->own < 0) return NN_OK;
    NN_TRY(NN_ALLOCATE(&build->offsets, vectors * tensors, "the places of tensors"));
    NN_TRY(nn_store_image_create(&build->image));
    nn_store_image_expect(build->image, vectors * ((size_t)build_values(build) * build_width(build) +
                                                   tensors * BUILD_PER_ARRAY) +
                                            BUILD_SLACK);
    NN_TRY(nn_store_image_put_attribute(build->image, "format", "nntrain shard 1"));
    NN_TRY(nn_store_image_put_attribute(build->image, "version", NN_VERSION));
    for (size_t v = 0; v < vectors; v++)
        NN_TRY(nn_model_place_shard(build->stepper->model, &shards->tensors, build->image,
                                    build_group(build, (int)v), shards->own_begin, shards->own_end,
                                    build->offsets + v * tensors));
    NN_TRY(nn_store_image_bytes(build->image, &build->bytes));
    build_copy(build, weights, build->offsets);
    return NN_OK;
}

/* The values of the states. Collective, even where a rank's shard has failed. */
static nn_status build_take_states(const shards_build *build)
{
    const nn_update *update = build->stepper->update;
    const size_t *offsets = build->offsets;
    bool replicated = build->stepper->settings->training.allreduce == NN_REDUCE_MPI;
    for (int s = 0; s < update->state_count; s++) {
        if (offsets) offsets += build->shards->tensors.count;
        if (!replicated)
            NN_TRY(build_gather(build, update->states[s], offsets));
        else if (build->image)
            build_copy(build, update->states[s], offsets);
    }
    return NN_OK;
}

static nn_status build_end(const shards_build *build, void **bytes, size_t *size)
{
    const nn_shards *shards = build->shards;
    if (!build->image) return NN_OK;
    for (int v = 0; v <= build->stepper->update->state_count; v++)
        NN_TRY(nn_model_hash_shard(&shards->tensors, build->image, build_group(build, v), shards->own_begin,
                                   shards->own_end));
    return nn_store_image_seal(build->image, bytes, size);
}

/* Sizes and seals of all shards, which follow one another in the order of their writers. */
static nn_status build_list(const shards_build *build, const void *bytes, size_t size, nn_shard *list)
{
    const nn_stepper *stepper = build->stepper;
    const nn_shards *shards = build->shards;
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
    shards_build build = {.stepper = parts->stepper, .shards = shards};
    nn_comm *comm = parts->stepper->comm;
    nn_status status;
    *bytes = NULL;
    *size = 0;
    NN_TRY_TO(done, status, nn_comm_agree(comm, build_begin(&build, nn_checkpoint_weights(parts))));
    NN_TRY_TO(done, status, build_take_states(&build));
    NN_TRY_TO(done, status, nn_comm_agree(comm, build_end(&build, bytes, size)));
    status = build_list(&build, *bytes, *size, list);
done:
    nn_store_image_destroy(build.image);
    nn_free(build.offsets);
    if (status != NN_OK) {
        nn_free(*bytes);
        *bytes = NULL;
    }
    return status;
}
