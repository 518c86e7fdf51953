#include "rundir/manifest_record.h"

#include "base/log.h"
#include "base/memory.h"
#include "host/files.h"

/* What cannot be looked at stays listed. */
static bool manifest_has_lost(const char *run_directory, const nn_manifest_entry *entry)
{
    char path[NN_PATH_SIZE];
    bool there;
    nn_manifest_entry_path(run_directory, entry, path);
    return nn_file_exists(path, &there) == NN_OK && !there;
}

static void manifest_drop_gone(const char *run_directory, nn_manifest *manifest)
{
    for (size_t i = manifest->count; i-- > 0;) {
        nn_manifest_entry listed = manifest->entries[i];
        if (manifest_has_lost(run_directory, &listed))
            nn_manifest_remove(manifest, listed.step, listed.best[0] ? listed.best : NULL);
    }
}

static bool manifest_is_of_best(const nn_manifest_written *written, int64_t step)
{
    for (int i = 0; i < written->best_count; i++)
        if (written->best_steps[i] == step) return true;
    return false;
}

static nn_status manifest_put_shards(nn_manifest *manifest, int64_t step, const nn_shard *shards, int count)
{
    for (int i = 0; i < count; i++) {
        nn_manifest_shard entry = {step, i, count, shards[i].size, shards[i].seal};
        NN_TRY(nn_manifest_put_shard(manifest, &entry));
    }
    return NN_OK;
}

static nn_status manifest_list_shards(nn_manifest *manifest, const nn_kept_checkpoint *from)
{
    nn_sharded *sharded;
    if (!nn_sharded_is(from->file)) return NN_OK;
    NN_TRY(nn_sharded_open(from->file, &sharded));
    const nn_sharded_content *content = nn_sharded_content_of(sharded);
    nn_status status = manifest_put_shards(manifest, from->step, content->shards, content->shard_count);
    nn_sharded_close(sharded);
    return status;
}

static nn_status manifest_go_on(const char *run_directory, nn_manifest *manifest,
                                const nn_kept_checkpoint *from, const nn_damaged *damaged)
{
    bool there;
    nn_status status = nn_manifest_read(run_directory, manifest, &there);
    if (status == NN_ERROR_CHECKPOINT) status = NN_OK; /* already reported: it starts empty */
    NN_TRY(status);
    manifest_drop_gone(run_directory, manifest);
    for (size_t i = 0; i < damaged->count; i++) {
        nn_manifest_remove(manifest, damaged->steps[i], NULL);
        nn_manifest_remove_shards(manifest, damaged->steps[i]);
    }
    if (manifest_has_lost(run_directory, &(nn_manifest_entry){.step = from->step})) return NN_OK;
    NN_TRY(nn_manifest_put(manifest, from->step, NULL, from->bytes, from->size));
    return manifest_list_shards(manifest, from);
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

/* Drops the checkpoints beyond the newest `keep_last` of those up to that step, and all older shards. */
static nn_status manifest_drop_old(const char *run_directory, nn_manifest *manifest,
                                   const nn_manifest_written *written, int64_t keep_last)
{
    int64_t *steps, kept = 0, oldest = written->step;
    size_t count;
    manifest_drop_gone(run_directory, manifest);
    NN_TRY(nn_kept_list(run_directory, &steps, &count));
    for (size_t i = 0; i < count; i++) {
        if (steps[i] > written->step) continue;
        if (kept++ < keep_last)
            oldest = steps[i];
        else
            nn_manifest_remove(manifest, steps[i], NULL);
    }
    nn_free(steps);
    for (size_t i = 0; i < manifest->shard_count;) {
        int64_t step = manifest->shards[i].step;
        if (step < oldest && !manifest_is_of_best(written, step))
            nn_manifest_remove_shards(manifest, step); /* others move up */
        else
            i++;
    }
    return NN_OK;
}

nn_status nn_manifest_record(const char *run_directory, uint64_t run, const nn_manifest_written *written,
                             int64_t keep_last)
{
    nn_manifest manifest;
    bool there;
    nn_status status;
    /* A damaged one starts empty; a missing or a foreign one was reported at the start. */
    status = nn_manifest_read(run_directory, &manifest, &there);
    if (status != NN_OK && status != NN_ERROR_CHECKPOINT) return status;
    manifest.run = run;
    NN_TRY_TO(done, status,
              nn_manifest_put(&manifest, written->step, written->best, written->bytes, written->size));
    NN_TRY_TO(done, status,
              manifest_put_shards(&manifest, written->of_step, written->shards, written->shard_count));
    if (!written->best)
        NN_TRY_TO(done, status, manifest_drop_old(run_directory, &manifest, written, keep_last));
    else if (!manifest_is_of_best(written, written->old_best_step) &&
             !nn_manifest_find(&manifest, written->old_best_step, NULL))
        nn_manifest_remove_shards(&manifest, written->old_best_step);
    status = nn_manifest_write(run_directory, &manifest);
done:
    nn_manifest_release(&manifest);
    return status;
}
