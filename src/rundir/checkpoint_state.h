/* What a run carries from step to step, and what a checkpoint is made of. */
#ifndef NN_RUNDIR_CHECKPOINT_STATE_H
#define NN_RUNDIR_CHECKPOINT_STATE_H

#include "settings/best_rule.h"
#include "settings/early.h"
#include "step/machine.h"
#include "step/stepper.h"
#include "store/kept.h"

/* The identity of the data, one line per fact. */
#define NN_CHECKPOINT_DATA "state/data"
/* Of the best weights: step and value by each rule, whose names are lines of an attribute. */
#define NN_CHECKPOINT_BEST_STEPS "state/best_steps"
#define NN_CHECKPOINT_BEST_VALUES "state/best_values"
#define NN_CHECKPOINT_BEST_NAMES "best_figures"

/* Steps that were not applied because of NaN or Inf. */
typedef struct nn_skipped {
    int64_t epoch;    /* of the current epoch */
    int64_t in_a_row; /* up to the last step */
    int64_t all;
} nn_skipped;

/* The best validation so far, by one rule. */
typedef struct nn_best {
    int64_t step; /* after which it was; 0: none yet */
    double value; /* by which it is compared; NaN: undefined */
    double loss;  /* the validation loss then */
} nn_best;

/* What the next line by step of metrics.jsonl is of, so far. */
typedef struct nn_logged {
    int64_t steps, skipped; /* since the last one */
    double losses[NN_MODEL_HEADS * NN_HEAD_RESULTS];
} nn_logged;

/* What a run carries from step to step in addition to weights and optimizer state. */
typedef struct nn_run_state {
    int64_t step;                         /* steps done */
    double epoch_figures[NN_RESULTS_MAX]; /* of the current epoch */
    nn_best best[NN_KEPT_BESTS];          /* by the rules of checkpoint.best */
    nn_skipped skipped;
    nn_logged logged; /* where the run logs by step */
    nn_watch watch;   /* early stopping and the schedule */
    nn_text history;  /* the lines of metrics.jsonl */
    nn_text changes;  /* of the machine during the run, one per line; on rank 0 */
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
    const nn_best_rules *bests; /* that choose the best weights */
} nn_checkpoint_parts;

/* Those of the best weights, as bits by their index, that are of the current step. */
unsigned nn_checkpoint_is_best(const nn_checkpoint_parts *parts);

/* This rank's copy of all weights. Borrowed; between steps only. */
nn_real *nn_checkpoint_weights(const nn_checkpoint_parts *parts);

/* The state, the size of microbatches and the identity of the data: into an image. */
nn_status nn_checkpoint_put_state(nn_store_image *image, const nn_checkpoint_parts *parts);

/* What nn_checkpoint_load reads of the run's state, in which results have `width` values, and `best_count`
 * rules choose best weights: into zeros. Release the history. Not collective. */
nn_status nn_checkpoint_get_state(nn_store_file *file, int width, int best_count, nn_run_state *state);

#endif
