/* The thread that commits checkpoints while training goes on. It makes no HDF5 and no MPI call. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/memory.h"
#include "train/files.h"
#include "train/manifest.h"
#include "train/run.h"

struct nn_writer {
    char directory[NN_PATH_SIZE];
    int64_t keep_last;
    bool verify;
    uint64_t run; /* for the manifest */
    pthread_t thread;
    bool running;
    /* of the write under way */
    int64_t step;
    bool regular, best;
    void *bytes;
    size_t size;
    double seconds;      /* that it took */
    double last_seconds; /* that the last finished one took */
    nn_status status;
    char failure[1024]; /* an error's text belongs to the thread that failed */
};

nn_status nn_writer_create(const char *run_directory, int64_t keep_last, bool verify, uint64_t run,
                           nn_writer **writer)
{
    NN_TRY(NN_ALLOCATE(writer, 1, "the writer of checkpoints"));
    snprintf((*writer)->directory, sizeof(*writer)->directory, "%s", run_directory);
    (*writer)->keep_last = keep_last;
    (*writer)->verify = verify;
    (*writer)->run = run;
    return NN_OK;
}

static nn_status writer_remove_old(const nn_writer *writer)
{
    int64_t *steps;
    size_t count;
    NN_TRY(nn_checkpoint_list(writer->directory, &steps, &count));
    int64_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        char path[NN_PATH_SIZE];
        /* Later steps than this one are of damaged checkpoints: the run would have gone on from them. */
        if (steps[i] <= writer->step && kept++ < writer->keep_last) continue;
        nn_checkpoint_path(writer->directory, steps[i], path);
        unlink(path); /* one that stays costs room, nothing else */
    }
    nn_free(steps);
    return NN_OK;
}

/* A checkpoint that is not in the manifest is none the worse: what fails there fails no save. */
static nn_status writer_keep(const nn_writer *writer, const char *path, int64_t step)
{
    NN_TRY((writer->verify ? nn_store_commit_verified : nn_store_commit)(path, writer->bytes, writer->size));
    nn_fault("manifest.due", NULL, 0);
    nn_manifest_record(writer->directory, writer->run, step, writer->bytes, writer->size, writer->keep_last);
    nn_fault("manifest.written", NULL, 0);
    return NN_OK;
}

/* The best weights are written first, so that a checkpoint that names them is not there without them. Either
 * is tried when the other fails. */
static nn_status writer_commit(const nn_writer *writer)
{
    char path[NN_PATH_SIZE + 32];
    nn_status status = NN_OK;
    if (writer->best) {
        snprintf(path, sizeof path, "%s/" NN_CHECKPOINT_BEST, writer->directory);
        status = writer_keep(writer, path, NN_MANIFEST_BEST);
    }
    if (!writer->regular) return status;
    nn_checkpoint_path(writer->directory, writer->step, path);
    NN_TRY(writer_keep(writer, path, writer->step));
    NN_TRY(writer_remove_old(writer));
    return status;
}

static void *writer_run(void *context)
{
    nn_writer *writer = context;
    double began = nn_seconds();
    writer->status = writer_commit(writer);
    writer->seconds = nn_seconds() - began;
    if (writer->status != NN_OK) snprintf(writer->failure, sizeof writer->failure, "%s", nn_error_text());
    return NULL;
}

nn_status nn_writer_wait(nn_writer *writer)
{
    if (!writer->running) return NN_OK;
    pthread_join(writer->thread, NULL);
    writer->running = false;
    writer->last_seconds = writer->seconds;
    nn_free(writer->bytes);
    writer->bytes = NULL;
    if (writer->status != NN_OK) return nn_fail(writer->status, "%s", writer->failure);
    return NN_OK;
}

double nn_writer_seconds(const nn_writer *writer)
{
    return writer->last_seconds;
}

nn_status nn_writer_start(nn_writer *writer, int64_t step, bool regular, bool best, void *bytes, size_t size)
{
    nn_status before = nn_writer_wait(writer);
    writer->step = step;
    writer->regular = regular;
    writer->best = best;
    writer->bytes = bytes;
    writer->size = size;
    int failure = pthread_create(&writer->thread, NULL, writer_run, writer);
    if (failure) {
        nn_free(writer->bytes);
        writer->bytes = NULL;
        NN_FAIL(NN_ERROR_MEMORY, "no thread for writing a checkpoint: %s", strerror(failure));
    }
    writer->running = true;
    return before;
}

void nn_writer_destroy(nn_writer *writer)
{
    if (!writer) return;
    nn_writer_wait(writer);
    nn_free(writer);
}
