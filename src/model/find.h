/* Which file of a run directory holds the weights that people want: best.h5, else the newest whole
 * checkpoint. */
#ifndef NN_MODEL_FIND_H
#define NN_MODEL_FIND_H

#include <stdint.h>

#include "base/real.h"
#include "store/store.h"

#define NN_CHECKPOINT_FOLDER "checkpoints"
#define NN_RUN_STATUS "status" /* how the run ended: rundir/status.h */
#define NN_CHECKPOINT_BEST "best.h5"
#define NN_PATH_SIZE 4096

/* Attribute of a checkpoint: "no", or by what the run was over with it: "all epochs", "early stopping". */
#define NN_CHECKPOINT_ENDED "ended"

/* Of a checkpoint, the integers of the run's state: step, best epoch, identity of the data. */
#define NN_CHECKPOINT_STATE 3
#define NN_CHECKPOINT_STATE_NAME "state/step_best_identity"
#define NN_CHECKPOINT_DATA "state/data"

/* Steps of the checkpoints in a run directory, newest first; owned by the caller. None: count 0. NN_ERROR_IO
 * where the folder cannot be listed. */
nn_status nn_checkpoint_list(const char *run_directory, int64_t **steps, size_t *count);
void nn_checkpoint_path(const char *run_directory, int64_t step, char path[NN_PATH_SIZE]);

/* As nn_store_read_sealed; what is gone, or is no file but a folder or a pipe, is NN_ERROR_CHECKPOINT too. */
nn_status nn_checkpoint_read(const char *path, void **bytes, size_t *size);

/* A checkpoint, read. */
typedef struct nn_checkpoint_opened {
    void *bytes; /* owned */
    size_t size;
    nn_store_file *file;
    int64_t step; /* at which it was made */
} nn_checkpoint_opened;

/* Reads a checkpoint, verifies its seal before HDF5 sees it, and opens it. One that was made at another step
 * than `step`, which its name tells, is refused: files were exchanged; a negative step is any.
 * NN_ERROR_CHECKPOINT is said of what cannot be used for what it is, NN_ERROR_IO says nothing of it: the
 * system could not read it. Close it in any case. */
nn_status nn_checkpoint_open(const char *path, int64_t step, nn_checkpoint_opened *opened);
void nn_checkpoint_close(nn_checkpoint_opened *opened);

/* The newest checkpoint of a run directory that is whole and bears the right name: its bytes, owned by the
 * caller, and its path; *bytes is NULL when there is none at all. Damaged ones are passed over with a
 * warning; when all are, NN_ERROR_CHECKPOINT. One that the system cannot read ends the search, with
 * NN_ERROR_IO. One process calls it. */
nn_status nn_checkpoint_newest(const char *run_directory, char path[NN_PATH_SIZE], void **bytes,
                               size_t *size);

/* The bytes (owned by the caller) and the path of a run directory's best weights, else of its newest
 * checkpoint; or of a checkpoint file itself. */
nn_status nn_saved_find(const char *run_or_checkpoint, char path[NN_PATH_SIZE], void **bytes, size_t *size);

#endif
