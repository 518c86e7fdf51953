/* The sizes of batches and microbatches: as configured, as a run that is continued has had them from its
 * beginning, or by the rules of step/plan.h. */
#ifndef NN_TRAIN_SIZES_H
#define NN_TRAIN_SIZES_H

#include "config/config.h"
#include "settings/job.h"
#include "settings/settings.h"
#include "step/plan.h"

/* 0: not known. */
typedef struct nn_sizes {
    int64_t batch, microbatch;
    /* The run has a checkpoint without any input's categories: it read their numbers as values, maybe because
     * there was no choice (nn_data_options.codes). */
    bool codes;
} nn_sizes;

/* Those of the checkpoints in the job's run directory, unless it starts over; they are a property of the run,
 * whatever rule a later version of the program has. What cannot be read is left at 0: whether the run can
 * continue is decided by the reader of its checkpoints. One process calls it. */
void nn_sizes_saved(const nn_job *job, nn_sizes *saved);

/* The plan of a run with this many samples for training. Notes the sizes in the configuration, so that a
 * checkpoint holds, and a later job compares, what was used rather than what was left open. */
nn_plan nn_sizes_plan(nn_config *config, const nn_training_options *training, nn_sizes saved,
                      int64_t samples);

/* The plan of a run in place: for batches of any size up to the configured one. Notes the sizes likewise. */
nn_status nn_sizes_plan_in_place(nn_config *config, const nn_settings *settings, nn_sizes saved,
                                 nn_plan *plan);

#endif
