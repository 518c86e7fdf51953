/* A run directory: its checkpoints and whether each is intact, the best weights, the last metrics. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/format.h"
#include "base/list.h"
#include "base/memory.h"
#include "cli/info.h"
#include "host/files.h"
#include "host/system.h"
#include "rundir/checkpoint_progress.h"
#include "store/kept.h"
#include "store/zarr.h"

#define RUN_METRICS "metrics.jsonl"
#define RUN_LONGEST_LINE ((size_t)65536)
#define RUN_TAIL ((size_t)65536) /* bytes of metrics that are read at first, and at most */
#define RUN_TAIL_MOST ((size_t)256 << 20)

/* ---- a checkpoint in it ---- */

typedef struct run_saved {
    char path[NN_PATH_SIZE];
    uint64_t bytes;
    bool whole;
    nn_checkpoint_progress progress; /* of an intact one */
    char problem[4096];              /* of another */
} run_saved;

static nn_status run_open_saved(run_saved *saved)
{
    void *bytes = NULL;
    size_t size;
    nn_store_file *file = NULL;
    nn_status status;
    NN_TRY_TO(done, status, nn_kept_read(saved->path, &bytes, &size));
    NN_TRY_TO(done, status, nn_store_open_image(bytes, size, saved->path, &file));
    status = nn_checkpoint_get_progress(file, &saved->progress);
done:
    nn_store_close(file);
    nn_free(bytes);
    return status;
}

static nn_status run_read_saved(run_saved *saved)
{
    saved->bytes = nn_info_file_bytes(saved->path);
    nn_status status = run_open_saved(saved);
    saved->whole = status == NN_OK;
    saved->problem[0] = '\0';
    if (!saved->whole) snprintf(saved->problem, sizeof saved->problem, "%s", nn_error_text());
    return status == NN_ERROR_MEMORY || status == NN_ERROR_IO ? status : NN_OK;
}

/* The members of a JSON object. */
static void run_append_json(nn_facts *facts, const run_saved *saved)
{
    nn_facts_word(facts, "path", saved->path);
    nn_facts_bytes(facts, "bytes", saved->bytes);
    nn_facts_key(facts, "whole");
    nn_text_append(&facts->text, saved->whole ? "true" : "false");
    nn_facts_word(facts, "problem", saved->whole ? NULL : saved->problem);
    if (!saved->whole) return;
    nn_facts_integer(facts, "step", saved->progress.step);
    nn_facts_integer(facts, "epochs", saved->progress.epochs);
    nn_facts_word(facts, "ended", saved->progress.ended);
    nn_facts_word(facts, "fingerprint", saved->progress.fingerprint);
}

/* What the number of epochs does not show: that the run needs no more of them. */
static const char *run_ending(const run_saved *saved)
{
    if (strcmp(saved->progress.ended, "early stopping") == 0) return ", stopped early";
    return strcmp(saved->progress.ended, "no") == 0 ? "" : ", finished";
}

/* The rest of a line. */
static void run_append_line(nn_facts *facts, const run_saved *saved)
{
    char bytes[NN_FORMAT_SIZE];
    nn_text done = {0};
    if (saved->progress.in_place)
        nn_text_append(&done, "trained in place");
    else
        nn_text_append(&done, "%lld epochs done%s", (long long)saved->progress.epochs, run_ending(saved));
    if (saved->whole)
        nn_text_append(&facts->text, "step %lld, %s, intact, %s, fingerprint %s\n",
                       (long long)saved->progress.step, done.bytes ? done.bytes : "",
                       nn_format_bytes(bytes, (double)saved->bytes), saved->progress.fingerprint);
    else
        nn_text_append(&facts->text, "not intact: %s\n", saved->problem);
    nn_text_free(&done);
}

static void run_append_saved(nn_facts *facts, const run_saved *saved)
{
    if (!facts->json) {
        run_append_line(facts, saved);
        return;
    }
    nn_text_append(&facts->text, "{");
    run_append_json(facts, saved);
    nn_text_append(&facts->text, "}");
}

/* ---- all of them ---- */

/* The newest intact one. */
typedef struct run_newest {
    char fingerprint[32]; /* empty: there is none */
    int64_t best_epoch;
    bool in_place; /* another program trains */
} run_newest;

/* If there is an intact one: the fingerprint of the newest, and what changed of the machine up to it. */
static nn_status run_append_checkpoints(nn_facts *facts, const char *directory, const int64_t *steps,
                                        size_t count, run_saved *saved, run_newest *found)
{
    char changes[sizeof saved->progress.changes] = "";
    nn_facts_key(facts, "checkpoints");
    nn_text_append(&facts->text, facts->json ? "[" : "%zu\n", count);
    for (size_t i = 0; i < count; i++) {
        nn_kept_path(directory, steps[i], saved->path);
        NN_TRY(run_read_saved(saved));
        nn_facts_entry(facts);
        if (!facts->json) nn_text_append(&facts->text, "    %s: ", strrchr(saved->path, '/') + 1);
        run_append_saved(facts, saved);
        if (!saved->whole || found->fingerprint[0]) continue;
        snprintf(found->fingerprint, sizeof found->fingerprint, "%s", saved->progress.fingerprint);
        found->best_epoch = saved->progress.best_epoch;
        found->in_place = saved->progress.in_place;
        snprintf(changes, sizeof changes, "%s", saved->progress.changes);
    }
    if (facts->json) nn_text_append(&facts->text, "]");
    nn_facts_word(facts, "fingerprint", found->fingerprint[0] ? found->fingerprint : NULL);
    if (changes[0]) nn_facts_word(facts, "machine_changes", changes);
    return NN_OK;
}

/* What the best weights are the best by, as the file itself says. */
static void run_append_rule(nn_facts *facts, const run_saved *saved, int rule)
{
    const nn_checkpoint_best *best = &saved->progress.best[rule];
    if (facts->json) {
        nn_facts_word(facts, "figure", best->name);
        nn_facts_integer(facts, "best_step", best->step);
        nn_facts_number(facts, "best_value", best->value, 17);
        return;
    }
    nn_text_append(&facts->text, "      best %s ", best->name);
    nn_facts_append_number(facts, best->value, 6);
    nn_text_append(&facts->text, ", after step %lld\n", (long long)best->step);
}

/* The rule that a file is named after; -1: none is known. */
static int run_find_rule(const run_saved *saved, size_t index, const char *file)
{
    const nn_checkpoint_progress *progress = &saved->progress;
    char name[NN_KEPT_NAME];
    if (index == 0 && strcmp(file, NN_KEPT_BEST) == 0) return 0;
    for (int i = 1; i < progress->best_count; i++) {
        nn_kept_name_best(progress->best[i].name, name);
        if (strcmp(name, file) == 0) return i;
    }
    return -1;
}

/* The files of best weights by other results than the first. */
static nn_status run_append_others(nn_facts *facts, const char *directory, const nn_text_list *names,
                                   run_saved *saved)
{
    size_t first = names->count > 0 && strcmp(names->items[0], NN_KEPT_BEST) == 0;
    if (names->count <= first) return NN_OK;
    nn_facts_key(facts, "other_best");
    nn_text_append(&facts->text, facts->json ? "[" : "%zu\n", names->count - first);
    for (size_t i = first; i < names->count; i++) {
        snprintf(saved->path, sizeof saved->path, "%.3900s/%s", directory, names->items[i]);
        NN_TRY(run_read_saved(saved));
        nn_facts_entry(facts);
        if (facts->json) {
            nn_text_append(&facts->text, "{");
            run_append_json(facts, saved);
        } else {
            nn_text_append(&facts->text, "    %s: ", names->items[i]);
            run_append_line(facts, saved);
        }
        int rule = saved->whole ? run_find_rule(saved, i, names->items[i]) : -1;
        if (rule >= 0) run_append_rule(facts, saved, rule);
        if (facts->json) nn_text_append(&facts->text, "}");
    }
    if (facts->json) nn_text_append(&facts->text, "]");
    return NN_OK;
}

/* saved->whole: whether it is there and intact. */
static nn_status run_append_first(nn_facts *facts, const char *directory, run_saved *saved)
{
    snprintf(saved->path, sizeof saved->path, "%.4000s/" NN_KEPT_BEST, directory);
    saved->whole = false;
    if (nn_info_file_bytes(saved->path) == 0) {
        nn_facts_word(facts, "best", NULL);
        return NN_OK;
    }
    NN_TRY(run_read_saved(saved));
    nn_facts_key(facts, "best");
    run_append_saved(facts, saved);
    if (!saved->whole || saved->progress.best_epoch == 0) return NN_OK;
    nn_facts_integer(facts, "best_epoch", saved->progress.best_epoch);
    nn_facts_number(facts, "best_value", saved->progress.best_value, facts->json ? 17 : 6);
    return NN_OK;
}

/* best: becomes the fingerprint of the first, if it is there and intact. */
static nn_status run_append_best(nn_facts *facts, const char *directory, run_saved *saved, char best[32])
{
    nn_text_list names;
    NN_TRY(run_append_first(facts, directory, saved));
    if (saved->whole) snprintf(best, 32, "%s", saved->progress.fingerprint);
    nn_status status = nn_kept_list_best(directory, &names);
    if (status == NN_OK) status = run_append_others(facts, directory, &names, saved);
    nn_list_release(&names);
    return status;
}

/* ---- the last metrics ---- */

typedef struct run_line {
    const char *text; /* NULL: there is none */
    size_t length;
} run_line;

/* The last complete line that is, or is not, of an epoch, and a JSON object by itself. The text begins with a
 * line or with what is left of one. */
static run_line run_last_line(const char *text, size_t length, bool of_epoch)
{
    static const char epoch[] = "{\"epoch\":";
    while (length > 0) {
        while (length > 0 && text[length - 1] != '\n') length--; /* what is not complete yet */
        size_t end = length > 0 ? length - 1 : 0, begin = end;
        while (begin > 0 && text[begin - 1] != '\n') begin--;
        bool is_object = end > begin && text[begin] == '{' && text[end - 1] == '}';
        bool is_epoch = end - begin > strlen(epoch) && memcmp(text + begin, epoch, strlen(epoch)) == 0;
        if (is_object && is_epoch == of_epoch) return (run_line){text + begin, end - begin};
        if (is_epoch && !of_epoch) break; /* what comes before the line of an epoch is not news */
        length = begin;
    }
    return (run_line){NULL, 0};
}

/* The end of the file, at most `most` bytes; nothing where there is none. *all: that is all of it. */
static nn_status run_read_tail(const char *path, size_t most, char *tail, size_t *length, bool *all)
{
    nn_patience patience = {0};
    ssize_t got = 0;
    int descriptor = nn_file_open(path, O_RDONLY);
    *length = 0;
    *all = true;
    if (descriptor < 0 && nn_system_is_absence(errno)) return NN_OK;
    if (descriptor < 0) return nn_system_fail(NN_ERROR_IO, errno, "cannot read %s", path);
    off_t size = lseek(descriptor, 0, SEEK_END), at = size > (off_t)most ? size - (off_t)most : 0;
    *all = at == 0;
    do {
        got = pread(descriptor, tail, most, at);
    } while (got < 0 && nn_patience_lasts(&patience, errno, path));
    int error = errno;
    close(descriptor);
    *length = got > 0 ? (size_t)got : 0;
    return got >= 0 ? NN_OK : nn_system_fail(NN_ERROR_IO, error, "cannot read %s", path);
}

static void run_append_metrics_line(nn_facts *facts, const char *key, run_line line)
{
    nn_facts_key(facts, key);
    if (line.text)
        nn_text_append(&facts->text, "%.*s", (int)line.length, line.text);
    else
        nn_text_append(&facts->text, facts->json ? "null" : "none yet");
    if (!facts->json) nn_text_append(&facts->text, "\n");
}

/* The line of the last epoch, however many other lines follow it, and the last of those. */
static nn_status run_append_metrics(nn_facts *facts, const char *directory)
{
    char path[NN_PATH_SIZE], *tail = NULL;
    size_t length = 0;
    bool all = false;
    run_line epoch = {NULL, 0};
    nn_status status = NN_OK;
    snprintf(path, sizeof path, "%.4000s/" RUN_METRICS, directory);
    for (size_t most = RUN_TAIL; !epoch.text && !all && most <= RUN_TAIL_MOST; most *= 8) {
        nn_free(tail);
        NN_TRY(NN_ALLOCATE(&tail, most, "the last metrics"));
        NN_TRY_TO(done, status, run_read_tail(path, most, tail, &length, &all));
        epoch = run_last_line(tail, length, true);
    }
    run_line later = run_last_line(tail, length, false);
    run_append_metrics_line(facts, "last_metrics", epoch);
    if (later.text) run_append_metrics_line(facts, "last_line", later);
done:
    nn_free(tail);
    return status;
}

/* How it ended: the line that training left; NULL: there is none. *line: owned. */
static nn_status run_read_status(const char *directory, char **line)
{
    char path[NN_PATH_SIZE];
    void *bytes = NULL;
    size_t size;
    struct stat found;
    bool there;
    *line = NULL;
    snprintf(path, sizeof path, "%.4000s/" NN_KEPT_STATUS, directory);
    NN_TRY(nn_file_look(path, &found, &there));
    if (there && S_ISREG(found.st_mode) && found.st_size > 0)
        NN_TRY(nn_file_load(path, RUN_LONGEST_LINE, "how a run ended", &bytes, &size));
    *line = bytes;
    if (*line) (*line)[strcspn(*line, "\n")] = '\0';
    return NN_OK;
}

/* ---- the directory ---- */

/* A run that has just begun, or that failed early, has no checkpoint. */
static nn_status run_check(const char *directory, size_t checkpoints)
{
    static const char *const files[] = {RUN_METRICS, NN_KEPT_BEST, NN_KEPT_STATUS};
    for (size_t f = 0; f < sizeof files / sizeof *files && checkpoints == 0; f++) {
        char path[NN_PATH_SIZE];
        snprintf(path, sizeof path, "%.4000s/%s", directory, files[f]);
        if (nn_info_file_bytes(path) > 0) return NN_OK;
    }
    if (checkpoints > 0) return NN_OK;
    if (nn_store_is_zarr(directory)) return nn_store_fail_zarr(directory);
    NN_FAIL(NN_ERROR_USAGE, "%s: is neither a file nor a run directory", directory);
}

nn_status nn_info_append_run(nn_facts *facts, const char *directory)
{
    int64_t *steps = NULL;
    size_t count;
    run_saved *saved = NULL;
    run_newest newest = {.fingerprint = ""};
    char best[32] = "";
    char *line = NULL;
    nn_status status;
    NN_TRY_TO(done, status, nn_kept_list(directory, &steps, &count));
    NN_TRY_TO(done, status, run_check(directory, count));
    NN_TRY_TO(done, status, NN_ALLOCATE(&saved, 1, "the facts of a checkpoint"));
    nn_facts_word(facts, "kind", "run");
    NN_TRY_TO(done, status, run_append_checkpoints(facts, directory, steps, count, saved, &newest));
    NN_TRY_TO(done, status, run_append_best(facts, directory, saved, best));
    NN_TRY_TO(done, status, run_read_status(directory, &line));
    bool known = newest.fingerprint[0] != '\0';
    const nn_stored_expected expected = {.in_place = newest.in_place,
                                         .run = nn_stored_run(directory),
                                         .ended = line ? strncmp(line, "0 ", 2) == 0 : -1,
                                         .best_epoch = known ? newest.best_epoch : -1,
                                         .best = best[0] ? best : NULL,
                                         .last = known ? newest.fingerprint : NULL};
    NN_TRY_TO(done, status, nn_info_append_results(facts, directory, &expected));
    nn_facts_word(facts, "status", line);
    status = run_append_metrics(facts, directory);
done:
    nn_free(steps);
    nn_free(saved);
    nn_free(line);
    if (status != NN_OK) nn_text_free(&facts->text);
    return status;
}
