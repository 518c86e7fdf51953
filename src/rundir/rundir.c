#include "rundir/rundir.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/list.h"
#include "base/memory.h"
#include "boards/board.h"
#include "host/files.h"
#include "host/system.h"
#include "rundir/manifest.h"
#include "rundir/orphans.h"
#include "store/durable.h"
#include "store/kept.h"

static nn_status directory_make_one(const char *path)
{
    nn_patience patience = {0};
    int outcome;
    do {
        outcome = mkdir(path, 0777);
    } while (outcome != 0 && errno != EEXIST && nn_patience_lasts(&patience, errno, path));
    if (outcome == 0 || errno == EEXIST) return NN_OK;
    return nn_system_fail(NN_ERROR_IO, errno, "cannot create the folder %s", path);
}

/* Makes a folder and those above it. */
static nn_status directory_make(const char *path)
{
    char part[NN_PATH_SIZE];
    size_t length = strlen(path);
    if (length == 0 || length >= sizeof part)
        NN_FAIL(NN_ERROR_USAGE, "the run directory's name is empty or too long");
    for (size_t i = 1; i <= length; i++) {
        if (path[i] != '/' && path[i] != '\0') continue;
        memcpy(part, path, i);
        part[i] = '\0';
        NN_TRY(directory_make_one(part));
    }
    struct stat facts;
    bool there;
    NN_TRY(nn_file_look(path, &facts, &there));
    if (!there || !S_ISDIR(facts.st_mode))
        NN_FAIL(NN_ERROR_IO, "%s: is not a folder; move it away, or choose another folder with --run-dir",
                path);
    return NN_OK;
}

static bool directory_is_half_written(const char *name)
{
    static const char *const endings[] = {".h5" NN_STORE_TEMPORARY, ".jsonl" NN_STORE_TEMPORARY,
                                          ".yaml" NN_STORE_TEMPORARY, ".json" NN_STORE_TEMPORARY,
                                          NN_MANIFEST_NAME NN_STORE_TEMPORARY};
    size_t length = strlen(name);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t end = strlen(endings[i]);
        if (length >= end && strcmp(name + length - end, endings[i]) == 0) return true;
    }
    return false;
}

/* What stays only costs space. */
static nn_status directory_sweep(const char *path)
{
    char name[NN_PATH_SIZE + 300];
    nn_text_list names;
    bool there;
    NN_TRY(nn_folder_list(path, &names, &there));
    for (size_t i = 0; i < names.count; i++) {
        if (!directory_is_half_written(names.items[i])) continue;
        snprintf(name, sizeof name, "%s/%s", path, names.items[i]);
        unlink(name);
    }
    nn_list_release(&names);
    return NN_OK;
}

nn_status nn_rundir_sweep(const char *path)
{
    char folder[NN_PATH_SIZE + 32];
    snprintf(folder, sizeof folder, "%s/" NN_KEPT_FOLDER, path);
    NN_TRY(directory_sweep(path));
    return directory_sweep(folder);
}

/* ---- files of steps with NaN or Inf ---- */

/* The step of such a file; -1: the name is that of another. */
static int64_t directory_nonfinite_step(const char *name)
{
    int64_t step;
    int end = 0;
    bool is = sscanf(name, NN_RUNDIR_NONFINITE "%n", &step, &end) == 1 && end > 0 && !name[end];
    return is ? step : -1;
}

int nn_rundir_count_nonfinite(const char *path, int64_t but)
{
    int files = 0;
    nn_text_list names;
    bool there;
    if (nn_folder_list(path, &names, &there) != NN_OK) return -1;
    for (size_t i = 0; i < names.count; i++) {
        int64_t step = directory_nonfinite_step(names.items[i]);
        files += step >= 0 && step != but;
    }
    nn_list_release(&names);
    return files;
}

/* One that stays only costs space. */
static nn_status directory_remove_nonfinite(const char *path)
{
    char name[NN_PATH_SIZE + 300];
    nn_text_list names;
    bool there;
    NN_TRY(nn_folder_list(path, &names, &there));
    for (size_t i = 0; i < names.count; i++) {
        if (directory_nonfinite_step(names.items[i]) < 0) continue;
        snprintf(name, sizeof name, "%s/%s", path, names.items[i]);
        unlink(name);
    }
    nn_list_release(&names);
    return NN_OK;
}

/* ---- all of it ---- */

/* The other files of best weights: a file that only looks like one is somebody's copy, and stays. */
static nn_status directory_remove_listed_best(const char *path)
{
    char name[NN_PATH_SIZE];
    nn_manifest manifest;
    bool there;
    nn_status status = nn_manifest_read(path, &manifest, &there);
    if (status != NN_OK && status != NN_ERROR_CHECKPOINT) return status;
    status = NN_OK;
    for (size_t i = 0; i < manifest.count && status == NN_OK; i++) {
        if (manifest.entries[i].step != NN_MANIFEST_BEST) continue;
        nn_manifest_entry_path(path, &manifest.entries[i], name);
        if (unlink(name) != 0 && errno != ENOENT)
            status = nn_fail(NN_ERROR_IO, "%s: cannot be removed: %s", name, strerror(errno));
    }
    nn_manifest_release(&manifest);
    return status;
}

nn_status nn_rundir_empty(const char *path)
{
    static const char *const files[] = {NN_KEPT_BEST,   "metrics.jsonl", "config.yaml",      NN_MANIFEST_NAME,
                                        NN_KEPT_STATUS, NN_KEPT_RESULTS, NN_KEPT_EVALUATION, "metrics.csv"};
    int64_t *steps;
    size_t count;
    char name[NN_PATH_SIZE + 32];
    NN_TRY(directory_remove_nonfinite(path));
    NN_TRY(directory_remove_listed_best(path));
    NN_TRY(nn_kept_list(path, &steps, &count));
    nn_status status = NN_OK;
    for (size_t i = 0; i < count && status == NN_OK; i++) {
        nn_kept_path(path, steps[i], name);
        if (unlink(name) != 0)
            status = nn_fail(NN_ERROR_IO, "%s: cannot be removed: %s", name, strerror(errno));
    }
    nn_free(steps);
    if (status == NN_OK) status = nn_orphans_remove_all(path);
    if (status == NN_OK) status = nn_board_remove_events(path);
    for (size_t i = 0; i < sizeof files / sizeof *files && status == NN_OK; i++) {
        snprintf(name, sizeof name, "%s/%s", path, files[i]);
        if (unlink(name) != 0 && errno != ENOENT)
            status = nn_fail(NN_ERROR_IO, "%s: cannot be removed: %s", name, strerror(errno));
    }
    return status;
}

nn_status nn_rundir_check_lease(const nn_rundir *directory)
{
    nn_status status = directory->lease ? nn_lease_check(directory->lease) : NN_OK;
    if (status == NN_OK || status == NN_ERROR_BUSY) return status;
    nn_error_clear();
    return NN_OK;
}

nn_status nn_rundir_open(nn_rundir *directory)
{
    char folder[NN_PATH_SIZE + 32];
    const char *path = directory->path;
    NN_TRY(directory_make(path));
    if (access(path, W_OK | X_OK) != 0)
        NN_FAIL(NN_ERROR_IO, "%s: cannot be written: %s; choose another folder with --run-dir", path,
                strerror(errno));
    NN_TRY(nn_lease_take(path, &directory->lease));
    snprintf(folder, sizeof folder, "%s/" NN_KEPT_FOLDER, path);
    NN_TRY(directory_make(folder));
    return nn_rundir_sweep(path);
}

void nn_rundir_close(nn_rundir *directory)
{
    nn_shard_writer_destroy(directory->shard_writer);
    nn_writer_destroy(directory->writer);
    nn_write_job_release(&directory->pending.job);
    nn_shards_destroy(directory->shards);
    nn_lease_release(directory->lease);
    directory->shard_writer = NULL;
    directory->writer = NULL;
    directory->shards = NULL;
    directory->lease = NULL;
}
