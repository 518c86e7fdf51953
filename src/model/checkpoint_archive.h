/* A checkpoint as what a model was saved in. */
#ifndef NN_MODEL_CHECKPOINT_ARCHIVE_H
#define NN_MODEL_CHECKPOINT_ARCHIVE_H

#include "model/archive.h"

/* Borrows the file. */
nn_archive nn_archive_of_checkpoint(nn_store_file *file);

#endif
