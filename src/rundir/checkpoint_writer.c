/* The thread makes no HDF5 and no MPI calls. */
#include "rundir/checkpoint_writer.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/log.h"
#include "base/memory.h"
#include "host/clock.h"
#include "host/threads.h"
#include "rundir/manifest.h"
#include "rundir/manifest_record.h"
#include "rundir/orphans.h"
#include "store/kept.h"
#include "store/store.h"

typedef struct writer_image {
    void *bytes; /* NULL: there is none */
    size_t size;
    int64_t step;
    nn_shard *shards; /* owned; NULL: none */
    int shard_count;
} writer_image;

struct nn_writer {
    char directory[NN_PATH_SIZE];
    int64_t keep_last;
    bool verify;
    uint64_t run; /* for the manifest */
    const nn_lease *lease;
    nn_damaged damaged; /* to be removed after a save */
    int64_t best_step;  /* of the best weights on the disk; -1: none; NN_ORPHANS_UNKNOWN */
    pthread_t thread;
    bool has_thread;
    /* of the write in progress */
    bool started;
    atomic_bool ended;
    bool regular;
    writer_image image;
    writer_image best; /* to be written; often the image itself, or one that could not be written before */
    nn_write_outcome outcome;
    double seconds;      /* that it took */
    double last_seconds; /* that the last finished one took */
};

nn_status nn_writer_create(const char *run_directory, int64_t keep_last, bool verify, uint64_t run,
                           const nn_lease *lease, nn_writer **writer)
{
    NN_TRY(NN_ALLOCATE(writer, 1, "the writer of checkpoints"));
    snprintf((*writer)->directory, sizeof(*writer)->directory, "%s", run_directory);
    (*writer)->keep_last = keep_last;
    (*writer)->verify = verify;
    (*writer)->run = run;
    (*writer)->lease = lease;
    (*writer)->best_step = -1;
    return NN_OK;
}

void nn_writer_set_best(nn_writer *writer, int64_t step)
{
    writer->best_step = step;
}

void nn_writer_take_damaged(nn_writer *writer, nn_damaged *damaged)
{
    nn_damaged_release(&writer->damaged);
    writer->damaged = *damaged;
    *damaged = (nn_damaged){0};
}

static nn_status writer_check_lease(const nn_writer *writer)
{
    return writer->lease ? nn_lease_check(writer->lease) : NN_OK;
}

/* A file that was found damaged, and has not been rewritten since. */
static bool writer_is_damaged(const nn_writer *writer, int64_t step)
{
    return step != writer->outcome.step && nn_damaged_has(&writer->damaged, step);
}

/* What cannot be removed only costs space. What is not known to be damaged or old stays: a file of a later
 * step may be worth more than this one. */
static void writer_remove_old(nn_writer *writer)
{
    int64_t *steps;
    size_t count;
    if (writer_check_lease(writer) != NN_OK) return;
    if (nn_kept_list(writer->directory, &steps, &count) != NN_OK) return;
    int64_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        char path[NN_PATH_SIZE];
        bool damaged = writer_is_damaged(writer, steps[i]);
        bool old = !damaged && steps[i] <= writer->outcome.step && kept++ >= writer->keep_last;
        if (!damaged && !old) continue;
        nn_kept_path(writer->directory, steps[i], path);
        unlink(path);
    }
    nn_free(steps);
    nn_damaged_release(&writer->damaged);
}

/* A checkpoint is valid without an entry in the manifest: a failure there does not fail the save. */
static void writer_keep(nn_writer *writer, unsigned what, const char *path, const writer_image *image)
{
    nn_write_outcome *outcome = &writer->outcome;
    outcome->tried |= what;
    nn_status status = writer_check_lease(writer);
    if (status == NN_OK)
        status =
            (writer->verify ? nn_store_commit_verified : nn_store_commit)(path, image->bytes, image->size);
    if (status != NN_OK) {
        outcome->failed |= what;
        nn_problem_note(writer->directory, path, outcome->problem);
        return;
    }
    nn_fault("manifest.due", NULL, 0);
    int64_t old_best_step = writer->best_step;
    bool best = what == NN_UNSAVED_BEST;
    if (best) writer->best_step = image->step;
    const nn_manifest_written written = {.step = best ? NN_MANIFEST_BEST : outcome->step,
                                         .bytes = image->bytes,
                                         .size = image->size,
                                         .of_step = image->step,
                                         .shard_count = image->shard_count,
                                         .shards = image->shards,
                                         .best_step = writer->best_step,
                                         .old_best_step = old_best_step};
    if (nn_manifest_record(writer->directory, writer->run, &written, writer->keep_last) != NN_OK)
        nn_log_warning("%s; %s is saved anyway", nn_error_text(), path);
    nn_fault("manifest.written", NULL, 0);
}

void nn_writer_remove_orphans(nn_writer *writer, int64_t step)
{
    bool best_waits = writer->best.bytes && writer->best.shards && writer->best.step != writer->best_step;
    if (best_waits || writer_check_lease(writer) != NN_OK) return;
    nn_orphans_remove(writer->directory, step, writer->best_step);
}

/* The best weights are written first, so that no checkpoint refers to best weights that do not exist. If one
 * fails, the other is still tried. */
static void writer_commit(nn_writer *writer)
{
    char path[NN_PATH_SIZE + 32];
    const nn_write_outcome *outcome = &writer->outcome;
    if (writer->best.bytes) {
        snprintf(path, sizeof path, "%s/" NN_KEPT_BEST, writer->directory);
        writer_keep(writer, NN_UNSAVED_BEST, path, &writer->best);
    }
    if (writer->regular) {
        nn_kept_path(writer->directory, outcome->step, path);
        writer_keep(writer, NN_UNSAVED_CHECKPOINT, path, &writer->image);
        if (!(outcome->failed & NN_UNSAVED_CHECKPOINT)) writer_remove_old(writer);
    }
    if (!outcome->failed) nn_writer_remove_orphans(writer, outcome->step);
}

static void *writer_run(void *context)
{
    nn_writer *writer = context;
    double began = nn_seconds();
    writer_commit(writer);
    writer->seconds = nn_seconds() - began;
    atomic_store(&writer->ended, true);
    return NULL;
}

static void writer_drop(writer_image *image, const writer_image *other)
{
    if (image->bytes != other->bytes) nn_free(image->bytes);
    if (image->shards != other->shards) nn_free(image->shards);
    *image = (writer_image){0};
}

static void writer_drop_best(nn_writer *writer)
{
    writer_drop(&writer->best, &writer->image);
}

static void writer_drop_image(nn_writer *writer)
{
    writer_drop(&writer->image, &writer->best);
}

bool nn_writer_ended(nn_writer *writer, bool wait, nn_write_outcome *outcome)
{
    if (!writer->started || !(wait || atomic_load(&writer->ended))) return false;
    if (writer->has_thread) pthread_join(writer->thread, NULL);
    writer->started = writer->has_thread = false;
    writer->last_seconds = writer->seconds;
    if (!(writer->outcome.failed & NN_UNSAVED_BEST)) writer_drop_best(writer);
    writer_drop_image(writer);
    *outcome = writer->outcome;
    return true;
}

void nn_writer_forget_best(nn_writer *writer)
{
    writer_drop_best(writer);
}

double nn_writer_seconds(const nn_writer *writer)
{
    return writer->last_seconds;
}

void nn_write_job_release(nn_write_job *job)
{
    nn_free(job->bytes);
    nn_free(job->best_bytes);
    nn_free(job->shards);
    *job = (nn_write_job){0};
}

void nn_writer_start(nn_writer *writer, nn_write_job *job)
{
    if (job->best) writer_drop_best(writer);
    writer->image = (writer_image){job->bytes, job->size, job->step, job->shards, job->shard_count};
    if (job->best) writer->best = writer->image;
    if (job->best_bytes) {
        writer->best.bytes = job->best_bytes;
        writer->best.size = job->best_size;
    }
    writer->regular = job->regular;
    writer->outcome = (nn_write_outcome){.step = job->step};
    *job = (nn_write_job){0};
    writer->started = true;
    atomic_store(&writer->ended, false);
    writer->has_thread = nn_threads_start(&writer->thread, writer_run, writer) == 0;
    /* If no thread can be started, training waits. */
    if (!writer->has_thread) writer_run(writer);
}

void nn_writer_destroy(nn_writer *writer)
{
    nn_write_outcome unused;
    if (!writer) return;
    nn_writer_ended(writer, true, &unused);
    writer_drop_best(writer);
    nn_damaged_release(&writer->damaged);
    nn_free(writer);
}
