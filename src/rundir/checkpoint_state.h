/* What a run carries from step to step, and what a checkpoint is made of. */
#ifndef NN_RUNDIR_CHECKPOINT_STATE_H
#define NN_RUNDIR_CHECKPOINT_STATE_H

#include "settings/early.h"
#include "step/machine.h"
#include "step/stepper.h"
#include "store/kept.h"

/* The identity of the data, one line per fact. */
#define NN_CHECKPOINT_DATA "state/data"

/* Steps that were not applied because of NaN or Inf. */
typedef struct nn_skipped {
    int64_t epoch;    /* of the current epoch */
    int64_t in_a_row; /* up to the last step */
    int64_t all;
} nn_skipped;

/* What a run carries from step to step in addition to weights and optimizer state. */
typedef struct nn_run_state {
    int64_t step;                         /* steps done */
    double epoch_figures[NN_RESULTS_MAX]; /* of the current epoch */
    int64_t best_epoch;                   /* from 1; 0: none yet */
    double best_value;                    /* by which it is compared; NaN: undefined */
    double best_loss;                     /* the validation loss then */
    nn_skipped skipped;
    nn_watch watch;  /* early stopping and the schedule */
    nn_text history; /* the lines of metrics.jsonl */
    nn_text changes; /* of the machine during the run, one per line; on rank 0 */
} nn_run_state;

/* What a checkpoint is made of, borrowed. */
typedef struct nn_checkpoint_parts {
    nn_stepper *stepper;
    const nn_config *config;
    uint64_t data_identity;
    const char *data_lines;    /* nn_dataset_identity_lines */
    const nn_names_set *names; /* of the data; NULL: not compared */
    const char *data_folder;   /* absolute: where relative names of data files start */
    const nn_machine *machine; /* that computes; NULL: nothing is compared or kept */
    nn_run_state *state;
    const char *figure;    /* that chooses the best weights: a metric, or loss */
    bool figure_is_higher; /* the better one is */
} nn_checkpoint_parts;

/* This rank's copy of all weights. Borrowed; between steps only. */
nn_real *nn_checkpoint_weights(const nn_checkpoint_parts *parts);

/* The state, the size of microbatches and the identity of the data: into an image. */
nn_status nn_checkpoint_put_state(nn_store_image *image, const nn_checkpoint_parts *parts);

/* What nn_checkpoint_load reads of the run's state, in which results have `width` values: into zeros. Release
 * the history. Not collective. */
nn_status nn_checkpoint_get_state(nn_store_file *file, int width, nn_run_state *state);

#endif
