#include "train/manifest.h"

#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"

static bool manifest_has_file(const char *run_directory, int64_t step)
{
    char path[NN_PATH_SIZE];
    if (step == NN_MANIFEST_BEST)
        snprintf(path, sizeof path, "%.4000s/" NN_CHECKPOINT_BEST, run_directory);
    else
        nn_checkpoint_path(run_directory, step, path);
    return access(path, F_OK) == 0;
}

/* Keeps the entries that may stay: of files that are there, up to `step`. */
static void manifest_drop_gone(const char *run_directory, nn_manifest *manifest, int64_t step)
{
    for (size_t i = manifest->count; i-- > 0;) {
        int64_t listed = manifest->entries[i].step;
        if (listed > step || !manifest_has_file(run_directory, listed)) nn_manifest_remove(manifest, listed);
    }
}

void nn_manifest_begin(const char *run_directory, uint64_t run, const nn_checkpoint_opened *from)
{
    nn_manifest manifest;
    bool there;
    nn_status status = NN_OK;
    if (!from || nn_manifest_read(run_directory, &manifest, &there) != NN_OK) manifest = (nn_manifest){0};
    manifest.run = run;
    if (from) {
        manifest_drop_gone(run_directory, &manifest, from->step);
        if (manifest_has_file(run_directory, from->step))
            status = nn_manifest_put(&manifest, from->step, from->bytes, from->size);
    }
    if (status == NN_OK) status = nn_manifest_write(run_directory, &manifest);
    if (status != NN_OK)
        nn_log_warning("%s; the run goes on without a manifest of its checkpoints", nn_error_text());
    nn_manifest_release(&manifest);
}

/* Drops the checkpoints beyond the newest `keep_last` of those up to `step`. */
static nn_status manifest_drop_old(const char *run_directory, nn_manifest *manifest, int64_t step,
                                   int64_t keep_last)
{
    int64_t *steps, kept = 0;
    size_t count;
    manifest_drop_gone(run_directory, manifest, step);
    NN_TRY(nn_checkpoint_list(run_directory, &steps, &count));
    for (size_t i = 0; i < count; i++)
        if (steps[i] > step || kept++ >= keep_last) nn_manifest_remove(manifest, steps[i]);
    nn_free(steps);
    return NN_OK;
}

nn_status nn_manifest_record(const char *run_directory, uint64_t run, int64_t step, const void *bytes,
                             size_t size, int64_t keep_last)
{
    nn_manifest manifest;
    bool there;
    nn_status status;
    /* A damaged one begins anew; that there was none, or another, was said at the start. */
    nn_manifest_read(run_directory, &manifest, &there);
    manifest.run = run;
    NN_TRY_TO(done, status, nn_manifest_put(&manifest, step, bytes, size));
    if (step != NN_MANIFEST_BEST)
        NN_TRY_TO(done, status, manifest_drop_old(run_directory, &manifest, step, keep_last));
    status = nn_manifest_write(run_directory, &manifest);
done:
    nn_manifest_release(&manifest);
    return status;
}
