/* Which data an earlier run is looked at with. */
#ifndef NN_TRAIN_TRAINED_DATA_H
#define NN_TRAIN_TRAINED_DATA_H

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
    bool weighted;                   /* the training samples have weights */
    bool has_target[NN_MODEL_HEADS]; /* the data has the target of each head */
    nn_workers *workers;             /* NULL until the caller makes them */
    nn_real *weights;
    int64_t microbatch_size;
} nn_trained;

/* What data a saved run is looked at with. */
typedef struct nn_trained_request {
    const nn_text_list *files; /* files or patterns, all rows of which are taken; NULL: as configured */
    nn_part part;    /* NN_PARTS: test, else validation, else train; with files: whose datasets they have */
    bool every_part; /* all parts are opened: to be evaluated, where part is NN_PARTS, or counted */
    const nn_text_list *sets; /* KEY=VALUE under data, in place of what the run was given; NULL: none */
    const char *metrics;      /* a YAML list in place of those of the run; NULL: these */
    bool predicts;            /* files need no targets, and every row of them has its prediction */
} nn_trained_request;

/*
 * Opens the data of a saved run, whose model is there: what is configured, or request->files. Of those every
 * row is a sample of the test part, whatever the run has split off. They have the datasets that the
 * configuration names for a part: the one that is asked for, else test, validation or train, whichever they
 * have; x_test may be x there. For predictions, targets may be missing (trained->has_target says which are
 * there), and rows may hold anything. Collective.
 */
nn_status nn_trained_open_data(nn_comm *comm, const nn_trained_request *request, nn_trained *trained);

/* "training", "validation", "test". Borrowed. */
const char *nn_trained_part_name(nn_part part);

#endif
