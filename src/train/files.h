/* The files of a run directory. */
#ifndef NN_TRAIN_FILES_H
#define NN_TRAIN_FILES_H

#include "train/checkpoint.h"

#define nn_writer_create NN_REAL_SYMBOL(nn_writer_create)
#define nn_writer_destroy NN_REAL_SYMBOL(nn_writer_destroy)
#define nn_writer_start NN_REAL_SYMBOL(nn_writer_start)
#define nn_writer_wait NN_REAL_SYMBOL(nn_writer_wait)
#define nn_writer_seconds NN_REAL_SYMBOL(nn_writer_seconds)

/* Writes checkpoints in the background, one at a time, and removes those beyond the last `keep_last`. */
typedef struct nn_writer nn_writer;

/* `verify`: each file is read again after it was written. `run`: see nn_checkpoint_run. */
nn_status nn_writer_create(const char *run_directory, int64_t keep_last, bool verify, uint64_t run,
                           nn_writer **writer);
/* Waits for the write under way. Accepts NULL. */
void nn_writer_destroy(nn_writer *writer);
/* Waits for the write before, then starts this one: as the checkpoint of `step` where `regular`, as the best
 * weights where `best`. Takes the bytes, also on failure. Returns the outcome of the write before. */
nn_status nn_writer_start(nn_writer *writer, int64_t step, bool regular, bool best, void *bytes, size_t size);
/* Waits for the write under way and returns its outcome; NN_OK when there is none. */
nn_status nn_writer_wait(nn_writer *writer);
/* Seconds that the last write took that was waited for; 0: none yet. */
double nn_writer_seconds(const nn_writer *writer);

#endif
