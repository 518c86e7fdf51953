/*
 * The ranks of a node in an exact reduction. They read one another's partials in node-shared memory, where
 * the ranks of a NUMA domain have one copy of the weights, and use counters, which only grow, to report their
 * progress to one another. If a node has too little space for shared memory, every rank is a node of its own
 * for the reduction, with its own copy.
 */
#ifndef NN_COMM_PEERS_H
#define NN_COMM_PEERS_H

#include <stdatomic.h>

#include "comm/comm_internal.h"
#include "comm/reduction_plan.h"

/* Counters shared between processes must not need a lock, which would exist in only one process. */
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "64-bit atomics must be lock-free");

/* Written by one rank, read by its peers; on separate cache lines. Buckets are counted over all steps or
 * shares. */
typedef struct nn_peer_counters {
    _Alignas(64) atomic_ullong started; /* buckets with final partials */
    atomic_ullong summed;               /* steps for which it no longer reads its peers' partials */
    atomic_ullong claimed;              /* shares before which it no longer reads the weights of its copy */
    atomic_ullong arrived; /* buckets whose weights are in its copy, in this rank's cell of the node */
    atomic_ullong copied;  /* buckets of which it has brought its part from other copies into its own */
} nn_peer_counters;

/* By place: the ranks from plan.first on. */
typedef struct nn_peers {
    int count, own;
    int sharer_begin, sharer_end; /* the places of the ranks with this rank's copy of the weights */
    nn_peer_counters *counters;
    char **weights; /* the copy of that rank's domain */
    char **partials;
    nn_shared *shared; /* one of these two holds the memory */
    void *separate;
} nn_peers;

/* Allocates the memory of this rank's node, as planned. Where a node of the job has too little shared memory:
 * sets *alone, with a warning, and allocates nothing. With a plan for ranks that are alone, memory is
 * separate. Collective over the job. */
nn_status nn_peers_create(nn_comm *comm, const nn_reduction_plan *plan, bool *alone, nn_peers *peers);
void nn_peers_release(nn_peers *peers);

#endif
