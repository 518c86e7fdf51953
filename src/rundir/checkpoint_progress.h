/* Where a run was when it saved a checkpoint. */
#ifndef NN_RUNDIR_CHECKPOINT_PROGRESS_H
#define NN_RUNDIR_CHECKPOINT_PROGRESS_H

#include "store/kept.h"

/* The best validation by one result. */
typedef struct nn_checkpoint_best {
    char name[160]; /* of the result */
    int64_t step;   /* 0: none yet */
    double value;
} nn_checkpoint_best;

typedef struct nn_checkpoint_progress {
    int64_t step, epochs; /* done */
    int64_t best_epoch;   /* by the first of the results below, in which epoch; 0: none yet */
    double best_value;
    int best_count; /* 0: an older version wrote it */
    nn_checkpoint_best best[NN_KEPT_BESTS];
    uint64_t data_identity;
    char fingerprint[32];
    char ended[32];     /* "no", "all epochs", "early stopping" */
    bool in_place;      /* another program trains, on samples of its own: there are no epochs */
    char changes[2048]; /* of the machine, one per line; empty: none */
} nn_checkpoint_progress;

/* Reads it from an open checkpoint of any version. */
nn_status nn_checkpoint_get_progress(nn_store_file *checkpoint, nn_checkpoint_progress *progress);

#endif
