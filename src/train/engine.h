/*
 * Training and evaluation as a whole, for callers that know nothing of nn_real: one engine for each
 * precision.
 */
#ifndef NN_TRAIN_ENGINE_H
#define NN_TRAIN_ENGINE_H

#include <signal.h>

#include "base/real.h"
#include "comm/comm.h"
#include "config/config.h"
#include "nntrain/nntrain.h"
#include "store/store.h"

/* What a training run is given; everything is borrowed. */
typedef struct nn_job {
    const char *config_path; /* relative names of data files start from its folder */
    const char *const *overrides;
    size_t override_count;
    const char *run_directory;
    bool fresh;      /* whatever the run directory holds of an earlier run is removed first */
    bool terminal;   /* show a progress bar */
    double end_time; /* by time(): when the job is ended from outside; 0: not known. Rank 0's counts */
    const volatile sig_atomic_t
        *stop; /* becomes non-zero when the run shall end at the next step; may be NULL */
} nn_job;

/* What an evaluation is asked for; everything is borrowed. */
typedef struct nn_evaluation {
    const char *run_or_checkpoint;
    const nn_text_list *files; /* every row of these; NULL: a part of the data as configured */
    const nn_text_list *sets;  /* KEY=VALUE under data, in place of what the run was given; NULL: none */
} nn_evaluation;

/* What predictions are asked for; everything is borrowed. */
typedef struct nn_prediction {
    const char *run_or_checkpoint;
    const nn_text_list *files; /* every row of these; NULL: a part of the data as configured */
    const char *part;         /* "train", "validation", "test"; NULL: test, or what comes nearest; with files:
                                 whose datasets they have */
    const char *output;       /* path of the CSV file */
    const nn_text_list *sets; /* as of an evaluation */
} nn_prediction;

/* Is told of a problem; the text is borrowed. */
typedef void (*nn_verify_report)(void *context, const char *problem);

typedef struct nn_engine {
    nn_scalar scalar;
    /* Collective; all ranks get the same status. NN_STOPPED: stopped on request, after a checkpoint. */
    nn_status (*train)(nn_comm *comm, const nn_job *job, nn_train_result *result);
    /* Loss and metrics of a run's best weights, or of a checkpoint, on its test part, or on every row of
     * `files` (NULL: as configured); one line each to the log. Collective. */
    nn_status (*evaluate)(nn_comm *comm, const nn_evaluation *evaluation);
    /* Predictions as a CSV file. Collective; the first rank does the work. */
    nn_status (*predict)(nn_comm *comm, const nn_prediction *prediction);
    /* Makes the model that an open checkpoint describes, and reads its weights and each vector of the
     * optimizer's state: what is missing, of another shape or damaged is reported. A failure: the checkpoint
     * does not tell what it must hold. Not collective. */
    nn_status (*verify)(nn_store_file *file, nn_verify_report report, void *context);
    /* Shows a microbatch that gave NaN or Inf (RUN_DIR/nonfinite-STEP.h5) layer by layer, computed again.
     * NN_ERROR_NONFINITE where that gives NaN or Inf again. Not collective. */
    nn_status (*replay)(const char *path);
} nn_engine;

extern const nn_engine nn_engine_f32, nn_engine_f64;

/* Runs the job with the engine of the precision that its configuration asks for. Collective. */
nn_status nn_train_job(nn_comm *comm, const nn_job *job, nn_train_result *result);

/* The engine of the precision that the job's configuration asks for; the first one where it cannot be read.
 */
const nn_engine *nn_job_engine(const nn_job *job);

/* The data files that the job names, as far as its configuration can be read; nothing is opened. The list is
 * the caller's: nn_list_release. Not collective. */
nn_status nn_job_files(const nn_job *job, nn_text_list *files);

/* The files that names and patterns stand for; one that matches none is left out. */
nn_status nn_listed_files(const nn_text_list *names, nn_text_list *files);

/* The same of what a run, or a checkpoint, was trained on. */
nn_status nn_saved_files(const char *run_or_checkpoint, nn_text_list *files);

/* The folder of a configuration file, absolute, into NN_PATH_SIZE bytes: where relative names of data files
 * start.
 */
void nn_job_folder(const char *config_path, char *folder);

/* Evaluates with the engine of the precision of the checkpoint. Collective. */
nn_status nn_evaluate_job(nn_comm *comm, const nn_evaluation *evaluation);

/* Replays with the engine of that precision; NULL: of the file's. Not collective. */
nn_status nn_replay_job(const char *path, const char *precision);

/* Predicts with it. Collective. */
nn_status nn_predict_job(nn_comm *comm, const nn_prediction *prediction);

/* See nn_engine.check, with the engine of the checkpoint's precision. Not collective. */
nn_status nn_check_checkpoint(nn_store_file *file, nn_verify_report report, void *context);

#endif
