/* A run in progress: what the setup makes, and the loop uses. */
#ifndef NN_TRAIN_RUN_H
#define NN_TRAIN_RUN_H

#include "guard/deadline.h"
#include "guard/integrity.h"
#include "guard/watchdog.h"
#include "rundir/checkpoint.h"
#include "rundir/files.h"
#include "step/average.h"
#include "step/evaluate.h"
#include "step/figures.h"
#include "step/threads.h"
#include "store/lease.h"
#include "train/best.h"
#include "train/engine.h"
#include "train/sizes.h"

typedef struct nn_progress {
    bool terminal;
    double began; /* of this process's first step, in seconds */
    double epoch_began, shown;
    int64_t epoch_samples; /* done by this process in the epoch under way */
    double waited;         /* for data, up to the beginning of the epoch, in seconds */
    double peak;           /* FLOP/s of all cores of the job together; 0: not measured */
} nn_progress;

/* How the saves of a run have gone; kept on rank 0, and on all ranks once the run is at its end. */
typedef struct nn_saving {
    unsigned unsaved; /* NN_UNSAVED_... */
    int64_t failures; /* saves that failed, one after the other */
    bool ending;      /* training has ended */
    int64_t newest;   /* at the end: the step of the newest checkpoint; 0: there is none */
    char problem[1536];
} nn_saving;

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
    nn_lease *lease;   /* on rank 0 */
    nn_writer *writer; /* on rank 0 */
    nn_best_rule best;
    nn_real *averaged; /* room for the average of the weights, on every rank; NULL: there is none */
    nn_deadline deadline;
    bool save_due;       /* a checkpoint waits for a step that is not skipped */
    bool told_nonfinite; /* that the network gives NaN or Inf outside of training */
    bool told_undefined; /* that nothing defined chooses the best weights */
    double saved_at;     /* when the last checkpoint was made, in seconds */
    nn_saving saving;
    bool out_of_time; /* what the run stopped for */
    nn_progress progress;
} nn_run;

/* Opens everything that a run needs, announces it, and resumes from the newest checkpoint. Close it in any
 * case. Collective. */
nn_status nn_run_open(nn_comm *comm, const nn_job *job, nn_run *run);
void nn_run_close(nn_run *run);
/* Goes on from the newest checkpoint, or begins. Collective. */
nn_status nn_run_resume(nn_run *run);

/* What can be said of a configuration with its data, for any number of ranks: mixed samples have mixed
 * classes, which the one loss there is must take; schedules that observe and early stopping need a validation
 * part. */
nn_status nn_run_check_trainable(const nn_run *run);
nn_status nn_run_check_mixing(const nn_run *run);
nn_status nn_run_check_validation(const nn_run *run);
/* Warns of what is allowed, but is rarely meant. */
void nn_run_warn(const nn_run *run, int ranks);
/* The most microbatches of a rank that are in flight together, where memory has room for them. */
int64_t nn_run_share_max(const nn_run *run, int ranks);

/* What a checkpoint of the run is made of. */
nn_checkpoint_parts nn_run_parts(nn_run *run);

/* Makes the folder and takes its lease; and removes what an earlier run has left there. Rank 0 calls them. */
nn_status nn_run_directory_prepare(const nn_job *job, nn_lease **lease);
nn_status nn_run_directory_empty(const char *path);
/* Removes half-written files, of a killed job or of a save that failed. NN_ERROR_IO where they cannot be
 * listed. */
nn_status nn_run_directory_sweep(const char *path);

/* Builds a checkpoint and hands it to the writer. A save that fails is a warning, and the next one is to mend
 * it; what ends the run is of the communicator, or of weights that shall not be saved. Collective. */
nn_status nn_run_save(nn_run *run, bool regular, bool best);
/* Tells of a save that has failed, as soon as it is known; with `wait` the one under way is waited for. Any
 * rank. */
void nn_run_save_watch(nn_run *run, bool wait);
/* At the end of training: waits for the last save, and tries again what has failed. What is missing even then
 * is in run->saving, on all ranks. Collective. */
nn_status nn_run_save_last(nn_run *run);
/* NN_ERROR_UNSAVED where something is missing, with what it is, what it costs and what to do. `ending` says
 * how training ended. Collective, after nn_run_save_last. */
nn_status nn_run_unsaved(const nn_run *run, const char *ending);

/* NN_ERROR_BUSY where another job has taken the run directory: what it writes there must stay its own. Where
 * that cannot be told the run goes on, and the save fails. Rank 0 has the lease. */
nn_status nn_run_check_lease(const nn_run *run);
/* A line at the end of metrics.jsonl, which is in the history already. Where it cannot be written a warning
 * says so; the file is then written anew from the history with the next line. NN_ERROR_BUSY where the
 * directory is another job's by now. Rank 0 calls them. */
nn_status nn_run_append_metrics(nn_run *run, const char *line);
/* metrics.jsonl anew from the history. */
nn_status nn_run_rewrite_metrics(const nn_run *run);

/* What figures are of: the average of the weights where there is one, else the weights. Collective. */
nn_status nn_run_shown_weights(nn_run *run, const nn_real **weights);

/* The last lines of a run: its best weights beside the baseline, on the test part or what comes nearest.
 * Collective. */
nn_status nn_run_final(nn_run *run);

/* See nn_engine.evaluate. Collective. */
nn_status nn_evaluate_saved(nn_comm *comm, const nn_evaluation *evaluation);
/* See nn_engine.replay. Not collective. */
nn_status nn_replay_saved(const char *path);
/* See nn_engine.predict. Collective. */
nn_status nn_predict_saved(nn_comm *comm, const nn_prediction *prediction);

/* The bar, after each step. */
void nn_progress_step(nn_run *run, const nn_step_result *result, nn_batch batch);

#endif
