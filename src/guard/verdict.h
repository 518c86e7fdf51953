/* What the ranks report about their bits, and the conclusion from all reports: which rank is wrong, and
 * where. */
#ifndef NN_GUARD_VERDICT_H
#define NN_GUARD_VERDICT_H

#include "step/stepper.h"

/* One rank's report. Indices are -1 where everything is in order. */
typedef struct nn_rank_report {
    uint64_t weights; /* hash of the hashes of all blocks, as written or received */
    uint64_t
        gradient; /* hash of the hashes of the microbatch computed again; not compared where there is none */
    int64_t weights_block; /* the first block of the weights that has changed */
    int64_t state;         /* the first vector of state that has changed, ... */
    int64_t state_block;   /* ... and the block in it */
    int64_t contradiction; /* the first hash in which this rank's computations of the microbatch differ */
    int64_t usable;        /* whether the rank had data to compute with */
} nn_rank_report;

/* What a rank needs to find the place where ranks differ. */
typedef struct nn_evidence {
    const nn_rank_report *reports; /* of all ranks */
    int64_t step;                  /* the current one, or the last one done; from 1 */
    int64_t verified_step;         /* the last one that was verified */
    uint64_t *weights;             /* the hashes of all blocks */
    const uint64_t *gradient;      /* those of the microbatch; NULL: none */
    uint64_t *scratch;             /* room for as many of either */
} nn_evidence;

/* NN_OK where everything agrees; else NN_ERROR_CORRUPT on all ranks, naming the ranks that are wrong.
 * Collective. */
nn_status nn_verdict_reach(const nn_stepper *stepper, const nn_evidence *evidence);

#endif
