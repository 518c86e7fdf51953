/* What the ranks report about their bits, and what follows from all reports: who is wrong, and where. */
#ifndef NN_GUARD_VERDICT_H
#define NN_GUARD_VERDICT_H

#include "step/step.h"

/* One rank's report. Indices are -1 where everything is as it should be. */
typedef struct nn_report {
    uint64_t weights;      /* hash of the hashes of all blocks, as they were written or received */
    uint64_t gradient;     /* hash of the hashes of the microbatch computed again; the same for all: none */
    int64_t weights_block; /* the first block of the weights that is no longer what it was */
    int64_t state;         /* the first vector of state that is no longer what it was, ... */
    int64_t state_block;   /* ... and the block */
    int64_t contradiction; /* the first hash in which this rank's computations of the microbatch differ */
    int64_t usable;        /* whether the rank had data to compute with */
} nn_report;

/* What stands behind a report, for finding the place where ranks differ. */
typedef struct nn_evidence {
    const nn_report *reports; /* of all ranks */
    int64_t step;             /* the one under way, or the last one done; from 1 */
    int64_t verified_step;    /* the last one that was verified */
    uint64_t *weights;        /* the hashes of all blocks */
    const uint64_t *gradient; /* those of the microbatch; NULL: none */
    uint64_t *scratch;        /* room for as many of either */
} nn_evidence;

/* NN_OK where all is well; else NN_ERROR_CORRUPT on all ranks, with a text that names the odd ones.
 * Collective. */
nn_status nn_verdict_reach(const nn_stepper *stepper, const nn_evidence *evidence);

#endif
