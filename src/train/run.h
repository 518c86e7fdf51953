/* A run in progress: what the setup makes, and the loop uses. */
#ifndef NN_TRAIN_RUN_H
#define NN_TRAIN_RUN_H

#include "guard/deadline.h"
#include "guard/integrity.h"
#include "guard/watchdog.h"
#include "rundir/checkpoint.h"
#include "rundir/rundir.h"
#include "settings/best_rule.h"
#include "settings/job.h"
#include "settings/settings.h"
#include "step/machine.h"
#include "step/stepper.h"
#include "train/communication.h"
#include "train/epoch_lines.h"
#include "train/sizes.h"

typedef struct nn_profiling nn_profiling; /* train/profiling.h */
typedef struct nn_showing nn_showing;     /* train/showing.h */

/* What the progress line and the lines at the end of an epoch are computed from. */
typedef struct nn_progress {
    double epoch_began, shown; /* in seconds */
    double job_began;          /* the first step of this job, in seconds */
    int64_t epoch_samples;     /* done by this process in the epoch in progress */
    double waited;             /* for data, up to the beginning of the epoch, in seconds */
    double log_began;          /* the steps of the coming line of the log, in seconds */
    int64_t log_samples;       /* of them, done by this process */
    nn_epoch_lines lines;
} nn_progress;

typedef struct nn_run {
    nn_comm *comm;
    const nn_job *job;
    nn_config *config;
    nn_settings settings;
    char data_folder[NN_PATH_SIZE];
    nn_dataset *data;
    nn_model *model;
    nn_sizes saved_sizes; /* of the checkpoint that the run continues from */
    nn_plan plan;
    int threads;
    nn_machine machine;
    nn_workers *workers;
    nn_stepper *stepper;
    nn_integrity *integrity; /* NULL: nothing is verified */
    nn_run_state state;
    nn_watchdog *watchdog;
    nn_rundir directory;
    nn_best_rules bests;
    nn_real *averaged; /* room for the average of the weights, on every rank; NULL: there is none */
    nn_deadline deadline;
    bool save_due;           /* a checkpoint waits for a step that is not skipped */
    bool told_nonfinite;     /* that the network gives NaN or Inf outside of training */
    unsigned told_undefined; /* by which of the rules nothing defined chooses the best weights, as bits */
    bool out_of_time;        /* what the run stopped for */
    double peak;             /* FLOP/s of all cores of the job together; 0: not measured */
    nn_progress progress;
    nn_communication communicated; /* up to the beginning of the epoch */
    nn_showing *showing;      /* of logging.tensorboard and csv; NULL: neither, or this is not rank 0 */
    nn_profiling *profiling;       /* of --profile and --trace; NULL: neither was given */
} nn_run;

/* What a checkpoint of the run is made of. Borrowed from the run. */
nn_checkpoint_parts nn_run_parts(nn_run *run);

/* The weights that metrics are of: their average where there is one, otherwise the weights. Borrowed.
 * Collective. */
nn_status nn_run_shown_weights(nn_run *run, const nn_real **weights);

/* The most microbatches of a rank that are in flight together, where memory has room for them. */
int64_t nn_run_share_max(const nn_run *run, int ranks);

#endif
