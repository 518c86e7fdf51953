/* Reads the texts of a dataset, or of a field of its records, block by block. Private to store. */
#ifndef NN_STORE_TEXTS_WALK_H
#define NN_STORE_TEXTS_WALK_H

#include "store/field.h"

/* Calls `take` for every text of a box of the dataset, in order. width: each text is that many elements of
 * one byte, along the last dimension, which the box leaves out; 0: an element is a text. *read: false if HDF5
 * failed. With the lock held. */
typedef nn_status (*nn_texts_taker)(void *context, const char *word);
nn_status nn_texts_walk(const nn_store_field *field, int64_t width, const int64_t *start,
                        const int64_t *count, nn_texts_taker take, void *context, bool *read);

/* The characters of a text, where a dataset is an array of characters as NetCDF has them: single bytes with
 * dimension scales, a text along the last dimension. 0: its elements are texts; anything that wrote single
 * bytes without dimension scales may mean that. */
int64_t nn_texts_width(const nn_store_field *field, const nn_store_info *info);

#endif
