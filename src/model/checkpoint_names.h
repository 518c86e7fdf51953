/* The names of the data in a checkpoint. */
#ifndef NN_MODEL_CHECKPOINT_NAMES_H
#define NN_MODEL_CHECKPOINT_NAMES_H

#include "base/names.h"
#include "store/store.h"

/* Writes the names of all fields; and reads them (set: zero-initialised; release it in any case). A
 * checkpoint without names leaves the set empty. */
nn_status nn_model_put_names(const nn_names_set *set, nn_store_image *image);
nn_status nn_model_get_names(nn_store_file *file, nn_names_set *set);

#endif
