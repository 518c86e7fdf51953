/* The checkpoints that a run directory keeps, and the one to use: best.h5, otherwise the newest intact one.
 */
#ifndef NN_STORE_KEPT_H
#define NN_STORE_KEPT_H

#include <stdint.h>

#include "base/options.h"
#include "store/store.h"

#define NN_KEPT_FOLDER "checkpoints"
#define NN_KEPT_STATUS "status" /* how the run ended: rundir/status_line.h */
#define NN_KEPT_BEST "best.h5"
#define NN_KEPT_RESULTS "results.json" /* judge/stored.h */
#define NN_KEPT_EVALUATION "evaluation.h5"
#define NN_PATH_SIZE 4096
/* The best weights by other results than the first of checkpoint.best: best-RESULT.h5. */
#define NN_KEPT_BEST_OTHER "best-"
#define NN_KEPT_BESTS 8 /* at most, with the first */
#define NN_KEPT_NAME 96 /* of such a file */

/* Number of integers in a checkpoint's run state: step, best epoch, identity of the data. */
#define NN_KEPT_STATE 3
#define NN_KEPT_STATE_NAME "state/step_best_identity"

/* The steps of the checkpoints in a run directory, newest first; owned by the caller. Without checkpoints,
 * count is 0. NN_ERROR_IO if the folder cannot be listed. */
nn_status nn_kept_list(const char *run_directory, int64_t **steps, size_t *count);
/* The names of the files of best weights in a run directory: best.h5 first, where it exists, then the others,
 * sorted. Release the list. NN_ERROR_IO if the folder cannot be listed. */
nn_status nn_kept_list_best(const char *run_directory, nn_text_list *names);
/* The name of the file of best weights by another result than the first: what a file name had better not have
 * becomes a hyphen. */
void nn_kept_name_best(const char *result, char name[NN_KEPT_NAME]);
/* Whether a file name is that of best weights. */
bool nn_kept_is_best(const char *name);
/* The path of the checkpoint of a step. */
void nn_kept_path(const char *run_directory, int64_t step, char path[NN_PATH_SIZE]);

/* Like nn_store_read_sealed, but a missing file, a folder or a pipe is NN_ERROR_CHECKPOINT too. */
nn_status nn_kept_read(const char *path, void **bytes, size_t *size);

/* A checkpoint in memory. */
typedef struct nn_kept_checkpoint {
    void *bytes; /* owned */
    size_t size;
    nn_store_file *file;
    int64_t step; /* at which it was written */
} nn_kept_checkpoint;

/* Reads a checkpoint, verifies its seal before HDF5 parses it, and opens it. Fails if it was not written at
 * step `step`, as its name says (files were swapped); a negative step accepts any. NN_ERROR_CHECKPOINT: the
 * checkpoint is not usable. NN_ERROR_IO: the system could not read it, which says nothing about the
 * checkpoint. Close it in any case. */
nn_status nn_kept_open(const char *path, int64_t step, nn_kept_checkpoint *opened);
void nn_kept_close(nn_kept_checkpoint *opened);

/* That each shard of an open checkpoint is there and the one listed (store/sharded.h); NN_OK where there are
 * none. Reads them all. */
nn_status nn_kept_check_shards(nn_store_file *file);

/* The newest intact and correctly named checkpoint of a run directory: its bytes, owned by the caller, and
 * its path; *bytes is NULL if there are no checkpoints. Damaged ones are skipped with a warning;
 * NN_ERROR_CHECKPOINT if all are damaged. If the system cannot read one, the search ends with NN_ERROR_IO.
 * Call it from one process. */
nn_status nn_kept_newest(const char *run_directory, char path[NN_PATH_SIZE], void **bytes, size_t *size);

/* The bytes (owned by the caller) and the path of a run directory's best weights, otherwise of its newest
 * checkpoint; or of the given checkpoint file. */
nn_status nn_kept_find(const char *run_or_checkpoint, char path[NN_PATH_SIZE], void **bytes, size_t *size);

#endif
