/* The thread makes no HDF5 and no MPI calls. */
#include "rundir/shard_writer.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/fault.h"
#include "base/memory.h"
#include "host/clock.h"
#include "host/threads.h"
#include "rundir/problem.h"
#include "store/kept.h"
#include "store/store.h"

struct nn_shard_writer {
    char directory[NN_PATH_SIZE], path[NN_PATH_SIZE];
    bool verify;
    pthread_t thread;
    bool started, has_thread;
    atomic_bool ended;
    void *bytes;
    size_t size;
    nn_status status;
    double seconds;
    char problem[NN_PROBLEM_SIZE];
};

nn_status nn_shard_writer_create(const char *run_directory, bool verify, nn_shard_writer **writer)
{
    NN_TRY(NN_ALLOCATE(writer, 1, "the writer of a shard"));
    snprintf((*writer)->directory, sizeof(*writer)->directory, "%s", run_directory);
    (*writer)->verify = verify;
    return NN_OK;
}

static void *shard_run(void *context)
{
    nn_shard_writer *writer = context;
    double began = nn_seconds();
    nn_fault("shard.begun", NULL, 0);
    writer->status = (writer->verify ? nn_store_commit_verified
                                     : nn_store_commit)(writer->path, writer->bytes, writer->size);
    nn_fault("shard.written", NULL, 0);
    if (writer->status != NN_OK) nn_problem_note(writer->directory, writer->path, writer->problem);
    writer->seconds = nn_seconds() - began;
    atomic_store(&writer->ended, true);
    return NULL;
}

void nn_shard_writer_start(nn_shard_writer *writer, const char *path, void *bytes, size_t size)
{
    snprintf(writer->path, sizeof writer->path, "%s", path);
    writer->bytes = bytes;
    writer->size = size;
    writer->problem[0] = '\0';
    writer->started = true;
    atomic_store(&writer->ended, false);
    writer->has_thread = nn_threads_start(&writer->thread, shard_run, writer) == 0;
    /* If no thread can be started, training waits. */
    if (!writer->has_thread) shard_run(writer);
}

bool nn_shard_writer_is_busy(const nn_shard_writer *writer)
{
    return writer && writer->started && !atomic_load(&writer->ended);
}

nn_status nn_shard_writer_finish(nn_shard_writer *writer, double *seconds)
{
    *seconds = 0;
    if (!writer->started) return NN_OK;
    if (writer->has_thread) pthread_join(writer->thread, NULL);
    writer->started = writer->has_thread = false;
    nn_free(writer->bytes);
    writer->bytes = NULL;
    *seconds = writer->seconds;
    return writer->status == NN_OK ? NN_OK : nn_fail(writer->status, "%s", writer->problem);
}

void nn_shard_writer_destroy(nn_shard_writer *writer)
{
    double seconds;
    if (!writer) return;
    if (nn_shard_writer_finish(writer, &seconds) != NN_OK) nn_error_clear();
    nn_free(writer);
}
