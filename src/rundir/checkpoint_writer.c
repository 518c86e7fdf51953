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

/* What was saved at a step. Several files of best weights may be of it, and wait for a later write. */
typedef struct writer_image {
    void *bytes;
    size_t size;
    void *best_bytes; /* of files of best weights; NULL: the same bytes */
    size_t best_size;
    int64_t step;
    nn_shard *shards; /* NULL: none */
    int shard_count;
    int uses; /* 0: the place is free */
} writer_image;

struct nn_writer {
    char directory[NN_PATH_SIZE];
    int64_t keep_last;
    bool verify;
    uint64_t run; /* for the manifest */
    const nn_lease *lease;
    const nn_best_rules *bests;
    nn_damaged damaged;                /* to be removed after a save */
    int64_t best_steps[NN_KEPT_BESTS]; /* of the best weights on the disk; -1: none; NN_ORPHANS_UNKNOWN */
    pthread_t thread;
    bool has_thread;
    writer_image images[NN_KEPT_BESTS + 1]; /* the last one, and those that best weights wait in */
    /* of the write in progress */
    bool started;
    atomic_bool ended;
    bool regular;
    writer_image *image;
    writer_image *best[NN_KEPT_BESTS]; /* to be written, or that could not be written before; NULL: none */
    nn_write_outcome outcome;
    double seconds;      /* that it took */
    double last_seconds; /* that the last finished one took */
};

nn_status nn_writer_create(const nn_writer_request *request, nn_writer **writer)
{
    NN_TRY(NN_ALLOCATE(writer, 1, "the writer of checkpoints"));
    snprintf((*writer)->directory, sizeof(*writer)->directory, "%s", request->run_directory);
    (*writer)->keep_last = request->keep_last;
    (*writer)->verify = request->verify;
    (*writer)->run = request->run;
    (*writer)->lease = request->lease;
    (*writer)->bests = request->bests;
    for (int i = 0; i < NN_KEPT_BESTS; i++) (*writer)->best_steps[i] = -1;
    return NN_OK;
}

void nn_writer_set_best(nn_writer *writer, const int64_t steps[NN_KEPT_BESTS])
{
    memcpy(writer->best_steps, steps, sizeof writer->best_steps);
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

/* A checkpoint is valid without an entry in the manifest: a failure there does not fail the save. best: the
 * rule of best weights; -1: it is a checkpoint. */
static void writer_keep(nn_writer *writer, int best, const char *path, const writer_image *image)
{
    nn_write_outcome *outcome = &writer->outcome;
    unsigned what = best < 0 ? NN_UNSAVED_CHECKPOINT : (unsigned)NN_UNSAVED_BEST << best;
    bool apart = best >= 0 && image->best_bytes;
    const void *bytes = apart ? image->best_bytes : image->bytes;
    size_t size = apart ? image->best_size : image->size;
    outcome->tried |= what;
    nn_status status = writer_check_lease(writer);
    if (status == NN_OK)
        status = (writer->verify ? nn_store_commit_verified : nn_store_commit)(path, bytes, size);
    if (status != NN_OK) {
        outcome->failed |= what;
        nn_problem_note(writer->directory, path, outcome->problem);
        return;
    }
    nn_fault("manifest.due", NULL, 0);
    int64_t old_best_step = best < 0 ? -1 : writer->best_steps[best];
    if (best >= 0) writer->best_steps[best] = image->step;
    const nn_manifest_written written = {.step = outcome->step,
                                         .best = best < 0 ? NULL : writer->bests->items[best].file,
                                         .bytes = bytes,
                                         .size = size,
                                         .of_step = image->step,
                                         .shard_count = image->shard_count,
                                         .shards = image->shards,
                                         .best_steps = writer->best_steps,
                                         .best_count = NN_KEPT_BESTS,
                                         .old_best_step = old_best_step};
    if (nn_manifest_record(writer->directory, writer->run, &written, writer->keep_last) != NN_OK)
        nn_log_warning("%s; %s is saved anyway", nn_error_text(), path);
    nn_fault("manifest.written", NULL, 0);
}

void nn_writer_remove_orphans(nn_writer *writer, int64_t step)
{
    for (int i = 0; i < NN_KEPT_BESTS; i++) /* best weights wait, and their shards are there */
        if (writer->best[i] && writer->best[i]->shards && writer->best[i]->step != writer->best_steps[i])
            return;
    if (writer_check_lease(writer) != NN_OK) return;
    nn_orphans_remove(writer->directory, step, writer->best_steps);
}

/* The best weights are written first, so that no checkpoint refers to best weights that do not exist. If one
 * fails, the others are still tried. */
static void writer_commit(nn_writer *writer)
{
    char path[NN_PATH_SIZE];
    const nn_write_outcome *outcome = &writer->outcome;
    for (int i = 0; i < writer->bests->count; i++) {
        if (!writer->best[i]) continue;
        nn_manifest_best_path(writer->directory, writer->bests->items[i].file, path);
        writer_keep(writer, i, path, writer->best[i]);
    }
    if (writer->regular) {
        nn_kept_path(writer->directory, outcome->step, path);
        writer_keep(writer, -1, path, writer->image);
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

static void writer_drop(writer_image **image)
{
    writer_image *dropped = *image;
    *image = NULL;
    if (!dropped || --dropped->uses > 0) return;
    nn_free(dropped->bytes);
    nn_free(dropped->best_bytes);
    nn_free(dropped->shards);
    *dropped = (writer_image){0};
}

bool nn_writer_ended(nn_writer *writer, bool wait, nn_write_outcome *outcome)
{
    if (!writer->started || !(wait || atomic_load(&writer->ended))) return false;
    if (writer->has_thread) pthread_join(writer->thread, NULL);
    writer->started = writer->has_thread = false;
    writer->last_seconds = writer->seconds;
    for (int i = 0; i < NN_KEPT_BESTS; i++)
        if (!(writer->outcome.failed & (unsigned)NN_UNSAVED_BEST << i)) writer_drop(&writer->best[i]);
    writer_drop(&writer->image);
    *outcome = writer->outcome;
    return true;
}

void nn_writer_forget_best(nn_writer *writer, unsigned best)
{
    for (int i = 0; i < NN_KEPT_BESTS; i++)
        if (best & 1U << i) writer_drop(&writer->best[i]);
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
    nn_writer_forget_best(writer, job->best);
    writer_image *image = writer->images;
    while (image->uses > 0) image++; /* one is free: each rule has at most one */
    *image = (writer_image){.bytes = job->bytes,
                            .size = job->size,
                            .best_bytes = job->best_bytes,
                            .best_size = job->best_size,
                            .step = job->step,
                            .shards = job->shards,
                            .shard_count = job->shard_count,
                            .uses = 1};
    writer->image = image;
    for (int i = 0; i < NN_KEPT_BESTS; i++) {
        if (!(job->best & 1U << i)) continue;
        writer->best[i] = image;
        image->uses++;
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
    nn_writer_forget_best(writer, ~0U);
    nn_damaged_release(&writer->damaged);
    nn_free(writer);
}
