/* The state of an exact reduction: the sum (reduction_exact.c) and the way back (reduction_share.c). */
#ifndef NN_COMM_REDUCTION_EXACT_H
#define NN_COMM_REDUCTION_EXACT_H

#include "comm/peers.h"
#include "comm/reduction_internal.h"

/* Tags: a gradient's is its bucket's, a weight's comes behind; MPI promises tags up to 32767. Messages of a
 * pair of ranks with the same tag arrive in the order in which they are sent, so tags may repeat. */
#define NN_EXACT_TAGS 16384

typedef struct nn_exact {
    nn_peers peers;
    uint64_t steps, shares; /* begun so far */

    /* The sum. */
    nn_messages arriving, leaving;
    int *arriving_end; /* bucket k waits for arriving requests [arriving_end[k + 1], arriving_end[k]) */
    int64_t *slice_of; /* of each bucket: index of the owned slice, or -1 */
    int64_t *packed;   /* of each owned slice: its place when the owned slices lie one behind the other */
    /* Of each source: where it lies (its owned slices packed, if it arrives in messages), and its slice at
     * hand. */
    const char **origins, **sources;
    char *arrivals, *sum, *scratch;
    int64_t unsummed; /* buckets [0, unsummed) are not summed in this step */
    bool announced;   /* the peers know that this rank has summed all */

    /* The way back. */
    nn_messages weights_arriving, weights_leaving;
} nn_exact;

/* Waits until a peer's counter has reached `value`. */
nn_status nn_exact_await(const nn_reduction *reduction, const atomic_ullong *counter, uint64_t value);

/* Room for the messages of a share. */
nn_status nn_exact_create_share(nn_reduction *reduction);

/* nn_reduction_share. */
nn_status nn_exact_share(nn_reduction *reduction);

static inline bool nn_exact_is_peer(const nn_exact *exact, int rank, int other)
{
    return exact->peers.group[rank] == exact->peers.group[other];
}

#endif
