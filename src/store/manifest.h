/*
 * RUN_DIR/manifest: what the sealed files of a run directory should be, a line each, sealed by a last line of
 * its own. Seals and content decide which checkpoint is whole; the manifest tells beyond that which ones
 * there should be, and that a whole file is another one than was written. It lies beside the folder of
 * checkpoints, so that it outlives it. No HDF5; any thread may call these functions.
 */
#ifndef NN_STORE_MANIFEST_H
#define NN_STORE_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define NN_MANIFEST_NAME "manifest"
#define NN_MANIFEST_BEST ((int64_t)-1) /* in place of a step: the best weights */

typedef struct nn_manifest_entry {
    int64_t step; /* or NN_MANIFEST_BEST */
    uint64_t size, hash;
} nn_manifest_entry;

/* Zero-initialise; release with nn_manifest_release. */
typedef struct nn_manifest {
    uint64_t run; /* nn_config_identity of the run */
    nn_manifest_entry *entries;
    size_t count, capacity;
} nn_manifest;

void nn_manifest_release(nn_manifest *manifest);

/* *there: whether there is one at all. One that is damaged is NN_ERROR_CHECKPOINT; NN_ERROR_IO says nothing
 * of the manifest, but that the system could not read it. `manifest` is then empty. */
nn_status nn_manifest_read(const char *run_directory, nn_manifest *manifest, bool *there);
/* Atomically. */
nn_status nn_manifest_write(const char *run_directory, const nn_manifest *manifest);

/* The entry of a step, or NULL. Borrowed. */
const nn_manifest_entry *nn_manifest_find(const nn_manifest *manifest, int64_t step);
/* Adds an entry, or replaces that of the same step, by what a file of these bytes must be. */
nn_status nn_manifest_put(nn_manifest *manifest, int64_t step, const void *bytes, size_t size);
void nn_manifest_remove(nn_manifest *manifest, int64_t step);
/* Whether a file of these bytes is what the entry says. */
bool nn_manifest_fits(const nn_manifest_entry *entry, const void *bytes, size_t size);

#endif
