/* The layers between an input and those that the user lists, where columns hold numbers of categories or
 * missing values (nn_encoding). */
#ifndef NN_MODEL_ENCODE_H
#define NN_MODEL_ENCODE_H

#include "nn/network.h"

/*
 * Adds the layers that the encodings of spec->input and its parts ask for: fill_missing, one_hot and
 * embeddings, named INPUT_filled, INPUT_categories, INPUT_COLUMN_embedding, ... Layers of the user that read
 * an input then read the last of these. Nothing where there is no encoding.
 */
nn_status nn_encode_inputs(nn_network_spec *spec);

/* Whether these layers take value i of a sample of the field: missing (NaN) where they replace that, and the
 * number of a category. True for any other value where there is no encoding. */
bool nn_encode_takes(const nn_encoding *encoding, int64_t i, double value);

#endif
