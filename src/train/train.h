/*
 * What the program does with networks: trains one, and evaluates, predicts with and replays what a run has
 * left.
 */
#ifndef NN_TRAIN_TRAIN_H
#define NN_TRAIN_TRAIN_H

#include "comm/comm.h"
#include "nntrain/nntrain.h"
#include "settings/job.h"

/* What an evaluation is asked for; everything is borrowed. */
typedef struct nn_evaluation {
    const char *run_or_checkpoint;
    const nn_text_list *files; /* every row of these; NULL: a part of the data as configured */
    const nn_text_list *sets;  /* KEY=VALUE under data, in place of what the run was given; NULL: none */
    bool timed;                /* one more line: samples per second */
} nn_evaluation;

/* What predictions are asked for; everything is borrowed. */
typedef struct nn_prediction {
    const char *run_or_checkpoint;
    const nn_text_list *files; /* every row of these; NULL: the data as configured */
    const char *part;          /* "train", "validation", "test": only this part; NULL: all; with files: whose
                                  datasets they have */
    const char *output;        /* path of the file, whose ending is that of a format */
    int64_t explained;         /* this many rows, the first, are logged in words */
    const char *id;            /* a dataset with one value per row, which becomes a column; NULL: none */
    const nn_text_list *sets;  /* as of an evaluation */
} nn_prediction;

/* Trains. result may be NULL. NN_STOPPED: stopped on request, after a checkpoint. Collective; all ranks get
 * the same status. */
nn_status nn_train_job(nn_comm *comm, const nn_job *job, nn_train_result *result);

/* Loss and metrics of a run's best weights, or of a checkpoint, on its test part, or on every row of `files`:
 * one line each to the log. Collective. */
nn_status nn_train_evaluate(nn_comm *comm, const nn_evaluation *evaluation);

/* Writes a file of predictions, as `nntrain help predict` says. Collective. */
nn_status nn_train_predict(nn_comm *comm, const nn_prediction *prediction);

/* Shows a microbatch that gave NaN or Inf (RUN_DIR/nonfinite-STEP.h5) layer by layer, computed again in
 * `precision` ("float32", "float64"; NULL: the file's). NN_ERROR_NONFINITE where that gives NaN or Inf again.
 * Not collective. */
nn_status nn_train_replay(const char *path, const char *precision);

#endif
