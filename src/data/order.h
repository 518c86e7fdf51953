/* The order of the training samples, without a table. Private to data. */
#ifndef NN_DATA_ORDER_H
#define NN_DATA_ORDER_H

#include "base/philox.h"
#include "data/split_parts.h"

/*
 * full: a permutation of all samples. block: the blocks of the file are permuted and concatenated. The
 * epoch's part of this is dealt out to lanes, one for each stretch of a batch, and within a lane samples are
 * permuted in windows of several blocks. A batch thus mixes samples from every lane's window, while the rank
 * that computes one stretch of every batch reads a single lane. none: the order of the part. balanced: the
 * classes take turns, each with a permutation of its samples. stateful: as many stretches as a batch has
 * samples, side by side. order.c explains why.
 */
typedef struct nn_length_buckets nn_length_buckets;

typedef struct nn_order {
    int shuffle; /* full, block or none */
    uint64_t seed;
    int64_t count;        /* samples */
    nn_split_runs blocks; /* of samples read together */
    int64_t window_total; /* samples mixed with each other, over all lanes */
    int64_t batch, lanes, window;
    nn_length_buckets *buckets; /* batches of similar lengths, otherwise NULL; owned by the data set */
    int64_t classes;            /* number of classes if balanced; otherwise 0 */
    const int64_t *class_begin; /* classes + 1: where each begins in by_class */
    const int64_t *by_class;    /* the samples, sorted by class */
} nn_order;

/* Chooses lanes and windows; see nn_dataset_arrange. */
void nn_order_arrange(nn_order *order, int64_t batch_size, int64_t lanes);

/* The sample at `position`, from 0 up to count, of an epoch. Re-entrant. */
int64_t nn_order_sample(const nn_order *order, int64_t epoch, int64_t position);

/* Batches of similar lengths: within a window of shuffled batches, samples are sorted by length and cut into
 * batches again, which are shuffled. lengths: of every sample; borrowed. Keeps the contents of the windows
 * used last, and is re-entrant nevertheless. Returns owned. */
nn_status nn_length_buckets_create(const int32_t *lengths, int64_t batch_size, nn_length_buckets **buckets);
void nn_length_buckets_destroy(nn_length_buckets *buckets); /* accepts NULL */

/* As nn_order_sample. shuffled: the order without its buckets. */
int64_t nn_length_buckets_sample(nn_length_buckets *buckets, const nn_order *shuffled, int64_t epoch,
                                 int64_t position);

#endif
