/* The order of the training samples, without a table. Private to data. */
#ifndef NN_DATA_ORDER_H
#define NN_DATA_ORDER_H

#include "base/philox.h"
#include "data/split_parts.h"

/*
 * full: a permutation of all samples. block: the blocks of the file are permuted and laid end to end; the
 * stretch of this that is an epoch is dealt out to lanes, one for each stretch of a batch; in a lane, samples
 * are permuted within windows of several blocks. A batch thus holds samples of every lane's window, and
 * whoever computes one stretch of every batch reads its lane alone. none: as they stand. balanced: classes in
 * turn, in each a permutation of its samples. stateful: as many stretches as a batch has samples, side by
 * side.
 */
typedef struct nn_length_buckets nn_length_buckets;

typedef struct nn_order {
    int shuffle; /* full, block or none */
    uint64_t seed;
    int64_t count;        /* samples */
    nn_runs blocks;       /* of samples that are read together */
    int64_t window_total; /* samples that may be mixed with each other, over all lanes */
    int64_t batch, lanes, window;
    nn_length_buckets *buckets; /* batches of similar lengths; else NULL; owned by the data set */
    int64_t classes;            /* balanced; else 0 */
    const int64_t *class_begin; /* classes + 1: where each begins in the list by class ... */
    const int64_t *by_class;    /* ... of samples */
} nn_order;

/* Chooses lanes and windows; see nn_dataset_arrange. */
void nn_order_arrange(nn_order *order, int64_t batch_size, int64_t lanes);

int64_t nn_order_sample(const nn_order *order, int64_t epoch, int64_t position);

/*
 * Batches of similar lengths: within a window of shuffled batches samples are sorted by length, cut into
 * batches again, and these are shuffled. lengths: of every sample; borrowed. What windows hold is kept for
 * those used last; re-entrant all the same.
 */
nn_status nn_length_buckets_create(const int32_t *lengths, int64_t batch_size, nn_length_buckets **buckets);
void nn_length_buckets_destroy(nn_length_buckets *buckets); /* accepts NULL */

/* `shuffled`: the order without its buckets. */
int64_t nn_length_buckets_sample(nn_length_buckets *buckets, const nn_order *shuffled, int64_t epoch,
                                 int64_t position);

#endif
