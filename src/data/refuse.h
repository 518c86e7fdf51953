/* What is refused of a dataset, and what to do instead. The remedies are tried by tests/system/remedies.sh.
 * Private to data. */
#ifndef NN_DATA_REFUSE_H
#define NN_DATA_REFUSE_H

#include "data/source.h"

/* Refuses what cannot be read as samples: elements that are not numbers, and shapes. */
nn_status nn_refuse_info(const nn_array *array, const nn_store_info *info);

/* Explains why a dataset was not found in an open file, where its name says what was meant; else returns the
 * status. */
nn_status nn_refuse_dataset(const nn_array *array, nn_store_file *file, nn_status status);

/* Refuses an array whose samples are not as many as those of the source's first, in a piece. */
nn_status nn_refuse_rows(const nn_source *source, const nn_piece *piece, const nn_array *array,
                         const nn_store_info *info);

#endif
