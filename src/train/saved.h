/* What an earlier run has left, opened with its data or with another file. */
#ifndef NN_TRAIN_SAVED_H
#define NN_TRAIN_SAVED_H

#include "train/run.h"

#define nn_saved_open NN_REAL_SYMBOL(nn_saved_open)
#define nn_saved_close NN_REAL_SYMBOL(nn_saved_close)
#define nn_part_name NN_REAL_SYMBOL(nn_part_name)

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
    nn_workers *workers; /* NULL until the caller makes them */
    nn_real *weights;
    int64_t microbatch_size;
} nn_saved;

/* Opens the best weights of a run, or a checkpoint, and a part of its data or, by the same names, of
 * `data_file` (NULL: as configured). part NN_PARTS: the test part or what comes nearest. Close it in any
 * case. Collective. */
nn_status nn_saved_open(nn_comm *comm, const char *run_or_checkpoint, const char *data_file, nn_part part,
                        nn_saved *saved);
void nn_saved_close(nn_saved *saved);

/* "training", "validation", "test". Borrowed. */
const char *nn_part_name(nn_part part);

#endif
