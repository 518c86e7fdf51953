/* Which datasets are refused, and what to do instead. tests/system/public_cases.sh tries the remedies.
 * Private to data. */
#ifndef NN_DATA_REFUSE_H
#define NN_DATA_REFUSE_H

#include "data/source_array.h"

/* Refuses what cannot be read as samples: elements that are not numbers, unsuitable shapes. */
nn_status nn_refuse_info(const nn_array *array, const nn_store_info *info);

/* Explains why a dataset was not found in an open file, one of `files`, if its name shows what was meant;
 * otherwise returns the status. */
nn_status nn_refuse_dataset(const nn_array *array, nn_store_file *file, int files, nn_status status);

/* Refuses an array whose number of samples in a file is not `rows`, that of the source's first array. */
nn_status nn_refuse_rows(const nn_array *first, int64_t rows, const nn_array *array,
                         const nn_store_info *info);

#endif
