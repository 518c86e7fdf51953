/* Reading what a report shares. */
#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "base/log.h"
#include "base/memory.h"
#include "host/files.h"
#include "judge/tested.h"
#include "report/report.h"

#define READ_HISTORY ((size_t)1 << 32) /* bytes of metrics.jsonl */

/* ---- what is wrong ---- */

/* Adds the text of a failure to the problems of the run, which then is none of the report. */
static nn_status read_note(nn_report_run *run, nn_status status)
{
    if (status == NN_OK || status == NN_ERROR_MEMORY) return status;
    nn_status added = nn_list_add(&run->problems, nn_error_text());
    nn_error_clear();
    return added;
}

/* ---- checkpoints ---- */

/* Opens the newest intact checkpoint: those that are not are problems. */
static nn_status read_newest(nn_report_run *run)
{
    int64_t *steps = NULL;
    size_t count = 0;
    nn_status status = read_note(run, nn_kept_list(run->directory, &steps, &count));
    for (size_t i = 0; i < count && status == NN_OK && !run->newest.file; i++) {
        nn_kept_path(run->directory, steps[i], run->newest_path);
        nn_status opened = nn_kept_open(run->newest_path, steps[i], &run->newest);
        if (opened == NN_OK) opened = nn_checkpoint_get_progress(run->newest.file, &run->progress);
        if (opened != NN_OK) nn_kept_close(&run->newest);
        status = read_note(run, opened);
    }
    if (!run->newest.file) run->progress = (nn_checkpoint_progress){0};
    nn_free(steps);
    return status;
}

/* The fingerprint of the best weights. */
static nn_status read_best(nn_report_run *run)
{
    char path[NN_PATH_SIZE];
    bool there = false;
    nn_kept_checkpoint best = {0};
    nn_checkpoint_progress *progress;
    snprintf(path, sizeof path, "%.4000s/" NN_KEPT_BEST, run->directory);
    nn_status status = read_note(run, nn_file_exists(path, &there));
    if (status != NN_OK || !there) return status;
    NN_TRY(NN_ALLOCATE(&progress, 1, "the facts of a checkpoint"));
    status = nn_kept_open(path, -1, &best);
    if (status == NN_OK) status = nn_checkpoint_get_progress(best.file, progress);
    if (status == NN_OK) snprintf(run->best, sizeof run->best, "%s", progress->fingerprint);
    nn_kept_close(&best);
    nn_free(progress);
    return read_note(run, status);
}

/* ---- a run ---- */

static void read_expect(nn_report_run *run)
{
    bool known = run->newest.file != NULL, ended = run->look.phase == NN_RUN_ENDED;
    run->expected = (nn_stored_expected){.in_place = run->progress.in_place,
                                         .run = nn_stored_run(run->directory),
                                         .ended = run->look.phase == NN_RUN_WAITING ? -1 : ended,
                                         .best_epoch = known ? run->progress.best_epoch : -1,
                                         .best = run->best[0] ? run->best : NULL,
                                         .last = known ? run->progress.fingerprint : NULL};
}

static nn_status read_histories(nn_report_run *run)
{
    nn_text words = {0};
    NN_TRY(read_note(run, nn_histories_read(run->directory, &run->histories)));
    if (run->histories.damaged == 0) return NN_OK;
    nn_text_append(&words, "metrics.jsonl: %zu of %zu lines cannot be read; the others are shown",
                   run->histories.damaged, run->histories.lines);
    nn_status status =
        words.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory") : nn_list_add(&run->problems, words.bytes);
    nn_text_free(&words);
    return status;
}

/* Whether the file begins with all that it had when the newest checkpoint was made, which keeps a copy. */
static nn_status read_compare_history(const nn_report_run *run, bool *same)
{
    char path[NN_PATH_SIZE], *kept = NULL;
    void *bytes = NULL;
    size_t size = 0;
    nn_status status;
    *same = true;
    snprintf(path, sizeof path, "%.4000s/metrics.jsonl", run->directory);
    NN_TRY_TO(done, status, nn_store_read_text(run->newest.file, "state/history", &kept));
    NN_TRY_TO(done, status, nn_file_load(path, READ_HISTORY, "metrics.jsonl", &bytes, &size));
    *same = size >= strlen(kept) && memcmp(bytes, kept, strlen(kept)) == 0;
done:
    nn_free(kept);
    nn_free(bytes);
    return status;
}

static nn_status read_check_history(nn_report_run *run)
{
    bool same;
    if (!run->histories.there || !run->newest.file) return NN_OK;
    nn_status status = read_note(run, read_compare_history(run, &same));
    if (status != NN_OK || same) return status;
    return nn_list_add(&run->problems,
                       "metrics.jsonl lacks lines that it had at the newest checkpoint, or has "
                       "others: it was cut, changed, or is of another run; the curves are those "
                       "of the file, and resuming the run writes it again");
}

/* One that the system cannot read is as damaged to the page. */
static nn_status read_evaluation(nn_report_run *run)
{
    nn_status status = nn_evaluation_read(run->directory, &run->expected, &run->evaluation);
    if (status == NN_OK || status == NN_ERROR_MEMORY) return status;
    nn_evaluation_release(&run->evaluation);
    run->evaluation.state = NN_STORED_DAMAGED;
    snprintf(run->evaluation.words, sizeof run->evaluation.words, "unreadable now: %.400s", nn_error_text());
    return read_note(run, status);
}

static nn_status read_run(nn_report_run *run, bool alone)
{
    NN_TRY(nn_look_at(run->directory, &run->look));
    if (run->look.phase == NN_RUN_ABSENT)
        NN_FAIL(NN_ERROR_USAGE, "report: %s does not exist: give run directories", run->directory);
    NN_TRY(read_histories(run));
    if (run->look.phase == NN_RUN_WAITING && !run->histories.there && run->look.checkpoints == 0 &&
        run->look.best_at == 0)
        NN_FAIL(NN_ERROR_USAGE, "report: %s is not a run directory, or its run has not begun",
                run->directory);
    if (alone) NN_TRY(read_newest(run));
    if (alone) NN_TRY(read_check_history(run));
    if (alone) NN_TRY(read_best(run));
    if (!alone) return NN_OK;
    read_expect(run);
    NN_TRY(read_note(run, nn_stored_read(run->directory, &run->expected, &run->results)));
    return read_evaluation(run);
}

/* ---- names ---- */

/* The bytes that all paths begin with, up to a slash; of one path those before its last part. */
static size_t read_common(const nn_report *report)
{
    const char *first = report->runs[0].directory;
    size_t common = strlen(first);
    while (report->count == 1 && common > 1 && first[common - 1] == '/') common--;
    for (size_t r = 1; r < report->count; r++) {
        size_t same = 0;
        while (same < common && report->runs[r].directory[same] == first[same]) same++;
        common = same;
    }
    while (common > 0 && first[common - 1] != '/') common--;
    return common;
}

static nn_status read_names(nn_report *report)
{
    size_t common = read_common(report);
    for (size_t r = 0; r < report->count; r++) {
        nn_report_run *run = &report->runs[r];
        const char *end = run->directory + common;
        NN_TRY(nn_copy_text(*end ? end : run->directory, &run->name));
        size_t length = strlen(run->name);
        while (length > 1 && run->name[length - 1] == '/') run->name[--length] = '\0';
    }
    return NN_OK;
}

/* ---- all of them ---- */

static void read_release_run(nn_report_run *run)
{
    nn_free(run->name);
    nn_free(run->word);
    nn_histories_release(&run->histories);
    nn_kept_close(&run->newest);
    nn_stored_release(&run->results);
    nn_evaluation_release(&run->evaluation);
    nn_list_release(&run->problems);
    *run = (nn_report_run){0};
}

/* The next run; of several a directory that is not of a run is omitted. */
static nn_status read_next(const char *directory, nn_report *report)
{
    nn_report_run *run = &report->runs[report->count++];
    run->directory = directory;
    nn_text word = {0};
    nn_text_append_shell(&word, directory);
    run->word = word.bytes;
    nn_status status = word.failed ? nn_fail(NN_ERROR_MEMORY, "out of memory for the name of a run")
                                   : read_run(run, !report->several);
    if (status == NN_OK || status == NN_ERROR_MEMORY || !report->several) return status;
    const char *why = nn_error_text(), begin[] = "report: ";
    if (strncmp(why, begin, strlen(begin)) == 0) why += strlen(begin);
    nn_log_warning("run omitted: %s", why);
    status = nn_list_add(&report->omitted, why);
    nn_error_clear();
    read_release_run(run);
    report->count--;
    return status;
}

/* Runs without an intact checkpoint have no settings that could be compared. */
static nn_status read_sweeps(nn_report *report)
{
    const char **directories;
    NN_TRY(NN_ALLOCATE(&directories, report->count, "the runs of a report"));
    for (size_t r = 0; r < report->count; r++) directories[r] = report->runs[r].directory;
    nn_status status =
        nn_sweep_compare_kinds(report->count, directories, &report->sweeps, &report->sweep_count);
    for (size_t s = 0; s < report->sweep_count && status == NN_OK; s++)
        status = nn_tested_read(&report->sweeps[s]);
    nn_free(directories);
    if (status == NN_OK || status == NN_ERROR_MEMORY) return status;
    nn_status added = nn_list_add(&report->omitted, nn_error_text());
    nn_error_clear();
    return added;
}

/* Whether an earlier one of the directories is the same, under whatever name: a run counts once. */
static bool read_is_again(const char *const *directories, size_t r)
{
    struct stat own, other;
    if (stat(directories[r], &own) != 0) return false;
    for (size_t e = 0; e < r; e++)
        if (stat(directories[e], &other) == 0 && own.st_dev == other.st_dev && own.st_ino == other.st_ino)
            return true;
    return false;
}

nn_status nn_report_read(const char *const *directories, size_t count, nn_report *report)
{
    size_t distinct = 0;
    for (size_t r = 0; r < count; r++) distinct += !read_is_again(directories, r);
    *report = (nn_report){.now = time(NULL), .several = distinct > 1};
    NN_TRY(NN_ALLOCATE(&report->runs, distinct, "the runs of a report"));
    for (size_t r = 0; r < count; r++) {
        if (read_is_again(directories, r))
            nn_log_warning("%s was named before: it counts once", directories[r]);
        else
            NN_TRY(read_next(directories[r], report));
    }
    if (report->count == 0)
        NN_FAIL(NN_ERROR_USAGE, "report: none of the %zu directories is that of a run", count);
    NN_TRY(read_names(report));
    return report->several ? read_sweeps(report) : NN_OK;
}

void nn_report_release(nn_report *report)
{
    for (size_t r = 0; r < report->count; r++) read_release_run(&report->runs[r]);
    nn_sweep_release_kinds(report->sweeps, report->sweep_count);
    nn_list_release(&report->omitted);
    nn_free(report->runs);
    *report = (nn_report){0};
}

/* ---- words ---- */

const char *nn_report_state(const nn_report_run *run)
{
    static const char *const states[] = {
        [NN_RUN_ABSENT] = "missing", [NN_RUN_WAITING] = "unknown", [NN_RUN_RUNNING] = "running",
        [NN_RUN_LOST] = "killed",    [NN_RUN_STOPPED] = "stopped", [NN_RUN_ENDED] = "ended",
        [NN_RUN_FAILED] = "failed"};
    return states[run->look.phase];
}

void nn_report_append_state(const nn_report_run *run, nn_text *text)
{
    const nn_look *look = &run->look;
    char when[NN_REPORT_TIME];
    nn_report_time(look->since, when);
    switch (look->phase) {
    case NN_RUN_ABSENT:
    case NN_RUN_WAITING:
        nn_text_append(text, "unknown: the run directory has no file `status`");
        break;
    case NN_RUN_RUNNING:
        nn_text_append(text, "running since %s on %s, %s", when, look->host, look->text);
        break;
    case NN_RUN_LOST:
        nn_text_append(text,
                       "killed: it began %s on %s, and its process %ld is gone; the same command resumes",
                       when, look->host, look->process);
        break;
    default:
        nn_text_append(text, "%s %s on %s", nn_report_state(run), when, look->host);
        if (look->code != 0) nn_text_append(text, " with exit code %d", look->code);
        if (look->text[0]) nn_text_append(text, ": %s", look->text);
    }
}

const char *nn_report_time(time_t when, char text[NN_REPORT_TIME])
{
    struct tm parts;
    if (!gmtime_r(&when, &parts) || strftime(text, NN_REPORT_TIME, "%Y-%m-%d %H:%M UTC", &parts) == 0)
        snprintf(text, NN_REPORT_TIME, "unknown");
    return text;
}
