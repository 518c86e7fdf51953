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

/*
 * Building the shard of the flat vector's values [begin, end). For each vector its arrays
 * GROUP/LAYER/PARAMETER get their places in the image: offsets[t] in nn_store_image_bytes is where the first
 * value of tensor t is that the shard has. When all have theirs, values are written there (those of a vector
 * that is available as nn_model_fill_shard does, `values` are those of the range), and hashed.
 */
nn_status nn_model_place_shard(const nn_model *model, const nn_model_tensors *tensors, nn_store_image *image,
                               const char *group, int64_t begin, int64_t end, size_t *offsets);
void nn_model_fill_shard(const nn_model *model, const nn_model_tensors *tensors, const size_t *offsets,
                         int64_t begin, int64_t end, const nn_real *values, unsigned char *bytes);
nn_status nn_model_hash_shard(const nn_model_tensors *tensors, nn_store_image *image, const char *group,
                              int64_t begin, int64_t end);

/* Index of the tensor that a value of the flat vector belongs to, or is the padding after. */
int64_t nn_model_tensor_of(const nn_model_tensors *tensors, int64_t value);

/* NN_ERROR_CHECKPOINT where the shards have other tensors than the model. */
nn_status nn_model_expect_shards(const nn_model_tensors *tensors, const nn_sharded *sharded,
                                 const char *path);

/* Reads the values [begin, end) of a vector, which are not written where they are padding. The tensors are as
 * nn_model_expect_shards has found them. */
nn_status nn_model_get_shard(const nn_model *model, const nn_model_tensors *tensors, nn_sharded *sharded,
                             const char *group, int64_t begin, int64_t end, nn_real *values);

#endif
