#include "rundir/manifest_record.h"

#include "base/log.h"
#include "base/memory.h"
#include "host/files.h"

/* What cannot be looked at stays listed. */
static bool manifest_has_lost(const char *run_directory, int64_t step)
{
    char path[NN_PATH_SIZE];
    bool there;
    nn_manifest_entry_path(run_directory, step, path);
    return nn_file_exists(path, &there) == NN_OK && !there;
}

static void manifest_drop_gone(const char *run_directory, nn_manifest *manifest)
{
    for (size_t i = manifest->count; i-- > 0;) {
        int64_t listed = manifest->entries[i].step;
        if (manifest_has_lost(run_directory, listed)) nn_manifest_remove(manifest, listed);
    }
}

static nn_status manifest_go_on(const char *run_directory, nn_manifest *manifest,
                                const nn_kept_checkpoint *from, const nn_damaged *damaged)
{
    bool there;
    nn_status status = nn_manifest_read(run_directory, manifest, &there);
    if (status == NN_ERROR_CHECKPOINT) status = NN_OK; /* already reported: it starts empty */
    NN_TRY(status);
    manifest_drop_gone(run_directory, manifest);
    for (size_t i = 0; i < damaged->count; i++) nn_manifest_remove(manifest, damaged->steps[i]);
    return manifest_has_lost(run_directory, from->step)
               ? NN_OK
               : nn_manifest_put(manifest, from->step, from->bytes, from->size);
}

nn_status nn_manifest_begin(const char *run_directory, uint64_t run, const nn_kept_checkpoint *from,
                            const nn_damaged *damaged)
{
    nn_manifest manifest = {0};
    nn_status status = from ? manifest_go_on(run_directory, &manifest, from, damaged) : NN_OK;
    manifest.run = run;
    if (status == NN_OK && nn_manifest_write(run_directory, &manifest) != NN_OK)
        nn_log_warning("%s; the run continues without a manifest of its checkpoints", nn_error_text());
    nn_manifest_release(&manifest);
    return status;
}

/* Drops the checkpoints beyond the newest `keep_last` of those up to `step`. */
static nn_status manifest_drop_old(const char *run_directory, nn_manifest *manifest, int64_t step,
                                   int64_t keep_last)
{
    int64_t *steps, kept = 0;
    size_t count;
    manifest_drop_gone(run_directory, manifest);
    NN_TRY(nn_kept_list(run_directory, &steps, &count));
    for (size_t i = 0; i < count; i++)
        if (steps[i] <= step && kept++ >= keep_last) nn_manifest_remove(manifest, steps[i]);
    nn_free(steps);
    return NN_OK;
}

nn_status nn_manifest_record(const char *run_directory, uint64_t run, int64_t step, const void *bytes,
                             size_t size, int64_t keep_last)
{
    nn_manifest manifest;
    bool there;
    nn_status status;
    /* A damaged one starts empty; a missing or a foreign one was reported at the start. */
    status = nn_manifest_read(run_directory, &manifest, &there);
    if (status != NN_OK && status != NN_ERROR_CHECKPOINT) return status;
    manifest.run = run;
    NN_TRY_TO(done, status, nn_manifest_put(&manifest, step, bytes, size));
    if (step != NN_MANIFEST_BEST)
        NN_TRY_TO(done, status, manifest_drop_old(run_directory, &manifest, step, keep_last));
    status = nn_manifest_write(run_directory, &manifest);
done:
    nn_manifest_release(&manifest);
    return status;
}
