/*
 * Checkpoints: everything that the next step reads, as one sealed HDF5 file. Rank 0 reads and writes; the
 * optimizer's state is gathered from its owners and handed back to them, whatever the number of ranks is
 * then.
 */
#ifndef NN_RUNDIR_CHECKPOINT_H
#define NN_RUNDIR_CHECKPOINT_H

#include "settings/early.h"
#include "step/machine.h"
#include "step/step.h"
#include "store/kept.h"

/* The identity of the data, one line per fact. */
#define NN_CHECKPOINT_DATA "state/data"

/* Attribute of a checkpoint: "no", or the reason why the run ended with it: "all epochs", "early
 * stopping". */
#define NN_CHECKPOINT_ENDED "ended"

/* Steps that were not applied because of NaN or Inf. */
typedef struct nn_skipped {
    int64_t epoch;    /* of the epoch under way */
    int64_t in_a_row; /* up to the last step */
    int64_t all;
} nn_skipped;

/* What a run carries from step to step beside weights and optimizer state. */
typedef struct nn_run_state {
    int64_t step;                         /* steps done */
    double epoch_figures[NN_RESULTS_MAX]; /* of the epoch under way */
    int64_t best_epoch;                   /* from 1; 0: none yet */
    double best_value;                    /* by which it is compared; NaN: undefined */
    double best_loss;                     /* the validation loss then */
    nn_skipped skipped;
    nn_watch watch;  /* early stopping and the schedule */
    nn_text history; /* the lines of metrics.jsonl */
    nn_text changes; /* of the machine under way, one a line; on rank 0 */
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

/* The bytes of a checkpoint, on rank 0 (owned by the caller; NULL elsewhere). Collective. */
nn_status nn_checkpoint_build(const nn_checkpoint_parts *parts, void **bytes, size_t *size);

/* The configuration, as a file that describes a model holds it: to be read, and to be compared. */
nn_status nn_checkpoint_put_config(nn_store_image *image, const nn_config *config);

/* Restores everything from an open checkpoint (`file` on rank 0, ignored elsewhere), after comparing
 * configuration and data: a difference that changes the result is refused, with all differences shown.
 * Collective. */
nn_status nn_checkpoint_load(const nn_checkpoint_parts *parts, nn_store_file *file);

/* What nn_checkpoint_load reads of the run's state, of which figures have `width` values: into zeros. Release
 * the history. Not collective. */
nn_status nn_checkpoint_get_state(nn_store_file *file, int width, nn_run_state *state);

/* The step at which a checkpoint file was made; fails as nn_kept_open. Not collective. */
nn_status nn_checkpoint_step(const char *path, int64_t *step);

/* Bytes that rank 0 needs while it saves. */
size_t nn_checkpoint_memory(const nn_model *model, int states);

#endif
