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

/* How far each bucket is on its way, in one direction. */
typedef struct nn_journey {
    const nn_route *route;
    nn_messages arriving, leaving;
    /* For each bucket and phase: its first receive; the receives of a bucket are consecutive. */
    int *receive_begin;
    int *phase;    /* of each bucket: the phase whose messages it waits for; route->phase_count at the end */
    bool *entered; /* of each bucket: the messages of its phase have been sent */
    int sent;      /* messages [0, sent) have left */
} nn_journey;

typedef struct nn_exact {
    nn_peers peers;
    uint64_t steps, shares; /* started so far */

    /* The sum. */
    nn_journey up;
    size_t *arrival_at; /* for each holding and bucket: where its values arrive */
    size_t *narrow_at;  /* for each send and bucket: where its values are converted */
    char *arrivals, *narrowed;
    const char **sources; /* of a fold */
    int64_t summed;       /* buckets that are complete in this step */
    bool complete;        /* all have been summed, and all messages of the sum have left */
    bool borrows; /* the sum of this rank's slices is in the memory of a peer, until the next step begins */

    /* The return of the weights. */
    nn_journey down;
    int64_t arrived; /* buckets [0, arrived) of this share are complete in this rank's cell of the node, */
    int64_t copied;  /* and [0, copied) have been brought to its copy from those of other domains */
    bool returned;   /* all are, and all messages of this share have left */
} nn_exact;

/* Waits until a peer's counter has reached `value`, while messages are passed on. */
nn_status nn_exact_await(nn_reduction *reduction, const atomic_ullong *counter, uint64_t value);

/* Makes room for the messages of all buckets on routes that have at most as many as these. */
nn_status nn_journey_create(const nn_reduction *reduction, const nn_route *const *routes, int route_count,
                            nn_journey *journey);
void nn_journey_release(nn_journey *journey);

/* Starts a journey of all buckets. The caller posts the receives, bucket by bucket and phase by phase, and
 * notes where each begins with nn_journey_mark. */
void nn_journey_start(const nn_reduction *reduction, const nn_route *route, nn_journey *journey);
void nn_journey_mark(nn_journey *journey, int64_t bucket, int phase);

/* Whether the messages of the bucket's phase have arrived. */
nn_status nn_journey_test(nn_journey *journey, int64_t bucket, bool *arrived);

/* Whether all messages have left. */
nn_status nn_journey_has_left(nn_journey *journey, bool *left);

/* The indices [*begin, *end) of the hops of a phase. */
void nn_route_find_phase(const nn_hop *hops, int count, int phase, int *begin, int *end);

/* The way back, for the kind of reduction. */
nn_status nn_exact_create_share(nn_reduction *reduction);
nn_status nn_exact_claim(nn_reduction *reduction);
nn_status nn_exact_share_begin(nn_reduction *reduction);
nn_status nn_exact_share_progress(nn_reduction *reduction);
int64_t nn_exact_shared(const nn_reduction *reduction);
bool nn_exact_has_shared(const nn_reduction *reduction);

#endif
