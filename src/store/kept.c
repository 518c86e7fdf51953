/* Finds and opens the checkpoints of a run directory. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/list.h"
#include "base/log.h"
#include "base/memory.h"
#include "host/files.h"
#include "store/kept.h"
#include "store/sharded.h"

static int kept_compare(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return left < right ? 1 : left > right ? -1 : 0;
}

/* Appends a step to a growing list. */
static nn_status kept_push(int64_t **steps, size_t *count, int64_t step)
{
    if ((*count & (*count - 1)) == 0)
        NN_TRY(nn_reallocate((void **)steps, *count, *count ? *count * 2 : 1, sizeof **steps,
                             "a list of checkpoints"));
    (*steps)[(*count)++] = step;
    return NN_OK;
}

nn_status nn_kept_list(const char *run_directory, int64_t **steps, size_t *count)
{
    char folder[NN_PATH_SIZE];
    nn_text_list names;
    bool there;
    *steps = NULL;
    *count = 0;
    snprintf(folder, sizeof folder, "%s/" NN_KEPT_FOLDER, run_directory);
    NN_TRY(nn_folder_list(folder, &names, &there));
    nn_status status = NN_OK;
    for (size_t i = 0; i < names.count && status == NN_OK; i++) {
        int64_t step;
        int end = 0;
        if (sscanf(names.items[i], "step-%" SCNd64 ".h5%n", &step, &end) == 1 && end > 0 &&
            !names.items[i][end])
            status = kept_push(steps, count, step);
    }
    nn_list_release(&names);
    if (*count) qsort(*steps, *count, sizeof **steps, kept_compare);
    return status;
}

void nn_kept_name_best(const char *result, char name[NN_KEPT_NAME])
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    int length = (int)strcspn(result, " (");
    snprintf(name, NN_KEPT_NAME, NN_KEPT_BEST_OTHER "%.*s.h5", length < 80 ? length : 80, result);
    for (char *at = name; *at; at++)
        if (!strchr(allowed, *at)) *at = '-';
}

bool nn_kept_is_best(const char *name)
{
    size_t length = strlen(name), before = strlen(NN_KEPT_BEST_OTHER);
    if (strcmp(name, NN_KEPT_BEST) == 0) return true;
    return length > before + 3 && length < NN_KEPT_NAME && strcmp(name + length - 3, ".h5") == 0 &&
           strncmp(name, NN_KEPT_BEST_OTHER, before) == 0;
}

static int kept_compare_best(const void *a, const void *b)
{
    const char *left = *(char *const *)a, *right = *(char *const *)b;
    bool left_first = strcmp(left, NN_KEPT_BEST) == 0, right_first = strcmp(right, NN_KEPT_BEST) == 0;
    return left_first != right_first ? (int)right_first - (int)left_first : strcmp(left, right);
}

nn_status nn_kept_list_best(const char *run_directory, nn_text_list *names)
{
    bool there;
    size_t kept = 0;
    NN_TRY(nn_folder_list(run_directory, names, &there));
    for (size_t i = 0; i < names->count; i++)
        if (nn_kept_is_best(names->items[i]))
            names->items[kept++] = names->items[i];
        else
            nn_free(names->items[i]);
    names->count = kept;
    if (kept > 0) qsort(names->items, kept, sizeof *names->items, kept_compare_best);
    return NN_OK;
}

void nn_kept_path(const char *run_directory, int64_t step, char path[NN_PATH_SIZE])
{
    snprintf(path, NN_PATH_SIZE, "%s/" NN_KEPT_FOLDER "/step-%010" PRId64 ".h5", run_directory, step);
}

/* Fails unless there is a regular file of this name: NN_ERROR_CHECKPOINT, as this is not an error of the
 * system. */
static nn_status kept_expect_file(const char *path)
{
    struct stat facts;
    bool there;
    NN_TRY(nn_file_look(path, &facts, &there));
    if (!there) NN_FAIL(NN_ERROR_CHECKPOINT, "%s does not exist", path);
    if (!S_ISREG(facts.st_mode))
        NN_FAIL(NN_ERROR_CHECKPOINT, "%s is not a checkpoint but a %s; move it away", path,
                S_ISDIR(facts.st_mode) ? "folder" : "pipe, socket or device");
    return NN_OK;
}

static nn_status kept_open_image(const char *path, nn_kept_checkpoint *opened)
{
    int64_t state[NN_KEPT_STATE];
    NN_TRY(nn_store_open_image(opened->bytes, opened->size, path, &opened->file));
    NN_TRY(nn_store_read_verified(opened->file, NN_KEPT_STATE_NAME, NN_STORE_I64, NN_KEPT_STATE, state));
    opened->step = state[0];
    return NN_OK;
}

nn_status nn_kept_read(const char *path, void **bytes, size_t *size)
{
    *bytes = NULL;
    *size = 0;
    NN_TRY(kept_expect_file(path));
    return nn_store_read_sealed(path, bytes, size);
}

/* Once the bytes are in memory, any failure except lack of memory is a fault of the checkpoint. */
static nn_status kept_open(const char *path, nn_kept_checkpoint *opened)
{
    NN_TRY(nn_kept_read(path, &opened->bytes, &opened->size));
    nn_status status = kept_open_image(path, opened);
    return status == NN_OK || status == NN_ERROR_MEMORY ? status : NN_ERROR_CHECKPOINT;
}

nn_status nn_kept_open(const char *path, int64_t step, nn_kept_checkpoint *opened)
{
    *opened = (nn_kept_checkpoint){0};
    NN_TRY(kept_open(path, opened));
    if (step >= 0 && opened->step != step)
        NN_FAIL(NN_ERROR_CHECKPOINT,
                "%s is the checkpoint of step %" PRId64 ", not of step %" PRId64
                ": files were swapped; rename it, or use another one",
                path, opened->step, step);
    return NN_OK;
}

void nn_kept_close(nn_kept_checkpoint *opened)
{
    nn_store_close(opened->file);
    nn_free(opened->bytes);
    *opened = (nn_kept_checkpoint){0};
}

nn_status nn_kept_check_shards(nn_store_file *file)
{
    nn_sharded *sharded;
    if (!nn_sharded_is(file)) return NN_OK;
    NN_TRY(nn_sharded_open(file, &sharded));
    nn_status status = nn_sharded_check(sharded);
    nn_sharded_close(sharded);
    return status;
}

/* Returns the bytes of an intact checkpoint. */
static nn_status kept_take(const char *path, int64_t step, void **bytes, size_t *size)
{
    nn_kept_checkpoint opened;
    nn_status status = nn_kept_open(path, step, &opened);
    if (status == NN_OK) status = nn_kept_check_shards(opened.file);
    if (status == NN_OK) {
        *bytes = opened.bytes;
        *size = opened.size;
        nn_store_close(opened.file);
    } else {
        nn_kept_close(&opened);
    }
    return status;
}

nn_status nn_kept_newest(const char *run_directory, char path[NN_PATH_SIZE], void **bytes, size_t *size)
{
    int64_t *steps = NULL;
    size_t count = 0;
    *bytes = NULL;
    nn_status status = nn_kept_list(run_directory, &steps, &count);
    size_t i = 0;
    for (; status == NN_OK && i < count; i++) {
        nn_kept_path(run_directory, steps[i], path);
        nn_status taken = kept_take(path, steps[i], bytes, size);
        if (taken == NN_OK) break;
        if (taken == NN_ERROR_CHECKPOINT)
            nn_log_warning("%s; falling back to the previous checkpoint", nn_error_text());
        else
            status = taken;
    }
    nn_free(steps);
    if (status == NN_OK && count > 0 && i == count)
        NN_FAIL(NN_ERROR_CHECKPOINT,
                "%s: none of the %zu checkpoints is usable; restore one from a copy (`nntrain verify %s` "
                "reports what is wrong with each)",
                run_directory, count, run_directory);
    return status;
}

/* Reads the best weights, if there are usable ones: *bytes stays NULL otherwise. */
static nn_status kept_best(const char *run_directory, char path[NN_PATH_SIZE], void **bytes, size_t *size)
{
    bool there;
    snprintf(path, NN_PATH_SIZE, "%.4000s/" NN_KEPT_BEST, run_directory);
    NN_TRY(nn_file_exists(path, &there));
    if (!there) return NN_OK;
    nn_status status = kept_take(path, -1, bytes, size);
    if (status != NN_ERROR_CHECKPOINT) return status;
    nn_log_warning("%s; using the newest checkpoint instead", nn_error_text());
    return NN_OK;
}

nn_status nn_kept_find(const char *run_or_checkpoint, char path[NN_PATH_SIZE], void **bytes, size_t *size)
{
    struct stat facts;
    bool there;
    *bytes = NULL;
    *size = 0;
    NN_TRY(nn_file_look(run_or_checkpoint, &facts, &there));
    if (!there) NN_FAIL(NN_ERROR_USAGE, "%s: no such run directory or checkpoint", run_or_checkpoint);
    if (!S_ISDIR(facts.st_mode)) {
        snprintf(path, NN_PATH_SIZE, "%s", run_or_checkpoint);
        return nn_kept_read(path, bytes, size);
    }
    NN_TRY(kept_best(run_or_checkpoint, path, bytes, size));
    if (*bytes) return NN_OK;
    NN_TRY(nn_kept_newest(run_or_checkpoint, path, bytes, size));
    if (!*bytes)
        NN_FAIL(NN_ERROR_USAGE, "%s has no checkpoint; is it a run directory of nntrain?", run_or_checkpoint);
    return NN_OK;
}
