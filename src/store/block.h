/* Splits a selection of an array into blocks that fit in a given amount of memory and decompress each chunk
 * once. */
#ifndef NN_STORE_BLOCK_H
#define NN_STORE_BLOCK_H

#include "store/store.h"

typedef struct nn_store_block {
    int dimensions;
    int64_t first[NN_STORE_MAX_DIMENSIONS], end[NN_STORE_MAX_DIMENSIONS]; /* of the selection */
    int64_t
        step[NN_STORE_MAX_DIMENSIONS]; /* blocks end at multiples of it, and at the end of the selection */
    int64_t start[NN_STORE_MAX_DIMENSIONS], count[NN_STORE_MAX_DIMENSIONS]; /* of the current block */
    int64_t largest; /* elements of the largest block */
} nn_store_block;

/* Begins with the first block of indices [first, first + count) of dimension `axis` (at least one) and all
 * indices of the other dimensions. A block has at most about `limit` elements, or one chunk. */
void nn_store_block_begin(nn_store_block *block, const nn_store_info *info, int axis, int64_t first,
                          int64_t count, int64_t limit);
/* Moves to the next block; false after the last. */
bool nn_store_block_next(nn_store_block *block);

#endif
