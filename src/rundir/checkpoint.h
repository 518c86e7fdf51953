/*
 * Checkpoints: everything that the next step reads, as one sealed HDF5 file. Rank 0 reads and writes; the
 * optimizer's state is gathered from its owners and handed back to them, whatever the number of ranks is
 * then.
 */
#ifndef NN_RUNDIR_CHECKPOINT_H
#define NN_RUNDIR_CHECKPOINT_H

#include "rundir/checkpoint_state.h"
#include "rundir/shards.h"

/* Attribute of a checkpoint: "no", or the reason why the run ended with it: "all epochs", "early
 * stopping". */
#define NN_CHECKPOINT_ENDED "ended"

/* The bytes of a checkpoint, on rank 0 (owned by the caller; NULL elsewhere). Collective. */
nn_status nn_checkpoint_build(const nn_checkpoint_parts *parts, void **bytes, size_t *size);

/* The bytes of the main file of a checkpoint whose shards are in `folder` as seen from it, on rank 0, which
 * has their list. As above. */
nn_status nn_checkpoint_build_main(const nn_checkpoint_parts *parts, const nn_shards *shards,
                                   const nn_shard *list, const char *folder, void **bytes, size_t *size);

/* The configuration, as a file that describes a model holds it: to be read, and to be compared. */
nn_status nn_checkpoint_put_config(nn_store_image *image, const nn_config *config);

/* Restores everything from an open checkpoint (`file` on rank 0, ignored elsewhere), after comparing
 * configuration and data: a difference that changes the result is refused, with all differences shown.
 * Collective. */
nn_status nn_checkpoint_load(const nn_checkpoint_parts *parts, nn_store_file *file);

/* The step at which a checkpoint file was made; fails as nn_kept_open. Not collective. */
nn_status nn_checkpoint_step(const char *path, int64_t *step);

/* Bytes that rank 0 needs while it saves; where there are shards, each of their writers. */
size_t nn_checkpoint_memory(const nn_model *model, int states, int shards);

#endif
