/*
 * Chains of bounded length: a sum of more terms is cut into chains that are added from left to right, which
 * keeps its rounding error near that of a blocked product. The cuts depend on the lengths of the runs alone.
 */
#ifndef NN_TENSOR_TILE_CHAIN_H
#define NN_TENSOR_TILE_CHAIN_H

#include "tensor/tile.h"

/* Terms per chain; even, so that pairs are not cut. */
#define NN_TILE_CHAIN 512

/* Goes through the chains of runs. Start with the first three fields set. */
typedef struct nn_tile_chains {
    nn_tile_operands operands;
    int run_count;
    const nn_tile_run *runs;

    bool started;
    int run;      /* the next run */
    int64_t done; /* terms of it in earlier chains */
    bool add;     /* this chain is not the first */
    int64_t row;  /* the row of the panel at which this chain starts, not counting the initial values */
    int64_t next; /* that of the next one */
} nn_tile_chains;

/* Writes the runs of the next chain, run_count at most, to `cut`; false after the last. A run of odd length
 * counts as one term more. If there are no terms, there is one empty chain. */
bool nn_tile_chains_next(nn_tile_chains *chains, nn_tile_run *cut, int *count);

#endif
