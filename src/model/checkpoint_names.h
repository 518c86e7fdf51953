/* The names of the data in a checkpoint. */
#ifndef NN_MODEL_CHECKPOINT_NAMES_H
#define NN_MODEL_CHECKPOINT_NAMES_H

#include "base/names.h"
#include "store/store.h"

/* Writes the names of all fields; and reads them (set: zero-initialised; release it in any case). A
 * checkpoint without names leaves the set empty. */
nn_status nn_model_put_names(const nn_names_set *set, nn_store_image *image);
nn_status nn_model_get_names(nn_store_file *file, nn_names_set *set);

/* Fails unless the plug-ins that the checkpoint names are loaded, with the same bytes (base/plugins.h). */
nn_status nn_model_expect_plugins(nn_store_file *file);

#endif
