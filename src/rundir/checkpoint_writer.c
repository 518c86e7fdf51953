/* The thread makes no HDF5 and no MPI calls. */
#include "rundir/checkpoint_writer.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/format.h"
#include "base/log.h"
#include "base/memory.h"
#include "host/clock.h"
#include "host/threads.h"
#include "rundir/manifest.h"
#include "rundir/manifest_record.h"
#include "store/kept.h"
#include "store/store.h"

typedef struct writer_image {
    void *bytes; /* NULL: there is none */
    size_t size;
} writer_image;

struct nn_writer {
    char directory[NN_PATH_SIZE];
    int64_t keep_last;
    bool verify;
    uint64_t run; /* for the manifest */
    const nn_lease *lease;
    nn_damaged damaged; /* to be removed after a save */
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
    return NN_OK;
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

/* The recorded error and the free space; for a second file, its name. */
static void writer_note_problem(nn_writer *writer, const char *path)
{
    struct statvfs room;
    char free_bytes[NN_FORMAT_SIZE], *problem = writer->outcome.problem;
    size_t length = strlen(problem), size = sizeof writer->outcome.problem;
    if (length > 0) {
        snprintf(problem + length, size - length, "; %s could not be written either", path);
        return;
    }
    length = (size_t)snprintf(problem, size, "%.1200s", nn_error_text());
    if (statvfs(writer->directory, &room) != 0) return;
    nn_format_bytes(free_bytes, (double)room.f_bavail * (double)room.f_frsize);
    bool no_files = room.f_files > 0 && room.f_favail == 0;
    snprintf(problem + length, size - length, "; the disk has %s free%s", free_bytes,
             no_files ? ", but no more files can be created (out of inodes)" : "");
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
        writer_note_problem(writer, path);
        return;
    }
    nn_fault("manifest.due", NULL, 0);
    int64_t step = what == NN_UNSAVED_BEST ? NN_MANIFEST_BEST : outcome->step;
    if (nn_manifest_record(writer->directory, writer->run, step, image->bytes, image->size,
                           writer->keep_last) != NN_OK)
        nn_log_warning("%s; %s is saved anyway", nn_error_text(), path);
    nn_fault("manifest.written", NULL, 0);
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
    if (!writer->regular) return;
    nn_kept_path(writer->directory, outcome->step, path);
    writer_keep(writer, NN_UNSAVED_CHECKPOINT, path, &writer->image);
    if (!(outcome->failed & NN_UNSAVED_CHECKPOINT)) writer_remove_old(writer);
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

static void writer_drop_best(nn_writer *writer)
{
    if (writer->best.bytes != writer->image.bytes) nn_free(writer->best.bytes);
    writer->best.bytes = NULL;
}

static void writer_drop_image(nn_writer *writer)
{
    if (writer->image.bytes != writer->best.bytes) nn_free(writer->image.bytes);
    writer->image.bytes = NULL;
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

void nn_writer_start(nn_writer *writer, int64_t step, bool regular, bool best, void *bytes, size_t size)
{
    if (best) writer_drop_best(writer);
    writer->image = (writer_image){bytes, size};
    if (best) writer->best = writer->image;
    writer->regular = regular;
    writer->outcome = (nn_write_outcome){.step = step};
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
