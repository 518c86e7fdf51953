/* What an earlier run has left, opened with its data or with another file. */
#ifndef NN_TRAIN_SAVED_H
#define NN_TRAIN_SAVED_H

#include "train/run.h"

typedef struct nn_saved {
    void *bytes;
    size_t size;
    char path[NN_PATH_SIZE];
    nn_store_file *file;
    char *config_text, *folder;
    nn_config *config;
    nn_settings settings;
    nn_model *model;
    nn_dataset *data;
    nn_part part;
    bool has_target[NN_MODEL_HEADS]; /* the data has the target of each head */
    nn_workers *workers;             /* NULL until the caller makes them */
    nn_real *weights;
    int64_t microbatch_size;
} nn_saved;

/* What data a saved run is looked at with. */
typedef struct nn_saved_request {
    const nn_text_list *files; /* files or patterns, all rows of which are taken; NULL: as configured */
    nn_part part; /* NN_PARTS: test, else validation, else train; with files: whose datasets they have */
    const nn_text_list *sets; /* KEY=VALUE under data, in place of what the run was given; NULL: none */
    bool predicts;            /* files need no targets, and every row of them has its prediction */
} nn_saved_request;

/* Opens the best weights of a run, or a checkpoint, and its data (rundir/saved_data.h). Close it in any case.
 * Collective. */
nn_status nn_saved_open(nn_comm *comm, const char *run_or_checkpoint, const nn_saved_request *request,
                        nn_saved *saved);
void nn_saved_close(nn_saved *saved);

/* "the test part", or the files. */
void nn_saved_describe(const nn_saved *saved, const nn_text_list *files, nn_text *text);

/* "training", "validation", "test". Borrowed. */
const char *nn_part_name(nn_part part);

#endif
