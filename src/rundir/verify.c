#include "rundir/verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/list.h"
#include "base/memory.h"
#include "host/files.h"
#include "store/kept.h"

typedef struct verify_work {
    const nn_verify_listener *listener;
    bool found; /* there is something to verify */
    nn_manifest manifest;
    uint64_t run;       /* that the files should be of */
    const char *run_of; /* its source; NULL: not known yet */
    int64_t newest;     /* the last step that the manifest lists */
} verify_work;

/* ---- one file ---- */

static bool verify_is_listed(const nn_manifest_entry *entry, const nn_verified *verified)
{
    return entry->size == verified->bytes && entry->hash == verified->hash;
}

/* Compares the file with what the run directory says about it. Best weights newer than the manifest were
 * written just before the run was killed. */
static void verify_compare(const verify_work *work, int64_t step, const char *best, nn_verified *verified)
{
    const nn_manifest_entry *entry = nn_manifest_find(&work->manifest, step, best);
    int64_t found = verified->progress.step;
    if (verified->opens && step >= 0 && found != step)
        nn_verified_note(verified, "it is the checkpoint of step %lld, not of step %lld: files were swapped",
                         (long long)found, (long long)step);
    if (verified->opens && work->run_of && verified->run != work->run)
        nn_verified_note(verified, "it does not belong to the run of %s: its settings or its data differ",
                         work->run_of);
    bool newer = best && verified->opens && found >= work->newest;
    if (entry && verified->sealed && !newer && !verify_is_listed(entry, verified))
        nn_verified_note(verified, "it is not the file that the manifest lists");
    if (entry && !verified->sealed && verified->bytes != entry->size)
        nn_verified_note(verified, "it has %" PRIu64 " bytes of the %" PRIu64 " that the manifest lists",
                         verified->bytes, entry->size);
}

/* step: that it should be of; -1: any. best: its name, where it is of best weights; otherwise NULL. */
static nn_status verify_one(verify_work *work, const char *path, int64_t step, const char *best)
{
    nn_verified verified;
    nn_status status = nn_verify_file(path, &verified);
    if (status == NN_OK) {
        verify_compare(work, step, best, &verified);
        if (!work->run_of && step >= 0 && verified.opens && verified.problem_count == 0) {
            work->run = verified.run;
            work->run_of = "the newest good checkpoint";
        }
        work->found = true;
        work->listener->file(work->listener->context, path, &verified);
        if (verified.problems.failed)
            status = nn_fail(NN_ERROR_MEMORY, "out of memory for a list of problems");
    }
    nn_verified_release(&verified);
    return status;
}

/* ---- a run directory ---- */

static nn_status verify_manifest(verify_work *work, const char *directory)
{
    char path[NN_PATH_SIZE];
    bool there;
    const nn_verify_listener *listener = work->listener;
    snprintf(path, sizeof path, "%.4000s/" NN_MANIFEST_NAME, directory);
    nn_status status = nn_manifest_read(directory, &work->manifest, &there);
    if (status == NN_ERROR_IO || status == NN_ERROR_MEMORY) return status;
    work->found |= there;
    bool good = there && status == NN_OK;
    listener->manifest(listener->context, path, good ? &work->manifest : NULL,
                       there ? nn_error_text() : NULL);
    if (!good) return NN_OK;
    work->run = work->manifest.run;
    work->run_of = "the manifest";
    for (size_t i = 0; i < work->manifest.count; i++)
        if (work->manifest.entries[i].step > work->newest) work->newest = work->manifest.entries[i].step;
    return NN_OK;
}

static nn_status verify_gone(verify_work *work, const char *directory)
{
    for (size_t i = 0; i < work->manifest.count; i++) {
        char path[NN_PATH_SIZE];
        bool there;
        nn_manifest_entry_path(directory, &work->manifest.entries[i], path);
        NN_TRY(nn_file_exists(path, &there));
        if (!there) work->listener->gone(work->listener->context, path);
    }
    return NN_OK;
}

static nn_status verify_files(verify_work *work, const char *directory, const int64_t *steps, size_t count)
{
    char path[NN_PATH_SIZE];
    nn_text_list best;
    NN_TRY(verify_manifest(work, directory));
    for (size_t i = 0; i < count; i++) {
        nn_kept_path(directory, steps[i], path);
        NN_TRY(verify_one(work, path, steps[i], NULL));
    }
    nn_status status = nn_kept_list_best(directory, &best);
    for (size_t i = 0; i < best.count && status == NN_OK; i++) {
        nn_manifest_best_path(directory, best.items[i], path);
        status = verify_one(work, path, -1, best.items[i]);
    }
    nn_list_release(&best);
    NN_TRY(status);
    NN_TRY(verify_gone(work, directory));
    if (!work->found)
        NN_FAIL(NN_ERROR_USAGE,
                "%s: has neither checkpoints nor a manifest; is it a run directory of nntrain?", directory);
    return NN_OK;
}

static nn_status verify_directory(verify_work *work, const char *directory)
{
    int64_t *steps = NULL;
    size_t count;
    NN_TRY(nn_kept_list(directory, &steps, &count));
    nn_status status = verify_files(work, directory, steps, count);
    nn_free(steps);
    nn_manifest_release(&work->manifest);
    return status;
}

/* The step that a file's name says; -1: none. */
static int64_t verify_step_of(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    int64_t step;
    int end = 0;
    bool says = sscanf(name, "step-%" SCNd64 ".h5%n", &step, &end) == 1 && end > 0 && !name[end];
    return says ? step : -1;
}

nn_status nn_verify(const char *run_or_checkpoint, const nn_verify_listener *listener)
{
    verify_work work = {.listener = listener, .newest = -1};
    struct stat facts;
    bool there;
    NN_TRY(nn_file_look(run_or_checkpoint, &facts, &there));
    if (!there) NN_FAIL(NN_ERROR_USAGE, "%s: no such run directory or checkpoint", run_or_checkpoint);
    if (S_ISDIR(facts.st_mode)) return verify_directory(&work, run_or_checkpoint);
    return verify_one(&work, run_or_checkpoint, verify_step_of(run_or_checkpoint), NULL);
}
