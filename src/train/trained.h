/* A network that an earlier run has trained, opened with its data or with another file. */
#ifndef NN_TRAIN_TRAINED_H
#define NN_TRAIN_TRAINED_H

#include "data/dataset.h"
#include "settings/settings.h"
#include "step/workers.h"
#include "store/kept.h"

typedef struct nn_trained {
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
} nn_trained;

/* What data a saved run is looked at with. */
typedef struct nn_trained_request {
    const nn_text_list *files; /* files or patterns, all rows of which are taken; NULL: as configured */
    nn_part part; /* NN_PARTS: test, else validation, else train; with files: whose datasets they have */
    const nn_text_list *sets; /* KEY=VALUE under data, in place of what the run was given; NULL: none */
    bool predicts;            /* files need no targets, and every row of them has its prediction */
} nn_trained_request;

/* Opens the best weights of a run, or a checkpoint, and its data (train/trained_data.h). Close it in any
 * case. Collective. */
nn_status nn_trained_open(nn_comm *comm, const char *run_or_checkpoint, const nn_trained_request *request,
                          nn_trained *trained);
void nn_trained_close(nn_trained *trained);

/* "the test part", or the files. */
void nn_trained_describe(const nn_trained *trained, const nn_text_list *files, nn_text *text);

/* "training", "validation", "test". Borrowed. */
const char *nn_part_name(nn_part part);

#endif
