/*
 * Checkpoints of large models: above checkpoint.shard_size, the lowest rank of each node writes one part of
 * the weights and of the optimizer's state, a contiguous range of the flat vector (store/sharded.h). It
 * copies the weights from its node, and gathers the state from the ranks that own it, wherever they are; no
 * rank holds more than its part.
 */
#ifndef NN_RUNDIR_SHARDS_H
#define NN_RUNDIR_SHARDS_H

#include "model/checkpoint_shards.h"
#include "rundir/checkpoint_state.h"

/* Number of shards of a checkpoint with `states` vectors of state, on this many nodes; 0: one file has all.
 */
int nn_shards_count(const nn_model *model, int states, double shard_size, int nodes);

/* Number of values of the largest of `count` shards. */
int64_t nn_shards_largest(const nn_model *model, int count);

/* Who writes what. */
typedef struct nn_shards {
    int count;
    int own;           /* the shard that this rank writes; -1: none */
    int64_t *begin;    /* count + 1 blocks: shard k has [begin[k], begin[k + 1]) */
    int *writers;      /* the rank that writes each */
    int *owner;        /* of each block's state */
    int64_t own_begin; /* values of the own shard */
    int64_t own_end;
    nn_model_tensors tensors;
} nn_shards;

/* *shards: NULL where one file has all; owned by the caller. Not collective. */
nn_status nn_shards_create(const nn_stepper *stepper, nn_shards **shards);
void nn_shards_destroy(nn_shards *shards); /* accepts NULL */

/* The bytes of the own shard, sealed, owned by the caller (NULL where it has none); on rank 0 the list of
 * all, with `count` entries. Collective. */
nn_status nn_shards_build(const nn_checkpoint_parts *parts, const nn_shards *shards, void **bytes,
                          size_t *size, nn_shard *list);

/* On rank 0: writes what the main file says about the shards, which are in `folder` as seen from it. */
nn_status nn_shards_put(const nn_checkpoint_parts *parts, const nn_shards *shards, const nn_shard *list,
                        const char *folder, nn_store_image *image);

#endif
