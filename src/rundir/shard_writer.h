/* The thread of a rank that writes a shard while training continues. */
#ifndef NN_RUNDIR_SHARD_WRITER_H
#define NN_RUNDIR_SHARD_WRITER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

typedef struct nn_shard_writer nn_shard_writer;

/* `verify`: the file is read again after it was written. */
nn_status nn_shard_writer_create(const char *run_directory, bool verify, nn_shard_writer **writer);
/* Waits for a write in progress. Accepts NULL. */
void nn_shard_writer_destroy(nn_shard_writer *writer);

/* Starts to write a file. Takes the bytes. The write before has been finished. */
void nn_shard_writer_start(nn_shard_writer *writer, const char *path, void *bytes, size_t size);
/* Whether a write has not ended yet. Accepts NULL. */
bool nn_shard_writer_is_busy(const nn_shard_writer *writer);
/* Waits until it has ended; the failure is that of the write, seconds what it took. NN_OK where none was
 * started. */
nn_status nn_shard_writer_finish(nn_shard_writer *writer, double *seconds);

#endif
