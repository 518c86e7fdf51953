/* What a run remembers of the figure on the validation part that chooses the best weights, from epoch to
 * epoch: for early stopping, and for a schedule that observes it. All ranks see the same figures, and so
 * remember the same. */
#ifndef NN_SETTINGS_EARLY_H
#define NN_SETTINGS_EARLY_H

#include "optim/schedule.h"
#include "store/store.h"

typedef struct nn_early_options { /* section training.early_stopping */
    nn_duration patience;         /* whole epochs */
    double min_change;
    bool stops; /* the section is there */
} nn_early_options;

extern const nn_option nn_early_options_table[];

/* What early stopping remembers. Begins as zeros. */
typedef struct nn_early {
    int64_t observed; /* epochs seen */
    int64_t waited;   /* since the last one that was better by more than min_change */
    double best;
} nn_early;

typedef struct nn_watch {
    nn_early early;
    nn_schedule_memory schedule;
} nn_watch;

nn_status nn_early_check(const nn_early_options *options);

/* Takes in an epoch's figure; also where no section is, so that it can be added when a run goes on. */
void nn_early_observe(const nn_early_options *options, nn_early *early, double value, bool higher_is_better);

/* Whether the run is over: a matter of what is remembered, so that it is over after a resume too. */
bool nn_early_ends(const nn_early_options *options, const nn_early *early);

/* To a checkpoint, and back. */
nn_status nn_watch_put(const nn_watch *watch, nn_store_image *image);
nn_status nn_watch_get(nn_store_file *file, nn_watch *watch);

#endif
