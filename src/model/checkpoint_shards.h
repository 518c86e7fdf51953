/* The model's vectors in checkpoints of several files (store/sharded.h). */
#ifndef NN_MODEL_CHECKPOINT_SHARDS_H
#define NN_MODEL_CHECKPOINT_SHARDS_H

#include "model/model.h"
#include "store/sharded.h"

/* Where shards begin: shard k has the blocks [begin[k], begin[k + 1]) of the network, at least one. Cuts are
 * between tensors where one ends near an even part, otherwise between blocks. `count` is at most the number
 * of blocks; begin has count + 1 entries. Depends on the network and `count` alone. */
void nn_model_cut(const nn_model *model, int count, int64_t *begin);

/* The tensors, in the order of layers and parameters. Zero-initialise; release in any case. */
typedef struct nn_model_tensors {
    char **names;
    nn_shard_tensor *items;
    int64_t count;
} nn_model_tensors;
nn_status nn_model_list_tensors(const nn_model *model, nn_model_tensors *tensors);
void nn_model_release_tensors(nn_model_tensors *tensors);

/* Writes what a shard of the flat vector's values [begin, end) has of a vector, as GROUP/LAYER/PARAMETER.
 * `values` are those of the range. */
nn_status nn_model_put_shard(const nn_model *model, const nn_model_tensors *tensors, nn_store_image *image,
                             const char *group, int64_t begin, int64_t end, const nn_real *values);

/* NN_ERROR_CHECKPOINT where the shards have other tensors than the model. */
nn_status nn_model_expect_shards(const nn_model_tensors *tensors, const nn_sharded *sharded,
                                 const char *path);

/* Reads the values [begin, end) of a vector, which are not written where they are padding. The tensors are as
 * nn_model_expect_shards has found them. */
nn_status nn_model_get_shard(const nn_model *model, const nn_model_tensors *tensors, nn_sharded *sharded,
                             const char *group, int64_t begin, int64_t end, nn_real *values);

#endif
