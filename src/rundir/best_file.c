#include "rundir/best_file.h"

#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "host/files.h"
#include "rundir/manifest.h"
#include "rundir/manifest_record.h"
#include "rundir/orphans.h"

#define BEST_PATH (NN_PATH_SIZE + 32)

nn_status nn_rundir_drop_later_best(const char *run_directory, const nn_run_state *state, int64_t *best_step)
{
    char path[BEST_PATH];
    int64_t step = 0;
    bool there;
    *best_step = -1;
    snprintf(path, sizeof path, "%s/" NN_KEPT_BEST, run_directory);
    NN_TRY(nn_file_exists(path, &there));
    if (!there) return NN_OK;
    nn_status status = nn_checkpoint_step(path, &step);
    if (status == NN_ERROR_CHECKPOINT) *best_step = NN_ORPHANS_UNKNOWN;
    if (status == NN_OK) *best_step = step;
    if (status == NN_ERROR_CHECKPOINT)
        nn_log_warning("cannot use the best weights so far: %s", nn_error_text());
    else if (status == NN_OK && (step > state->step || state->best_epoch == 0) && unlink(path) == 0)
        *best_step = -1;
    return status == NN_ERROR_CHECKPOINT ? NN_OK : status;
}

nn_status nn_rundir_lacks_best(const char *run_directory, const nn_checkpoint_parts *parts, bool *lacks)
{
    char path[BEST_PATH];
    int64_t step = 0, each = parts->stepper->plan.length.steps_per_epoch;
    const nn_run_state *state = parts->state;
    snprintf(path, sizeof path, "%s/" NN_KEPT_BEST, run_directory);
    *lacks = false;
    if (state->step % each != 0 || state->best_epoch != state->step / each) return NN_OK;
    nn_status status = nn_checkpoint_step(path, &step);
    if (status == NN_ERROR_IO || status == NN_ERROR_MEMORY) return status;
    *lacks = status != NN_OK || step != state->step;
    return NN_OK;
}

nn_status nn_rundir_restore_best(const char *run_directory, const nn_checkpoint_parts *parts, uint64_t run,
                                 const void *bytes, size_t size)
{
    char path[BEST_PATH];
    const nn_run_state *state = parts->state;
    snprintf(path, sizeof path, "%s/" NN_KEPT_BEST, run_directory);
    NN_TRY(nn_store_commit(path, bytes, size));
    const nn_manifest_written written = {.step = NN_MANIFEST_BEST,
                                         .bytes = bytes,
                                         .size = size,
                                         .of_step = state->step,
                                         .best_step = -1,
                                         .old_best_step = -1};
    if (nn_manifest_record(run_directory, run, &written, parts->stepper->settings->checkpoint.keep_last) !=
        NN_OK)
        nn_log_warning("%s; %s is saved anyway", nn_error_text(), path);
    return NN_OK;
}

nn_status nn_rundir_read_best(const char *run_directory, const nn_checkpoint_parts *parts, nn_real *weights)
{
    char path[BEST_PATH];
    void *bytes = NULL;
    size_t size = 0;
    int64_t step = 0;
    nn_store_file *file = NULL;
    snprintf(path, sizeof path, "%s/" NN_KEPT_BEST, run_directory);
    NN_TRY(nn_checkpoint_step(path, &step));
    if (step != parts->state->best_epoch * parts->stepper->plan.length.steps_per_epoch)
        NN_FAIL(NN_ERROR_CHECKPOINT, "%s is from step %lld, not from the best epoch", path, (long long)step);
    nn_status status = nn_store_read_sealed(path, &bytes, &size);
    if (status == NN_OK) status = nn_store_open_image(bytes, size, path, &file);
    if (status == NN_OK) status = nn_model_get_weights(parts->stepper->model, file, weights);
    nn_store_close(file);
    nn_free(bytes);
    return status;
}
