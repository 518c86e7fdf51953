/* The readers of the formats: private to foreign*.c. */
#ifndef NN_MODEL_FOREIGN_INTERNAL_H
#define NN_MODEL_FOREIGN_INTERNAL_H

#include "model/foreign.h"

/* Appends a tensor with this name, which is copied. Borrowed until the next one. */
nn_status nn_foreign_add(nn_foreign *foreign, const char *name, nn_foreign_tensor **tensor);

/* Sorts the tensors by name. Fails if two have the same. */
nn_status nn_foreign_sort(nn_foreign *foreign);

/* safetensors: foreign->descriptor is open. */
nn_status nn_foreign_open_safetensors(nn_foreign *foreign);
nn_status nn_foreign_read_safetensors(const nn_foreign *foreign, const nn_foreign_tensor *tensor,
                                      double *values);

/* HDF5, as Keras 3 writes it. */
nn_status nn_foreign_open_keras(nn_foreign *foreign);
nn_status nn_foreign_read_keras(const nn_foreign *foreign, const nn_foreign_tensor *tensor, double *values);

#endif
