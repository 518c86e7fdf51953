/* The state of an exact reduction: the sum (reduction_exact.c) and the return of the weights
 * (reduction_share.c). */
#ifndef NN_COMM_REDUCTION_EXACT_H
#define NN_COMM_REDUCTION_EXACT_H

#include "comm/peers.h"
#include "comm/reduction_internal.h"

/* Tags: gradients use the number of the bucket, weights the numbers after those; MPI guarantees tags up to
 * 32767. Messages between two ranks with the same tag arrive in the order in which they were sent, so tags
 * may repeat. */
#define NN_EXACT_TAGS 16384

typedef struct nn_exact {
    nn_peers peers;
    uint64_t steps, shares; /* started so far */

    /* The sum. */
    nn_messages arriving, leaving;
    int *arriving_end; /* bucket k waits for arriving requests [arriving_end[k + 1], arriving_end[k]) */
    int64_t *slice_of; /* for each bucket: index of the owned slice, or -1 */
    int64_t *packed; /* for each owned slice: its offset when the owned slices are stored one after another */
    /* For each source: its address (of the packed owned slices, if it arrives in messages), and that of its
     * current slice. */
    const char **origins, **sources;
    char *arrivals, *sum;
    int64_t unsummed; /* buckets [0, unsummed) have not been summed in this step */
    bool announced;   /* the peers know that this rank has summed everything */

    /* The return of the weights. */
    nn_messages weights_arriving, weights_leaving;
} nn_exact;

/* Waits until a peer's counter has reached `value`. */
nn_status nn_exact_await(const nn_reduction *reduction, const atomic_ullong *counter, uint64_t value);

/* Allocates room for the messages of a share. */
nn_status nn_exact_create_share(nn_reduction *reduction);

/* nn_reduction_claim, nn_reduction_share_begin and nn_reduction_share_finish. */
nn_status nn_exact_claim(nn_reduction *reduction);
nn_status nn_exact_share_begin(nn_reduction *reduction);
nn_status nn_exact_share_finish(nn_reduction *reduction);

static inline bool nn_exact_is_peer(const nn_exact *exact, int rank, int other)
{
    return exact->peers.group[rank] == exact->peers.group[other];
}

#endif
