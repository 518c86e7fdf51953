/* For tests only. */
#ifndef NN_COMM_TESTING_H
#define NN_COMM_TESTING_H

#include <stdbool.h>

/* Communicators created from now on see nodes of at most this many ranks, so that one machine looks like
 * several; 0 turns it off. Must be the same on all ranks. */
void nn_comm_set_test_node_size(int ranks_per_node);

/* Whether those nodes get the ranks in turn, as with `mpirun --map-by node`, not block by block. */
void nn_comm_set_test_in_turn(bool in_turn);

/* NUMA domains of at most this many ranks, within nodes. */
void nn_comm_set_test_domain_size(int ranks_per_domain);

#endif
