/* Rows of a source, wherever they are: in memory, or in the blocks that were read last. Private to data. */
#ifndef NN_DATA_BLOCKS_H
#define NN_DATA_BLOCKS_H

#include "data/source.h"

typedef struct nn_blocks nn_blocks;

/* Rows that are read together where rows come in order: about 1 MiB, and whole chunks of the file. It decides
 * about speed alone. */
int64_t nn_blocks_rows(const nn_source *source);
/* Bytes of a block of so many rows of the arrays whose bits are set. */
size_t nn_blocks_size(const nn_source *source, unsigned arrays, int64_t rows);

/* Keeps up to `capacity` blocks of the given arrays, those used last; with a capacity of 0 rows are read one
 * by one. Borrows the source. One thread at a time. */
nn_status nn_blocks_create(nn_source *source, unsigned arrays, int64_t capacity, nn_blocks **blocks);
/* The same with blocks of so many rows. */
nn_status nn_blocks_create_of(nn_source *source, unsigned arrays, int64_t rows, int64_t capacity,
                              nn_blocks **blocks);
void nn_blocks_destroy(nn_blocks *blocks); /* accepts NULL */

/* Copies rows [first, first + rows) of an array. */
nn_status nn_blocks_copy(nn_blocks *blocks, int array, int64_t first, int64_t rows, unsigned char *raw);

#endif
