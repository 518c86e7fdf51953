/* What the nodes of the canonical tree have come to on each rank, to all ranks: one small message of each. */
#ifndef NN_TRAIN_EXCHANGE_H
#define NN_TRAIN_EXCHANGE_H

#include "comm/comm.h"
#include "train/batch_statistics.h"

#define nn_exchange_create NN_REAL_SYMBOL(nn_exchange_create)
#define nn_exchange_destroy NN_REAL_SYMBOL(nn_exchange_destroy)
#define nn_exchange_memory NN_REAL_SYMBOL(nn_exchange_memory)
#define nn_exchange_nodes NN_REAL_SYMBOL(nn_exchange_nodes)
#define nn_exchange_gather NN_REAL_SYMBOL(nn_exchange_gather)
#define nn_exchange_waited NN_REAL_SYMBOL(nn_exchange_waited)

typedef struct nn_exchange nn_exchange;

/* Room for batches of leaf_counts[0] or leaf_counts[1] leaves and at most `width` values of a node. */
nn_status nn_exchange_create(nn_comm *comm, const int64_t leaf_counts[2], int64_t width,
                             nn_exchange **exchange);
void nn_exchange_destroy(nn_exchange *exchange); /* accepts NULL */

/* Bytes that nn_exchange_create takes on each of `size` ranks. */
size_t nn_exchange_memory(int size, const int64_t leaf_counts[2], int64_t width);

/* Nodes of a batch on the ranks from `first` to size - 1. */
int64_t nn_exchange_nodes(int64_t leaves, int first, int size);

/* As nn_batch_statistics_gather; the context is the exchange. Collective. */
nn_status nn_exchange_gather(void *exchange, int64_t leaves, int64_t width, nn_node_values *nodes);

/* Seconds that this rank has spent there. */
double nn_exchange_waited(const nn_exchange *exchange);

#endif
