#include "boards/histories.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "host/files.h"

#define HISTORY_LARGEST ((size_t)1 << 32) /* bytes of a file */

const nn_history *nn_histories_find(const nn_histories *histories, const char *name)
{
    for (size_t h = 0; h < histories->count; h++)
        if (strcmp(histories->items[h].name, name) == 0) return &histories->items[h];
    return NULL;
}

/* `near`: where it was found the last time. Lines of one kind have the same names in the same order. */
static nn_status histories_get(nn_histories *histories, const char *name, size_t *near, nn_history **history)
{
    for (size_t h = 0; h < histories->count; h++) {
        size_t at = (*near + h) % histories->count;
        if (strcmp(histories->items[at].name, name) != 0) continue;
        *near = at + 1;
        *history = &histories->items[at];
        return NN_OK;
    }
    if (histories->count == histories->capacity) {
        size_t capacity = 2 * histories->capacity + 16;
        NN_TRY(nn_reallocate((void **)&histories->items, histories->capacity, capacity,
                             sizeof *histories->items, "the results of a run"));
        histories->capacity = capacity;
    }
    *history = &histories->items[histories->count++];
    **history = (nn_history){0};
    snprintf((*history)->name, sizeof(*history)->name, "%s", name);
    return NN_OK;
}

static nn_status history_add(nn_history *history, double step, double value)
{
    if (history->count == history->capacity) {
        size_t capacity = 2 * history->capacity + 64;
        NN_TRY(nn_reallocate((void **)&history->steps, history->capacity, capacity, sizeof(double),
                             "the results of a run"));
        NN_TRY(nn_reallocate((void **)&history->values, history->capacity, capacity, sizeof(double),
                             "the results of a run"));
        history->capacity = capacity;
    }
    history->steps[history->count] = step;
    history->values[history->count++] = value;
    return NN_OK;
}

static nn_status histories_take(nn_histories *histories, const nn_scalars *scalars)
{
    bool by_step = strcmp(scalars->line, "step") == 0;
    size_t near = 0;
    if (scalars->epoch > 0 && histories->steps_per_epoch == 0)
        histories->steps_per_epoch = (double)scalars->step / (double)scalars->epoch;
    for (size_t s = 0; s < scalars->count; s++) {
        nn_history *history;
        char name[NN_HISTORY_NAME];
        snprintf(name, sizeof name, "%s%s", by_step ? "step/" : "", scalars->items[s].name);
        NN_TRY(histories_get(histories, name, &near, &history));
        NN_TRY(history_add(history, (double)scalars->step, scalars->items[s].value));
    }
    return NN_OK;
}

static nn_status histories_keep(nn_histories *histories, const char *line, size_t length)
{
    NN_TRY(NN_ALLOCATE(&histories->profile, length + 1, "a line of metrics.jsonl"));
    memcpy(histories->profile, line, length);
    return NN_OK;
}

/* Whether the line has the lists of a profile: its scalars are next to them. */
static bool histories_is_profiled(const nn_scalars *scalars)
{
    for (size_t s = 0; s < scalars->count; s++)
        if (strcmp(scalars->items[s].name, "time/profile_step_ms") == 0) return true;
    return false;
}

static nn_status histories_parse(const char *bytes, nn_histories *histories)
{
    nn_scalars scalars = {0};
    nn_status status = NN_OK;
    const char *end, *profile = NULL;
    size_t profile_length = 0;
    for (const char *line = bytes; status == NN_OK && (end = strchr(line, '\n')) != NULL; line = end + 1) {
        histories->lines++;
        status = nn_scalars_read(line, (size_t)(end - line), &scalars);
        if (status == NN_OK) {
            status = histories_take(histories, &scalars);
            if (histories_is_profiled(&scalars)) {
                profile = line;
                profile_length = (size_t)(end - line);
            }
        } else if (status != NN_ERROR_MEMORY) {
            nn_error_clear();
            histories->damaged++;
            status = NN_OK;
        }
    }
    nn_scalars_release(&scalars);
    if (status == NN_OK && profile) status = histories_keep(histories, profile, profile_length);
    return status;
}

nn_status nn_histories_read(const char *run_directory, nn_histories *histories)
{
    nn_text path = {0};
    void *bytes = NULL;
    size_t size;
    *histories = (nn_histories){0};
    nn_text_append(&path, "%s/metrics.jsonl", run_directory);
    nn_status status = path.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for a path")
                                   : nn_file_exists(path.bytes, &histories->there);
    if (status == NN_OK && histories->there)
        status = nn_file_load(path.bytes, HISTORY_LARGEST, "metrics.jsonl", &bytes, &size);
    if (bytes) {
        for (char *at = bytes; at < (char *)bytes + size; at++)
            if (*at == '\0') *at = '?'; /* after a crash a file may end in zeros */
        status = histories_parse(bytes, histories);
    }
    nn_free(bytes);
    nn_text_free(&path);
    return status;
}

void nn_histories_release(nn_histories *histories)
{
    for (size_t h = 0; h < histories->count; h++) {
        nn_free(histories->items[h].steps);
        nn_free(histories->items[h].values);
    }
    nn_free(histories->items);
    nn_free(histories->profile);
    *histories = (nn_histories){0};
}
