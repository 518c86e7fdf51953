/* The names of the data in a checkpoint. */
#ifndef NN_MODEL_CHECKPOINT_NAMES_H
#define NN_MODEL_CHECKPOINT_NAMES_H

#include "base/names.h"
#include "store/store.h"

/* Writes the names of all fields; and reads them (set: zero-initialised; release it in any case). A
 * checkpoint without names leaves the set empty. */
nn_status nn_model_put_names(const nn_names_set *set, nn_store_image *image);
nn_status nn_model_get_names(nn_store_file *file, nn_names_set *set);

/* The names of a field's classes in the form of nn_field.class_names, owned by the caller. NULL: they have no
 * names. */
nn_status nn_model_class_lines(const nn_names_set *set, int field, char **lines);

#endif
