/* Which settings of a saved run may differ when it is looked at again, and whether its data is still the
 * same. */
#ifndef NN_TRAIN_TRAINED_SETS_H
#define NN_TRAIN_TRAINED_SETS_H

#include <stdbool.h>

#include "base/list.h"
#include "data/dataset.h"
#include "store/store.h"

/* That every KEY=VALUE concerns how the data is read, and leaves the parts of the run as they are; files:
 * whether all rows of named files are taken instead. sets may be NULL. */
nn_status nn_trained_check_sets(const nn_text_list *sets, bool files);

/* For parts that are made by splitting: that no KEY=VALUE changes which rows there are to split. */
nn_status nn_trained_check_split_sets(const nn_text_list *sets);

/* For parts that are made by splitting, once the data is open: that the rows are those of the run. Other rows
 * would be split in another way, and those that were trained on could be found in the test part. path: of the
 * checkpoint, which is open. */
nn_status nn_trained_check_rows(const char *path, nn_store_file *checkpoint, const nn_dataset *data);

#endif
