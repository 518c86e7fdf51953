/*
 * A checkpoint in several files. The vectors (weights, state of the optimizer) are divided into shards,
 * contiguous ranges of the flat vector, each a sealed file; the main file holds the rest, and lists the
 * shards with their sizes and seals. It is written last, so that one that exists has all its shards.
 *
 * For other readers of HDF5 the main file has an external link in the place of each tensor, which fails where
 * a shard is missing. A tensor that is divided among shards is a group of links, part-1, part-2, ...: its
 * values in order. We follow no links: a shard is read only if its seal is correct and the one listed.
 */
#ifndef NN_STORE_SHARDED_H
#define NN_STORE_SHARDED_H

#include "base/shape.h"
#include "store/store.h"

typedef struct nn_shard {
    int64_t begin, end;  /* in the flat vector */
    uint64_t size, seal; /* of the file */
} nn_shard;

/* Where the values of a tensor are in the flat vector: from `begin` on. */
typedef struct nn_shard_tensor {
    const char *name; /* LAYER/PARAMETER */
    int64_t begin;
    nn_shape shape;
} nn_shard_tensor;

/* The name of the file of a shard, counted from 0; and whether a file's name is such a name. */
#define NN_SHARD_NAME 64
void nn_sharded_name(int64_t step, int index, int count, char name[NN_SHARD_NAME]);
bool nn_sharded_is_name(const char *name, int64_t *step, int *index, int *count);

/* The values of tensor `count` values from `begin` on that the range [first, end) has: [*from, *to), empty
 * where none. In the shard, a tensor without cuts has its shape, a part of one is a list. */
void nn_sharded_overlap(const nn_shard_tensor *tensor, int64_t first, int64_t end, int64_t *from,
                        int64_t *to);

/* ---- writing ---- */

/* What the main file says about the shards. Borrowed. */
typedef struct nn_sharded_content {
    int64_t step, values; /* values: in the flat vector */
    const char *folder;   /* of the shards as seen from that of the main file: "", "checkpoints/" */
    int shard_count;
    const nn_shard *shards;
    int group_count;
    const char *const *groups; /* the vectors: "weights", "optimizer/momentum" */
    int64_t tensor_count;
    const nn_shard_tensor *tensors;
} nn_sharded_content;

nn_status nn_sharded_put(nn_store_image *image, const nn_sharded_content *content);

/* ---- reading ---- */

typedef struct nn_sharded nn_sharded;

/* Whether an open checkpoint is the main file of a sharded one. */
bool nn_sharded_is(nn_store_file *main_file);

/* Reads what the main file says; opens no shard. NN_ERROR_CHECKPOINT where it is not valid. The caller owns
 * *sharded. */
nn_status nn_sharded_open(nn_store_file *main_file, nn_sharded **sharded);
void nn_sharded_close(nn_sharded *sharded); /* accepts NULL */

/* The parts of the content; borrowed. */
const nn_sharded_content *nn_sharded_content_of(const nn_sharded *sharded);
void nn_sharded_path(const nn_sharded *sharded, int index, nn_text *path);

/* Index of a tensor; -1: there is none of this name. */
int64_t nn_sharded_find(const nn_sharded *sharded, const char *tensor);

/* Reads values [from, to) of the flat vector, which are of one tensor, in ascending order of shards. One
 * shard is in memory at a time: it stays there until another one is needed. NN_ERROR_CHECKPOINT where a shard
 * is missing, damaged, or not the one listed; NN_ERROR_IO where the system could not read it. */
nn_status nn_sharded_read(nn_sharded *sharded, const char *group, int64_t tensor, int64_t from, int64_t to,
                          nn_store_type type, void *values);

/* Reads each shard once, and compares it with what the main file lists; fails as nn_sharded_read. */
nn_status nn_sharded_check(nn_sharded *sharded);

#endif
