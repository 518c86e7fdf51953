/* Which file of a run directory holds the weights that people want: best.h5, else the newest whole
 * checkpoint. */
#ifndef NN_MODEL_FIND_H
#define NN_MODEL_FIND_H

#include <stdint.h>

#include "base/real.h"
#include "store/store.h"

#define nn_checkpoint_list NN_REAL_SYMBOL(nn_checkpoint_list)
#define nn_checkpoint_path NN_REAL_SYMBOL(nn_checkpoint_path)
#define nn_checkpoint_newest NN_REAL_SYMBOL(nn_checkpoint_newest)
#define nn_saved_find NN_REAL_SYMBOL(nn_saved_find)

#define NN_CHECKPOINT_FOLDER "checkpoints"
#define NN_CHECKPOINT_BEST "best.h5"
#define NN_PATH_SIZE 4096

/* Steps of the checkpoints in a run directory, newest first; owned by the caller. None: count 0. */
nn_status nn_checkpoint_list(const char *run_directory, int64_t **steps, size_t *count);
void nn_checkpoint_path(const char *run_directory, int64_t step, char path[NN_PATH_SIZE]);

/* The newest checkpoint of a run directory that is whole: its bytes, owned by the caller, and its path;
 * *bytes is NULL when there is none at all. Damaged ones are passed over with a warning; when all are,
 * NN_ERROR_CHECKPOINT. One process calls it. */
nn_status nn_checkpoint_newest(const char *run_directory, char path[NN_PATH_SIZE], void **bytes,
                               size_t *size);

/* The bytes (owned by the caller) and the path of a run directory's best weights, else of its newest
 * checkpoint; or of a checkpoint file itself. */
nn_status nn_saved_find(const char *run_or_checkpoint, char path[NN_PATH_SIZE], void **bytes, size_t *size);

#endif
