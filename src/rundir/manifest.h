/*
 * RUN_DIR/manifest: what the sealed files of a run directory should be, one line per file, sealed by a last
 * line. Seals and contents decide whether a checkpoint is intact; the manifest also records which ones should
 * exist, and reveals an intact file that is not the one written. It is stored next to the folder of
 * checkpoints, so that it survives that folder. No HDF5; any thread may call these functions.
 */
#ifndef NN_RUNDIR_MANIFEST_H
#define NN_RUNDIR_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "store/kept.h"

#define NN_MANIFEST_NAME "manifest"
#define NN_MANIFEST_BEST ((int64_t)-1) /* in place of a step: best weights */

typedef struct nn_manifest_entry {
    int64_t step; /* or NN_MANIFEST_BEST */
    uint64_t size, hash;
    char best[NN_KEPT_NAME]; /* of best weights: the name of the file */
} nn_manifest_entry;

/* A shard of the checkpoint of a step, or of best weights of that step (store/sharded.h). */
typedef struct nn_manifest_shard {
    int64_t step;
    int index, count;    /* shard `index`, from 0, of `count` */
    uint64_t size, seal; /* seal: the checksum at the end of the file */
} nn_manifest_shard;

/* Zero-initialise; release with nn_manifest_release. */
typedef struct nn_manifest {
    uint64_t run; /* nn_config_identity of the run */
    nn_manifest_entry *entries;
    size_t count, capacity;
    nn_manifest_shard *shards;
    size_t shard_count, shard_capacity;
} nn_manifest;

/* Frees the entries and leaves an empty manifest. */
void nn_manifest_release(nn_manifest *manifest);

/* *there: whether there is a manifest. NN_ERROR_CHECKPOINT if it is damaged; NN_ERROR_IO if the system could
 * not read it, which says nothing about its contents. `manifest` is then empty. */
nn_status nn_manifest_read(const char *run_directory, nn_manifest *manifest, bool *there);
/* Replaces the manifest atomically. */
nn_status nn_manifest_write(const char *run_directory, const nn_manifest *manifest);

/* The file that an entry is of. */
void nn_manifest_entry_path(const char *run_directory, const nn_manifest_entry *entry,
                            char path[NN_PATH_SIZE]);
/* The file of best weights with this name. */
void nn_manifest_best_path(const char *run_directory, const char *best, char path[NN_PATH_SIZE]);

/* The entry of a step, or of the file of best weights that `best` names (otherwise NULL); NULL: none.
 * Borrowed. */
const nn_manifest_entry *nn_manifest_find(const nn_manifest *manifest, int64_t step, const char *best);
/* Adds or replaces such an entry, for a file with these bytes. */
nn_status nn_manifest_put(nn_manifest *manifest, int64_t step, const char *best, const void *bytes,
                          size_t size);
void nn_manifest_remove(nn_manifest *manifest, int64_t step, const char *best);

/* Whether a shard is listed; adds or replaces it; removes those of a step; the file that it is of. */
const nn_manifest_shard *nn_manifest_find_shard(const nn_manifest *manifest, int64_t step, int index,
                                                int count);
nn_status nn_manifest_put_shard(nn_manifest *manifest, const nn_manifest_shard *shard);
void nn_manifest_remove_shards(nn_manifest *manifest, int64_t step);
void nn_manifest_shard_path(const char *run_directory, const nn_manifest_shard *shard,
                            char path[NN_PATH_SIZE]);
/* Whether a file with these bytes matches the entry. */
bool nn_manifest_fits(const nn_manifest_entry *entry, const void *bytes, size_t size);

#endif
