/* Rows of a source, from memory or from a cache of the blocks read last. Private to data. */
#ifndef NN_DATA_BLOCKS_H
#define NN_DATA_BLOCKS_H

#include "data/source.h"

typedef struct nn_blocks nn_blocks;

/* Rows per block when rows come in order: about 1 MiB, in whole chunks of the file. Affects speed only. */
int64_t nn_blocks_rows(const nn_source *source);
/* Bytes of a block of `rows` rows of the arrays whose bits are set. */
size_t nn_blocks_size(const nn_source *source, unsigned arrays, int64_t rows);

/* Creates a cache of up to `capacity` blocks of the given arrays, least recently used out first; with
 * capacity 0, rows are read one by one. Borrows the source. One thread at a time. Returns owned. */
nn_status nn_blocks_create(nn_source *source, unsigned arrays, int64_t capacity, nn_blocks **blocks);
/* The same with blocks of `rows` rows. */
nn_status nn_blocks_create_of(nn_source *source, unsigned arrays, int64_t rows, int64_t capacity,
                              nn_blocks **blocks);
void nn_blocks_destroy(nn_blocks *blocks); /* accepts NULL */

/* Copies rows [first, first + rows) of an array to `raw`, rows x row_size bytes. */
nn_status nn_blocks_copy(nn_blocks *blocks, int array, int64_t first, int64_t rows, unsigned char *raw);

#endif
