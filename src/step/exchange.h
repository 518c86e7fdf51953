/*
 * Statistics over the batch, merged across ranks in the order of the canonical tree. A node of the tree that
 * several ranks share is merged on the rank that has its first leaf: it has the left half, and gets the right
 * one in a message. So a rank sends one message, and gets one of each level of the tree at most, of the size
 * of one node; then rank 0 has the whole, and broadcasts it.
 */
#ifndef NN_STEP_EXCHANGE_H
#define NN_STEP_EXCHANGE_H

#include "comm/comm.h"
#include "step/batch_statistics.h"

typedef struct nn_exchange nn_exchange;

/* For at most `width` values of a node. */
nn_status nn_exchange_create(nn_comm *comm, int64_t width, nn_exchange **exchange);
void nn_exchange_destroy(nn_exchange *exchange); /* accepts NULL */
size_t nn_exchange_memory(int64_t width);        /* bytes */

/* As nn_batch_statistics_exchange; the context is the exchange. Collective. */
nn_status nn_exchange_merge(void *context, const nn_batch_statistics_call *call, const nn_tree_node *nodes,
                            int node_count, double *values);

/* Seconds that this rank has spent there; exchange NULL: 0. */
double nn_exchange_waited(const nn_exchange *exchange);

#endif
