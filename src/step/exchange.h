/*
 * Statistics over the batch, merged across ranks in the order of the canonical tree.
 *
 * If the tree is complete above the ranks (2^k of them, with equal shares of 2^n leaves), groups of four
 * ranks swap what they have, and each of them merges it: k / 2 messages in succession, and one more where
 * vectors are long enough to be scattered (comm/rounds.h). Otherwise a node that spans several ranks is
 * merged on the rank that has its first leaf: that rank has the left half, and receives the right one. In the
 * end rank 0 has the root, and spreads it along a binomial tree.
 *
 * Sums of gradients and new weights, which are on their way at the same time, must not stop in the meantime.
 */
#ifndef NN_STEP_EXCHANGE_H
#define NN_STEP_EXCHANGE_H

#include "comm/comm.h"
#include "step/batch_statistics.h"

typedef struct nn_exchange nn_exchange;

/* For nodes of at most `width` values. */
nn_status nn_exchange_create(nn_comm *comm, int64_t width, nn_exchange **exchange);

/* What is done while this rank waits for others. */
void nn_exchange_attach(nn_exchange *exchange, nn_comm_meanwhile meanwhile);
void nn_exchange_destroy(nn_exchange *exchange); /* accepts NULL */
size_t nn_exchange_memory(int64_t width);        /* bytes */

/* As nn_batch_statistics_exchange; the context is the exchange. Collective. */
nn_status nn_exchange_merge(void *context, const nn_batch_statistics_call *call, const nn_tree_node *nodes,
                            int node_count, double *values);

/* Seconds that this rank has spent merging across ranks, waiting included; 0 without an exchange. */
double nn_exchange_waited(const nn_exchange *exchange);

#endif
