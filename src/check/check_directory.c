/* The run directory of a job that is to be started: it is inspected, never written. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/format.h"
#include "base/list.h"
#include "base/log.h"
#include "base/memory.h"
#include "check/check.h"
#include "host/clock.h"
#include "host/files.h"
#include "rundir/compare.h"
#include "rundir/fallback.h"
#include "store/sharded.h"
#include "train/extent.h"

/* Bytes of the write that measures the speed of a disk. */
#define DISK_PROBE ((size_t)8 << 20)

/* ---- who may write ---- */

/* The directory, or the nearest existing one above it. *exists: it is the directory itself. */
static nn_status directory_nearest(const char *path, char nearest[NN_PATH_SIZE], bool *exists)
{
    bool there;
    snprintf(nearest, NN_PATH_SIZE, "%s", path);
    NN_TRY(nn_file_exists(nearest, exists));
    for (there = *exists; !there;) {
        char *slash = strrchr(nearest, '/');
        if (!slash) snprintf(nearest, NN_PATH_SIZE, ".");
        if (slash == nearest) nearest[1] = '\0';
        if (slash && slash != nearest) *slash = '\0';
        if (!slash || slash == nearest) return NN_OK;
        NN_TRY(nn_file_exists(nearest, &there));
    }
    return NN_OK;
}

static nn_status directory_check_access(const char *path, const char *nearest, bool exists)
{
    struct stat facts;
    const char *name = exists ? path : nearest;
    bool there;
    NN_TRY(nn_file_look(name, &facts, &there));
    if (!there || !S_ISDIR(facts.st_mode))
        NN_FAIL(NN_ERROR_IO, "%s: is not a folder; move it away, or choose another folder with --run-dir",
                name);
    int needed = exists ? R_OK | W_OK | X_OK : W_OK | X_OK;
    if (access(name, needed) == 0) return NN_OK;
    NN_FAIL(NN_ERROR_IO, "%s: cannot be %s: %s; choose another folder with --run-dir", path,
            exists ? "read and written" : "made", strerror(errno));
}

void nn_check_directory(nn_check *check)
{
    const nn_job *job = check->run.job;
    char *nearest = check->forecast->disk_place;
    int64_t *steps = NULL;
    size_t count = 0;
    bool exists = false;
    if (!nn_check_collect(check, directory_nearest(job->run_directory, nearest, &exists))) return;
    if (!nn_check_collect(check, directory_check_access(job->run_directory, nearest, exists)) || !exists)
        return;
    /* Of many runs, some may be in progress. */
    if (!check->request->brief) nn_check_collect(check, nn_lease_look(job->run_directory));
    nn_check_collect(check, nn_kept_list(job->run_directory, &steps, &count));
    check->resumes = count > 0 && !job->fresh;
    nn_free(steps);
}

/* ---- what is there ---- */

/* The login node often differs from the nodes of the job: only a warning. */
static nn_status resume_compare_machine(const nn_run *run, nn_store_file *file)
{
    int64_t samples[NN_PARTS];
    nn_machine machine = {0};
    nn_text what = {0};
    bool differs = false;
    if (!run->model || !nn_store_has(file, NN_MACHINE_PARTS)) return NN_OK;
    for (int p = 0; p < NN_PARTS; p++) samples[p] = nn_dataset_count(run->data, (nn_part)p);
    nn_status status = nn_machine_try(&run->settings, run->model, &run->plan, samples, &machine);
    if (status == NN_OK) status = nn_machine_compare(&machine, file, &differs, &what);
    bool plugin = what.bytes && strncmp(what.bytes, NN_MACHINE_PLUGIN, strlen(NN_MACHINE_PLUGIN)) == 0;
    if (status == NN_OK && differs && run->settings.training.machine == NN_MACHINE_SAME)
        nn_log_warning("%s %s; the difference: %s\n"
                       "  a job %s is refused, or accepts different bits with --set training.machine=any",
                       plugin ? "another plug-in may compute different bits from the one of"
                              : "this machine computes different bits from the one that saved",
                       nn_store_path(file), what.bytes ? what.bytes : "",
                       plugin ? "with it" : "on nodes of this kind");
    nn_machine_release(&machine);
    nn_text_free(&what);
    return status;
}

/* The checkpoint from which training would resume, found as training finds it. Without data only the settings
 * can be compared. */
static nn_status resume_find(const nn_run *run, char path[NN_PATH_SIZE], nn_kept_checkpoint *found)
{
    nn_checkpoint_parts parts = {.config = run->config};
    if (run->data) {
        parts.data_identity = nn_dataset_identity(run->data);
        parts.data_lines = nn_dataset_identity_lines(run->data);
        parts.names = nn_dataset_names(run->data);
        return nn_fallback_find(run->job, &parts, path, found, NULL);
    }
    NN_TRY(nn_kept_newest(run->job->run_directory, path, &found->bytes, &found->size));
    if (!found->bytes) return NN_OK;
    NN_TRY(nn_store_open_image(found->bytes, found->size, path, &found->file));
    return nn_checkpoint_compare(&parts, found->file);
}

/* Where the run is, in the checkpoint that it would continue from. */
static nn_status resume_look(nn_check *check)
{
    nn_run *run = &check->run;
    char path[NN_PATH_SIZE];
    int64_t state[NN_KEPT_STATE] = {0};
    nn_kept_checkpoint found = {0};
    nn_status status;
    NN_TRY_TO(done, status, resume_find(run, path, &found));
    if (!found.file) goto done;
    NN_TRY_TO(done, status,
              nn_store_read_verified(found.file, NN_KEPT_STATE_NAME, NN_STORE_I64, NN_KEPT_STATE, state));
    NN_TRY_TO(done, status, nn_watch_get(found.file, &run->state.watch));
    status = resume_compare_machine(run, found.file);
    check->forecast->steps_done = run->state.step = state[0];
done:
    nn_kept_close(&found);
    return status;
}

/* The rest of the run: whether it has ended, and how the schedule continues. */
static void resume_plan(nn_check *check)
{
    nn_run *run = &check->run;
    check->forecast->has_ended =
        nn_early_ends(&run->settings.training.early_stopping, &run->state.watch.early);
    if (check->knows_samples && run->settings.schedule_options && run->settings.optimizer_options)
        nn_extent_plan(run);
}

void nn_check_resume(nn_check *check)
{
    nn_run *run = &check->run;
    bool there = false;
    if (run->job->fresh) return;
    if (!nn_check_collect(check, nn_file_exists(run->job->run_directory, &there)) || !there) return;
    if (run->data && !nn_check_collect(check, nn_dataset_identify(run->comm, run->data))) return;
    if (nn_check_collect_whole(check, resume_look(check)) && run->state.step > 0) resume_plan(check);
}

/* ---- the disk ---- */

static double disk_file_size(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 ? (double)facts.st_size : 0;
}

/* Of the files of checkpoints in parts. */
static double disk_of_shards(const char *run_directory)
{
    char folder[NN_PATH_SIZE], path[NN_PATH_SIZE + 300];
    nn_text_list names;
    double bytes = 0;
    int64_t step;
    int index, count;
    bool there;
    snprintf(folder, sizeof folder, "%.4000s/" NN_KEPT_FOLDER, run_directory);
    if (nn_folder_list(folder, &names, &there) != NN_OK) nn_error_clear();
    for (size_t i = 0; i < names.count; i++) {
        if (!nn_sharded_is_name(names.items[i], &step, &index, &count)) continue;
        snprintf(path, sizeof path, "%s/%s", folder, names.items[i]);
        bytes += disk_file_size(path);
    }
    nn_list_release(&names);
    return bytes;
}

/* Bytes of the existing checkpoints, which new ones replace. */
static double disk_in_use(const char *run_directory)
{
    char path[NN_PATH_SIZE];
    int64_t *steps = NULL;
    size_t count = 0;
    nn_text_list best;
    double bytes = 0;
    if (nn_kept_list_best(run_directory, &best) != NN_OK) nn_error_clear();
    for (size_t i = 0; i < best.count; i++) {
        snprintf(path, sizeof path, "%.3900s/%s", run_directory, best.items[i]);
        bytes += disk_file_size(path);
    }
    nn_list_release(&best);
    if (nn_kept_list(run_directory, &steps, &count) != NN_OK) nn_error_clear();
    for (size_t i = 0; i < count; i++) {
        nn_kept_path(run_directory, steps[i], path);
        bytes += disk_file_size(path);
    }
    nn_free(steps);
    return bytes + disk_of_shards(run_directory);
}

/* Seconds until this many bytes of an unnamed file are on the disk; 0: it cannot be written. */
static double disk_time(const char *folder, size_t size)
{
    char path[NN_PATH_SIZE + 32], *bytes = NULL;
    snprintf(path, sizeof path, "%s/.nntrain-check-XXXXXX", folder);
    if (nn_allocate((void **)&bytes, size, 1, "a test of the disk") != NN_OK) return 0;
    for (size_t i = 0; i < size; i += 8) bytes[i] = (char)(i >> 3); /* no run of zeros */
    double began = nn_seconds(), seconds = 0;
    int file = mkstemp(path);
    if (file >= 0) {
        unlink(path);
        bool written = write(file, bytes, size) == (ssize_t)size && fsync(file) == 0;
        seconds = written ? nn_seconds() - began : 0;
        close(file);
    }
    nn_free(bytes);
    return seconds;
}

static nn_status disk_check_room(const nn_check *check)
{
    const nn_forecast *forecast = check->forecast;
    char needed[NN_FORMAT_SIZE], left[NN_FORMAT_SIZE];
    if (forecast->disk_needed <= forecast->disk_free) return NN_OK;
    NN_FAIL(NN_ERROR_IO,
            "%s: has %s free, but checkpoints take %s (keep_last: %lld, one being written, and the "
            "best): free some space, choose another folder with --run-dir, or lower checkpoint.keep_last",
            forecast->disk_place, nn_format_bytes(left, forecast->disk_free),
            nn_format_bytes(needed, forecast->disk_needed),
            (long long)check->run.settings.checkpoint.keep_last);
}

void nn_check_disk(nn_check *check)
{
    nn_forecast *forecast = check->forecast;
    struct statvfs room;
    const nn_checkpoint_options *options = &check->run.settings.checkpoint;
    double best = forecast->validation > 0 ? (double)options->best.count : 0;
    double kept = (double)options->keep_last + 1 + best;
    if (statvfs(forecast->disk_place, &room) != 0) return;
    forecast->disk_free = (double)room.f_bavail * (double)room.f_frsize;
    forecast->disk_needed = kept * forecast->checkpoint_size - disk_in_use(check->run.job->run_directory);
    nn_check_collect(check, disk_check_room(check));
    forecast->disk_latency = disk_time(forecast->disk_place, 4096);
    double seconds = disk_time(forecast->disk_place, DISK_PROBE);
    forecast->disk_measured = forecast->disk_latency > 0 && seconds > 0;
    if (!forecast->disk_measured) return;
    forecast->disk_rate = (double)DISK_PROBE / seconds;
    /* Nodes write at the same time, then rank 0 the file that lists what they have written. */
    int files = forecast->shards > 0 ? 2 : 1, writers = forecast->shards > 0 ? forecast->shards : 1;
    forecast->save_seconds =
        files * forecast->disk_latency + forecast->checkpoint_size / writers / forecast->disk_rate;
}
