/* A run directory: its checkpoints and whether each is intact, the best weights, the last metrics. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/format.h"
#include "base/memory.h"
#include "cli/info.h"
#include "host/files.h"
#include "host/system.h"
#include "rundir/checkpoint_progress.h"
#include "store/kept.h"

#define RUN_METRICS "metrics.jsonl"
#define RUN_LONGEST_LINE ((long)65536)

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
    if (saved->whole)
        nn_text_append(&facts->text, "step %lld, %lld epochs done%s, intact, %s, fingerprint %s\n",
                       (long long)saved->progress.step, (long long)saved->progress.epochs, run_ending(saved),
                       nn_format_bytes(bytes, (double)saved->bytes), saved->progress.fingerprint);
    else
        nn_text_append(&facts->text, "not intact: %s\n", saved->problem);
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

/* If there is an intact one: the fingerprint of the newest, and what changed of the machine up to it. */
static nn_status run_append_checkpoints(nn_facts *facts, const char *directory, const int64_t *steps,
                                        size_t count, run_saved *saved)
{
    char newest[sizeof saved->progress.fingerprint] = "", changes[sizeof saved->progress.changes] = "";
    nn_facts_key(facts, "checkpoints");
    nn_text_append(&facts->text, facts->json ? "[" : "%zu\n", count);
    for (size_t i = 0; i < count; i++) {
        nn_kept_path(directory, steps[i], saved->path);
        NN_TRY(run_read_saved(saved));
        nn_facts_entry(facts);
        if (!facts->json) nn_text_append(&facts->text, "    %s: ", strrchr(saved->path, '/') + 1);
        run_append_saved(facts, saved);
        if (!saved->whole || newest[0]) continue;
        snprintf(newest, sizeof newest, "%s", saved->progress.fingerprint);
        snprintf(changes, sizeof changes, "%s", saved->progress.changes);
    }
    if (facts->json) nn_text_append(&facts->text, "]");
    nn_facts_word(facts, "fingerprint", newest[0] ? newest : NULL);
    if (changes[0]) nn_facts_word(facts, "machine_changes", changes);
    return NN_OK;
}

static nn_status run_append_best(nn_facts *facts, const char *directory, run_saved *saved)
{
    snprintf(saved->path, sizeof saved->path, "%.4000s/" NN_KEPT_BEST, directory);
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

/* ---- the last metrics ---- */

/* The last complete line, a JSON object by itself, cut out of `tail`; NULL: there is none. */
static char *run_last_line(char *tail)
{
    char *end = strrchr(tail, '\n');
    if (!end) return NULL;
    *end = '\0';
    char *before = strrchr(tail, '\n'), *line = before ? before + 1 : tail;
    return line[0] == '{' && end > line && end[-1] == '}' ? line : NULL;
}

/* The end of the file; nothing where there is none. */
static nn_status run_read_tail(const char *path, char *tail)
{
    nn_patience patience = {0};
    ssize_t got = 0;
    int descriptor = nn_file_open(path, O_RDONLY);
    if (descriptor < 0 && nn_system_is_absence(errno)) return NN_OK;
    if (descriptor < 0) return nn_system_fail(NN_ERROR_IO, errno, "cannot read %s", path);
    off_t size = lseek(descriptor, 0, SEEK_END), at = size > RUN_LONGEST_LINE ? size - RUN_LONGEST_LINE : 0;
    do {
        got = pread(descriptor, tail, (size_t)RUN_LONGEST_LINE, at);
    } while (got < 0 && nn_patience_lasts(&patience, errno, path));
    int error = errno;
    close(descriptor);
    tail[got > 0 ? got : 0] = '\0';
    return got >= 0 ? NN_OK : nn_system_fail(NN_ERROR_IO, error, "cannot read %s", path);
}

static nn_status run_append_metrics(nn_facts *facts, const char *directory)
{
    char path[NN_PATH_SIZE], *tail;
    snprintf(path, sizeof path, "%.4000s/" RUN_METRICS, directory);
    NN_TRY(NN_ALLOCATE(&tail, RUN_LONGEST_LINE + 1, "the last metrics"));
    nn_status status = run_read_tail(path, tail);
    const char *line = run_last_line(tail);
    nn_facts_key(facts, "last_metrics");
    nn_text_append(&facts->text, "%s%s",
                   line          ? line
                   : facts->json ? "null"
                                 : "none yet",
                   facts->json ? "" : "\n");
    nn_free(tail);
    return status;
}

/* How it ended: the line that training left. */
static nn_status run_append_status(nn_facts *facts, const char *directory)
{
    char path[NN_PATH_SIZE];
    void *line = NULL;
    size_t size;
    struct stat found;
    bool there;
    snprintf(path, sizeof path, "%.4000s/" NN_KEPT_STATUS, directory);
    NN_TRY(nn_file_look(path, &found, &there));
    if (there && S_ISREG(found.st_mode) && found.st_size > 0)
        NN_TRY(nn_file_load(path, (size_t)RUN_LONGEST_LINE, "how a run ended", &line, &size));
    if (line) ((char *)line)[strcspn(line, "\n")] = '\0';
    nn_facts_word(facts, "status", line);
    nn_free(line);
    return NN_OK;
}

/* ---- the directory ---- */

static nn_status run_check(const char *directory, size_t checkpoints)
{
    char metrics[NN_PATH_SIZE], best[NN_PATH_SIZE];
    snprintf(metrics, sizeof metrics, "%.4000s/" RUN_METRICS, directory);
    snprintf(best, sizeof best, "%.4000s/" NN_KEPT_BEST, directory);
    if (checkpoints > 0 || nn_info_file_bytes(metrics) > 0 || nn_info_file_bytes(best) > 0) return NN_OK;
    NN_FAIL(NN_ERROR_USAGE, "%s: is a folder without checkpoints; give a file or a run directory", directory);
}

nn_status nn_info_append_run(nn_facts *facts, const char *directory)
{
    int64_t *steps = NULL;
    size_t count;
    run_saved *saved = NULL;
    nn_status status;
    NN_TRY_TO(done, status, nn_kept_list(directory, &steps, &count));
    NN_TRY_TO(done, status, run_check(directory, count));
    NN_TRY_TO(done, status, NN_ALLOCATE(&saved, 1, "the facts of a checkpoint"));
    nn_facts_word(facts, "kind", "run");
    NN_TRY_TO(done, status, run_append_checkpoints(facts, directory, steps, count, saved));
    NN_TRY_TO(done, status, run_append_best(facts, directory, saved));
    NN_TRY_TO(done, status, run_append_status(facts, directory));
    status = run_append_metrics(facts, directory);
done:
    nn_free(steps);
    nn_free(saved);
    if (status != NN_OK) nn_text_free(&facts->text);
    return status;
}
