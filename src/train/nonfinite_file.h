/*
 * RUN_DIR/nonfinite-STEP.h5: a microbatch with NaN or Inf, with the weights, the model and the configuration
 * that it was computed with. A sealed file, like a checkpoint.
 */
#ifndef NN_TRAIN_NONFINITE_FILE_H
#define NN_TRAIN_NONFINITE_FILE_H

#include "step/inspect.h"
#include "store/store.h"

#define NN_NONFINITE_FORMAT "nntrain nonfinite 1"

/* What such a file holds in addition to the model. Everything is borrowed. */
typedef struct nn_nonfinite_parts {
    const nn_model *model;
    const nn_config *config; /* to build */
    const nn_dataset *data;  /* to build */
    const nn_real *weights;  /* to build: before the step */
    int64_t microbatch_size; /* to build */
    int64_t step, epoch;     /* from 1 */
    nn_found found;
    const char *message; /* to build: what was reported */
    double denominators[NN_MODEL_HEADS];
} nn_nonfinite_parts;

/* The bytes of the file, owned by the caller. The leaf is loaded, and not computed yet. */
nn_status nn_nonfinite_build(const nn_nonfinite_parts *parts, const nn_loaded *leaf, void **bytes,
                             size_t *size);

/* What a leaf needs to take the file's microbatch. */
nn_loaded_needs nn_nonfinite_needs(nn_store_file *file);

/* Reads the microbatch into a leaf, its carried state (capacity x carried_values of the network, where it has
 * any), the statistics of its batch (statistics_values of the network, where it has any), and what else the
 * parts tell; the model is that of the file. */
nn_status nn_nonfinite_get(nn_store_file *file, nn_loaded *leaf, nn_real *carried, double *statistics,
                           nn_nonfinite_parts *parts);

#endif
