/* A file model.nn of a checkpoint. */
#ifndef NN_MODEL_CHECKPOINT_FILE_H
#define NN_MODEL_CHECKPOINT_FILE_H

#include "store/store.h"

/* The model of a checkpoint, with the weights that predictions use, as the bytes of a file model.nn
 * (model/model_file.h), owned by the caller. */
nn_status nn_model_file_of_checkpoint(nn_store_file *file, void **bytes, size_t *size);

#endif
