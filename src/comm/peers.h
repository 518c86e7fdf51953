/*
 * The ranks of a node in an exact reduction. They read one another's partials in node-shared memory, where
 * the ranks of a NUMA domain have one copy of the weights, and use counters, which only grow, to report their
 * progress to one another. Ranks that share memory form a group; if a node has too little space for shared
 * memory, every rank is a group of its own, with its own copy.
 */
#ifndef NN_COMM_PEERS_H
#define NN_COMM_PEERS_H

#include <stdatomic.h>

#include "comm/comm_internal.h"

/* Counters shared between processes must not need a lock, which would exist in only one process. */
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "64-bit atomics must be lock-free");

/* Written by one rank, read by its peers; on separate cache lines. */
typedef struct nn_peer_counters {
    _Alignas(64) atomic_ullong started; /* buckets with final partials, over all steps */
    atomic_ullong summed;               /* steps for which it no longer reads its peers' partials */
    atomic_ullong claimed;              /* shares before which it no longer reads the weights of its copy */
    atomic_ullong updated;              /* shares for which its own slices of the weights were ready */
    atomic_ullong relayed; /* shares for which it had the slices that it receives for its group */
    atomic_ullong copied;  /* shares for which it had brought all its slices into its copy of the weights,
                              and no longer reads other copies */
} nn_peer_counters;

typedef struct nn_peers {
    int group_count;
    int *group;       /* of each rank */
    int *place;       /* of each rank within its group */
    int *members;     /* the ranks, group by group */
    int *group_begin; /* group g has members[group_begin[g]] up to members[group_begin[g + 1] - 1] */
    int *mine;        /* the ranks of this rank's group: borrowed from members */
    int mine_count, own_place;
    nn_peer_counters *counters; /* by place */
    char **weights;             /* by place: the copy of that rank's domain */
    char **partials;            /* by place */
    int *copies;                /* of each rank: the lowest rank with the same copy of the weights */
    int *sharers; /* places of the ranks that have this rank's copy, itself included, in order */
    int sharer_count, own_sharer;
    nn_shared *shared; /* one of these two holds the memory */
    void *separate;
} nn_peers;

/* weights: bytes of a copy of the weights; partials[r]: bytes of rank r's partials. Collective over the job;
 * falls back to separate memory with a warning. */
nn_status nn_peers_create(nn_comm *comm, size_t weights, const size_t *partials, nn_peers *peers);
void nn_peers_release(nn_peers *peers);

/* The rank of group `group` that receives the slices of `owner`, of another group, for the entire group. */
int nn_peers_relay(const nn_peers *peers, int group, int owner);

#endif
