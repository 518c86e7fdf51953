/* What reductions and their parts share: how the flat vector is divided, and how values are added. */
#ifndef NN_COMM_REDUCTION_LAYOUT_H
#define NN_COMM_REDUCTION_LAYOUT_H

#include <stdint.h>

#include "base/real.h"

typedef enum nn_reduction_mode { NN_REDUCE_EXACT, NN_REDUCE_MPI } nn_reduction_mode;

/* How the flat vector is divided, which depends on the network alone, and how many threads add. Borrowed
 * during nn_reduction_create. */
typedef struct nn_reduction_layout {
    nn_scalar scalar;
    int64_t count;               /* values in the flat vector */
    int64_t block_count;         /* block b is [block_begin[b], block_begin[b + 1]) */
    const int64_t *block_begin;  /* block_count + 1 entries, from 0 to count */
    int64_t bucket_count;        /* bucket k has the blocks [bucket_begin[k], bucket_begin[k + 1]) */
    const int64_t *bucket_begin; /* bucket_count + 1 entries, from 0 to block_count */
    const int64_t *leaf_counts;  /* the possible numbers of leaves: full batch, short last batch */
    int leaf_count_kinds;
    /* The sum of a node of the tree with at least this many leaves is rounded to bfloat16, whether or not it
     * is sent, and travels between nodes of the cluster as such; 0: nothing is rounded. */
    int64_t wire_leaves;
    int threads; /* that nn_reduction_hooks.run has at most; 0: one */
} nn_reduction_layout;

/* Adds two arrays of the scalar type: sum += values. */
typedef void (*nn_reduction_add)(int64_t count, const void *values, void *sum);

/* Passed in, so that comm needs no arithmetic of its own. All but `add` are needed only if sums are rounded
 * to bfloat16 (nn_reduction_layout.wire_leaves). */
typedef struct nn_reduction_arithmetic {
    nn_reduction_add add;
    void (*round)(int64_t count, void *values);                      /* to bfloat16, in place */
    void (*narrow)(int64_t count, const void *values, void *halves); /* rounded values to 2 bytes each */
    void (*widen)(int64_t count, const void *halves, void *values);  /* and back, exactly */
} nn_reduction_arithmetic;

/* Task `index` of many, done by `thread`, counted from 0. */
typedef void (*nn_reduction_task)(void *argument, int64_t index, int thread);

/* What a caller adds to a reduction. */
typedef struct nn_reduction_hooks {
    void *context;
    /* Performs the tasks [0, count) on the caller's threads. NULL: one after another. */
    void (*run)(void *context, int64_t count, nn_reduction_task task, void *argument);
    /* Called once per step for each owned block, on the thread that has just completed its sum, while the
     * block is in cache: block `owned` of the owned ones. It may change the sum. NULL: nothing. */
    void (*summed)(void *context, int64_t owned);
} nn_reduction_hooks;

/* An owned slice: whole blocks. After finish, `gradient` points to the summed values of [begin, end). */
typedef struct nn_reduction_slice {
    int64_t block_begin, block_end;
    int64_t begin, end; /* in the flat vector */
    int64_t owned;      /* number of owned blocks before it */
    void *gradient;
} nn_reduction_slice;

#endif
