#include "rundir/best_file.h"

#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "host/files.h"
#include "rundir/manifest.h"
#include "rundir/manifest_record.h"
#include "rundir/orphans.h"

static void best_path(const char *run_directory, const nn_checkpoint_parts *parts, int rule,
                      char path[NN_PATH_SIZE])
{
    nn_manifest_best_path(run_directory, parts->bests->items[rule].file, path);
}

static nn_status best_drop_later(const char *path, int64_t last, bool any, int64_t *best_step)
{
    int64_t step = 0;
    bool there;
    NN_TRY(nn_file_exists(path, &there));
    if (!there) return NN_OK;
    nn_status status = nn_checkpoint_step(path, &step);
    if (status == NN_ERROR_CHECKPOINT) *best_step = NN_ORPHANS_UNKNOWN;
    if (status == NN_OK) *best_step = step;
    if (status == NN_ERROR_CHECKPOINT)
        nn_log_warning("cannot use the best weights so far: %s", nn_error_text());
    else if (status == NN_OK && (step > last || !any) && unlink(path) == 0)
        *best_step = -1;
    return status == NN_ERROR_CHECKPOINT ? NN_OK : status;
}

nn_status nn_rundir_drop_later_best(const char *run_directory, const nn_checkpoint_parts *parts,
                                    int64_t best_steps[NN_KEPT_BESTS])
{
    const nn_run_state *state = parts->state;
    for (int i = 0; i < NN_KEPT_BESTS; i++) best_steps[i] = -1;
    for (int i = 0; i < parts->bests->count; i++) {
        char path[NN_PATH_SIZE];
        best_path(run_directory, parts, i, path);
        NN_TRY(best_drop_later(path, state->step, state->best[i].step > 0, &best_steps[i]));
    }
    return NN_OK;
}

nn_status nn_rundir_lacks_best(const char *run_directory, const nn_checkpoint_parts *parts, unsigned *lacks)
{
    unsigned best = nn_checkpoint_is_best(parts);
    *lacks = 0;
    for (int i = 0; i < parts->bests->count; i++) {
        char path[NN_PATH_SIZE];
        int64_t step = 0;
        if (!(best & 1U << i)) continue;
        best_path(run_directory, parts, i, path);
        nn_status status = nn_checkpoint_step(path, &step);
        if (status == NN_ERROR_IO || status == NN_ERROR_MEMORY) return status;
        if (status != NN_OK || step != parts->state->step) *lacks |= 1U << i;
    }
    return NN_OK;
}

nn_status nn_rundir_restore_best(const char *run_directory, const nn_checkpoint_parts *parts, unsigned lacks,
                                 uint64_t run, const void *bytes, size_t size)
{
    for (int i = 0; i < parts->bests->count; i++) {
        char path[NN_PATH_SIZE];
        if (!(lacks & 1U << i)) continue;
        best_path(run_directory, parts, i, path);
        NN_TRY(nn_store_commit(path, bytes, size));
        const nn_manifest_written written = {.best = parts->bests->items[i].file,
                                             .bytes = bytes,
                                             .size = size,
                                             .of_step = parts->state->step,
                                             .old_best_step = -1};
        if (nn_manifest_record(run_directory, run, &written,
                               parts->stepper->settings->checkpoint.keep_last) != NN_OK)
            nn_log_warning("%s; %s is saved anyway", nn_error_text(), path);
    }
    return NN_OK;
}

nn_status nn_rundir_read_best(const char *run_directory, const nn_checkpoint_parts *parts, nn_real *weights,
                              char fingerprint[NN_FINGERPRINT_TEXT])
{
    char path[NN_PATH_SIZE];
    void *bytes = NULL;
    size_t size = 0;
    int64_t step = 0;
    nn_store_file *file = NULL;
    char *text = NULL;
    best_path(run_directory, parts, 0, path);
    NN_TRY(nn_checkpoint_step(path, &step));
    if (step != parts->state->best[0].step)
        NN_FAIL(NN_ERROR_CHECKPOINT, "%s is from step %lld, but the best weights are from step %lld", path,
                (long long)step, (long long)parts->state->best[0].step);
    nn_status status = nn_store_read_sealed(path, &bytes, &size);
    if (status == NN_OK) status = nn_store_open_image(bytes, size, path, &file);
    if (status == NN_OK) status = nn_model_get_weights(parts->stepper->model, file, weights);
    if (status == NN_OK) status = nn_store_read_text(file, "@fingerprint", &text);
    if (status == NN_OK) snprintf(fingerprint, NN_FINGERPRINT_TEXT, "%s", text);
    nn_free(text);
    nn_store_close(file);
    nn_free(bytes);
    return status;
}
