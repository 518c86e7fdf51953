/* Checkpoints in a run directory. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/memory.h"
#include "model/find.h"

static int newest_compare(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return left < right ? 1 : left > right ? -1 : 0;
}

/* Appends a step to a growing list. */
static nn_status newest_push(int64_t **steps, size_t *count, int64_t step)
{
    if ((*count & (*count - 1)) == 0)
        NN_TRY(nn_reallocate((void **)steps, *count, *count ? *count * 2 : 1, sizeof **steps,
                             "a list of checkpoints"));
    (*steps)[(*count)++] = step;
    return NN_OK;
}

nn_status nn_checkpoint_list(const char *run_directory, int64_t **steps, size_t *count)
{
    char folder[NN_PATH_SIZE];
    *steps = NULL;
    *count = 0;
    snprintf(folder, sizeof folder, "%s/" NN_CHECKPOINT_FOLDER, run_directory);
    DIR *directory = opendir(folder);
    if (!directory) {
        if (errno == ENOENT) return NN_OK;
        NN_FAIL(NN_ERROR_IO, "%s: cannot be listed: %s", folder, strerror(errno));
    }
    nn_status status = NN_OK;
    for (struct dirent *entry; status == NN_OK && (entry = readdir(directory));) {
        int64_t step;
        int end = 0;
        if (sscanf(entry->d_name, "step-%" SCNd64 ".h5%n", &step, &end) == 1 && end > 0 &&
            !entry->d_name[end])
            status = newest_push(steps, count, step);
    }
    closedir(directory);
    if (*count) qsort(*steps, *count, sizeof **steps, newest_compare);
    return status;
}

void nn_checkpoint_path(const char *run_directory, int64_t step, char path[NN_PATH_SIZE])
{
    snprintf(path, NN_PATH_SIZE, "%s/" NN_CHECKPOINT_FOLDER "/step-%010" PRId64 ".h5", run_directory, step);
}

static nn_status find_open(const char *path, nn_checkpoint_opened *opened)
{
    int64_t state[NN_CHECKPOINT_STATE];
    NN_TRY(nn_store_read_sealed(path, &opened->bytes, &opened->size));
    NN_TRY(nn_store_open_image(opened->bytes, opened->size, path, &opened->file));
    NN_TRY(nn_store_read_verified(opened->file, NN_CHECKPOINT_STATE_NAME, NN_STORE_I64, NN_CHECKPOINT_STATE,
                                  state));
    opened->step = state[0];
    return NN_OK;
}

nn_status nn_checkpoint_open(const char *path, int64_t step, nn_checkpoint_opened *opened)
{
    *opened = (nn_checkpoint_opened){0};
    NN_TRY(find_open(path, opened));
    if (step >= 0 && opened->step != step)
        NN_FAIL(NN_ERROR_CHECKPOINT,
                "%s is the checkpoint of step %" PRId64 ", not of step %" PRId64
                ": files were exchanged; give it its own name, or use another one",
                path, opened->step, step);
    return NN_OK;
}

void nn_checkpoint_close(nn_checkpoint_opened *opened)
{
    nn_store_close(opened->file);
    nn_free(opened->bytes);
    *opened = (nn_checkpoint_opened){0};
}

/* Its bytes, if it is whole. */
static nn_status find_take(const char *path, int64_t step, void **bytes, size_t *size)
{
    nn_checkpoint_opened opened;
    nn_status status = nn_checkpoint_open(path, step, &opened);
    if (status == NN_OK) {
        *bytes = opened.bytes;
        *size = opened.size;
        nn_store_close(opened.file);
    } else {
        nn_checkpoint_close(&opened);
    }
    return status;
}

nn_status nn_checkpoint_newest(const char *run_directory, char path[NN_PATH_SIZE], void **bytes, size_t *size)
{
    int64_t *steps = NULL;
    size_t count = 0;
    *bytes = NULL;
    nn_status status = nn_checkpoint_list(run_directory, &steps, &count);
    size_t i = 0;
    for (; status == NN_OK && i < count; i++) {
        nn_checkpoint_path(run_directory, steps[i], path);
        if (find_take(path, steps[i], bytes, size) == NN_OK) break;
        nn_log_warning("%s; falling back to the checkpoint before", nn_error_text());
    }
    nn_free(steps);
    if (status == NN_OK && count > 0 && i == count)
        NN_FAIL(NN_ERROR_CHECKPOINT,
                "%s: none of the %zu checkpoints is whole; restore one from a copy (nntrain verify %s tells "
                "what is wrong with each)",
                run_directory, count, run_directory);
    return status;
}

nn_status nn_saved_find(const char *run_or_checkpoint, char path[NN_PATH_SIZE], void **bytes, size_t *size)
{
    struct stat facts;
    if (stat(run_or_checkpoint, &facts) != 0)
        NN_FAIL(NN_ERROR_USAGE, "%s: there is no such run directory or checkpoint", run_or_checkpoint);
    if (!S_ISDIR(facts.st_mode)) {
        snprintf(path, NN_PATH_SIZE, "%s", run_or_checkpoint);
        return nn_store_read_sealed(path, bytes, size);
    }
    snprintf(path, NN_PATH_SIZE, "%.4000s/" NN_CHECKPOINT_BEST, run_or_checkpoint);
    if (stat(path, &facts) == 0) {
        if (nn_store_read_sealed(path, bytes, size) == NN_OK) return NN_OK;
        nn_log_warning("%s; using the newest checkpoint instead", nn_error_text());
    }
    NN_TRY(nn_checkpoint_newest(run_or_checkpoint, path, bytes, size));
    if (!*bytes)
        NN_FAIL(NN_ERROR_USAGE, "%s: has no checkpoint; is it a run directory of nntrain?",
                run_or_checkpoint);
    return NN_OK;
}
