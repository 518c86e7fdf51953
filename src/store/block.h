/* A selection of an array, cut into blocks that fit into a given memory and unpack each chunk once. */
#ifndef NN_STORE_BLOCK_H
#define NN_STORE_BLOCK_H

#include "store/store.h"

typedef struct nn_store_block {
    int dimensions;
    int64_t first[NN_STORE_MAX_DIMENSIONS], end[NN_STORE_MAX_DIMENSIONS]; /* of the selection */
    int64_t step[NN_STORE_MAX_DIMENSIONS]; /* blocks end at its multiples, and with the selection */
    int64_t start[NN_STORE_MAX_DIMENSIONS], count[NN_STORE_MAX_DIMENSIONS]; /* of the block at hand */
    int64_t largest;                                                        /* elements of a block */
} nn_store_block;

/* Begins with the first block of indices [first, first + count) of dimension `axis`, which are not empty, and
 * of all of the other dimensions. A block has about `limit` elements at most, or one chunk. */
void nn_store_block_begin(nn_store_block *block, const nn_store_info *info, int axis, int64_t first,
                          int64_t count, int64_t limit);
/* Goes on to the next; false after the last. */
bool nn_store_block_next(nn_store_block *block);

#endif
