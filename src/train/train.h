/* What the program does with networks: trains one, and evaluates and replays what a run has left. */
#ifndef NN_TRAIN_TRAIN_H
#define NN_TRAIN_TRAIN_H

#include "comm/comm.h"
#include "data/dataset_options.h"
#include "nntrain/nntrain.h"
#include "settings/job.h"
#include "train/lr_curve.h"

/* What an evaluation is asked for; everything is borrowed. */
typedef struct nn_evaluation {
    const char *run_or_checkpoint;
    const nn_text_list *files; /* every row of these; NULL: a part of the data as configured */
    const nn_text_list *sets;  /* KEY=VALUE under data, in place of what the run was given; NULL: none */
    nn_part part;              /* NN_PARTS: test, else validation, else training; with files: whose datasets
                                  they have */
    bool every_part;           /* all that there are, not with files */
    const char *metrics;       /* a YAML list in place of those of the run; NULL: these */
    bool store;                /* RUN_DIR/evaluation.h5 is written; for one part */
    bool json;                 /* one JSON object to standard output in place of lines */
    bool timed;                /* one more line: samples per second */
} nn_evaluation;

/* What a comparison of two networks is asked for; everything is borrowed. */
typedef struct nn_comparison_request {
    const char *runs[2];       /* run directories or checkpoints, A and B */
    const nn_text_list *files; /* every row of these; NULL: the same part of both runs */
    nn_part part;              /* NN_PARTS: test; with files: whose datasets they have */
    const char *metrics;       /* a YAML list in place of those of the runs; NULL: these */
    bool json;                 /* one JSON object to standard output in place of lines */
    int64_t replicates;        /* of the bootstrap */
    uint64_t seed;
} nn_comparison_request;

/* Gives all ranks the configuration that rank 0 reads, as job->files, and fails where ranks have different
 * ones, or different arguments. Collective. */
nn_status nn_train_agree(nn_comm *comm, const nn_job *job);

/* Whether the libraries of the program that calls are those that nntrain was built with. Collective. */
nn_status nn_train_expect_libraries(nn_comm *comm);

/* Trains. result may be NULL. NN_STOPPED: stopped on request, after a checkpoint. Collective; all ranks get
 * the same status. */
nn_status nn_train_job(nn_comm *comm, const nn_job *job, nn_train_result *result);

/* A learning-rate range test, see train/lr_range.h. Release the result in any case. Collective. */
nn_status nn_train_lr_range(nn_comm *comm, const nn_lr_range_request *request, nn_lr_range *range);

/* Loss and metrics of a run's best weights, or of a checkpoint, on a part of its data, or on every row of
 * `files`: lines and tables to the log, or JSON. Collective. */
nn_status nn_train_evaluate(nn_comm *comm, const nn_evaluation *evaluation);

/* Whether one of two networks is better, as `nntrain compare` says: lines to the log, or JSON. Collective. */
nn_status nn_train_compare(nn_comm *comm, const nn_comparison_request *request);

/* Shows a microbatch that gave NaN or Inf (RUN_DIR/nonfinite-STEP.h5) layer by layer, computed again in
 * `precision` ("float32", "float64"; NULL: the file's). NN_ERROR_NONFINITE where that gives NaN or Inf again.
 * Not collective. */
nn_status nn_train_replay(const char *path, const char *precision);

#endif
