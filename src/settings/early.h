/* What a run remembers, from validation to validation, of the validation result that decides on the best
 * weights: for early stopping, and for schedules that observe it. All ranks see the same results and so keep
 * the same state. */
#ifndef NN_SETTINGS_EARLY_H
#define NN_SETTINGS_EARLY_H

#include "optim/schedule.h"
#include "store/store.h"

typedef struct nn_early_options { /* section training.early_stopping */
    nn_duration patience;         /* whole validations */
    double min_change;
    bool stops; /* the section is given */
} nn_early_options;

extern const nn_option nn_early_options_table[];

/* The state of early stopping. Zero-initialise. */
typedef struct nn_early {
    int64_t observed; /* validations */
    int64_t waited;   /* validations since the last improvement by more than min_change */
    double best;
} nn_early;

typedef struct nn_watch {
    nn_early early;
    nn_schedule_memory schedule;
} nn_watch;

/* Fails with NN_ERROR_USAGE unless patience is a positive number of whole validations. */
nn_status nn_early_check(const nn_early_options *options);

/* Records the result of a validation. Called even without the section, so that it can be added when a run is
 * resumed.
 */
void nn_early_observe(const nn_early_options *options, nn_early *early, double value, bool higher_is_better);

/* Whether the run is over. Depends on the state alone, so a resumed run that is over stays over. */
bool nn_early_ends(const nn_early_options *options, const nn_early *early);

/* Writes the state to a checkpoint, and reads it back (NN_ERROR_CHECKPOINT if it is invalid). */
nn_status nn_watch_put(const nn_watch *watch, nn_store_image *image);
nn_status nn_watch_get(nn_store_file *file, nn_watch *watch);

#endif
