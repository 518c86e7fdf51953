#include "train/fallback.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/memory.h"
#include "train/compare.h"
#include "train/manifest.h"
#include "train/run.h"

#define FALLBACK_NAME (NN_PATH_SIZE + 32)

typedef struct fallback {
    const char *directory;
    const nn_checkpoint_parts *parts;
    nn_manifest manifest;
    bool has_manifest; /* there is one, perhaps a damaged one */
    bool knows;        /* it could be read */
    int64_t *steps;    /* of the files, newest first */
    size_t count;
    bool *differs;  /* by step: whole, but not what the manifest says */
    nn_text passed; /* a line for each that was passed over */
    size_t passed_count;
    nn_text other; /* the message of the newest that was made with other settings; empty: none */
    size_t other_count;
} fallback;

/* ---- one candidate ---- */

static void fallback_pass(fallback *search, const char *reason)
{
    nn_text_append(&search->passed, "%s%s", search->passed_count ? "\n" : "", reason);
    search->passed_count++;
}

/* A failure that says nothing about the file. */
static bool fallback_is_our_own(nn_status status)
{
    return status == NN_ERROR_MEMORY;
}

/* Notes why a file is passed over. Other settings are told apart: they may be the user's doing, and no
 * damage. */
static void fallback_refuse(fallback *search, nn_status status, const char *path)
{
    if (status != NN_ERROR_USAGE) {
        fallback_pass(search, nn_error_text());
        return;
    }
    search->other_count++;
    if (search->other.length == 0) nn_text_append(&search->other, "%s", nn_error_text());
    nn_text reason = {0};
    nn_text_append(&reason, "%s is of another run: its settings or its data differ", path);
    if (!reason.failed) fallback_pass(search, reason.bytes);
    nn_text_free(&reason);
}

static nn_status fallback_look(const fallback *search, const char *path, int64_t step,
                               nn_checkpoint_opened *found)
{
    NN_TRY(nn_checkpoint_open(path, step, found));
    NN_TRY(nn_checkpoint_compare(search->parts, found->file));
    return nn_checkpoint_complete(search->parts, found->file);
}

/* *found stays empty where the file cannot be used. */
static nn_status fallback_try(fallback *search, const char *path, int64_t step, nn_checkpoint_opened *found)
{
    nn_status status = fallback_look(search, path, step, found);
    if (status == NN_OK) return NN_OK;
    if (!fallback_is_our_own(status)) fallback_refuse(search, status, path);
    nn_checkpoint_close(found);
    return fallback_is_our_own(status) ? status : NN_OK;
}

/* ---- all of them ---- */

/* What the manifest lists and is not there: a reason to fall back where it is newer than what was found. */
static void fallback_report_gone(fallback *search, const nn_checkpoint_opened *found)
{
    for (size_t i = 0; i < search->manifest.count; i++) {
        int64_t step = search->manifest.entries[i].step;
        char path[NN_PATH_SIZE], reason[FALLBACK_NAME + 64];
        struct stat facts;
        if (step == NN_MANIFEST_BEST)
            snprintf(path, sizeof path, "%.4000s/" NN_CHECKPOINT_BEST, search->directory);
        else
            nn_checkpoint_path(search->directory, step, path);
        if (stat(path, &facts) == 0) continue;
        snprintf(reason, sizeof reason, "%s is gone: the manifest lists it", path);
        if (!found->file || step > found->step)
            fallback_pass(search, reason);
        else
            nn_log_warning("%s", reason);
    }
}

/* The files by their steps, those first that are what the manifest says. */
static nn_status fallback_search_steps(fallback *search, char path[NN_PATH_SIZE], nn_checkpoint_opened *found)
{
    for (size_t i = 0; i < search->count && !found->file; i++) {
        nn_checkpoint_path(search->directory, search->steps[i], path);
        const nn_manifest_entry *entry = nn_manifest_find(&search->manifest, search->steps[i]);
        NN_TRY(fallback_try(search, path, search->steps[i], found));
        if (!found->file || !entry || nn_manifest_fits(entry, found->bytes, found->size)) continue;
        char reason[FALLBACK_NAME + 64];
        snprintf(reason, sizeof reason, "%s is another file than the one that the manifest lists", path);
        fallback_pass(search, reason);
        search->differs[i] = true;
        nn_checkpoint_close(found);
    }
    return NN_OK;
}

static nn_status fallback_search_best(fallback *search, char path[NN_PATH_SIZE], nn_checkpoint_opened *found)
{
    struct stat facts;
    if (found->file) return NN_OK;
    snprintf(path, NN_PATH_SIZE, "%.4000s/" NN_CHECKPOINT_BEST, search->directory);
    return stat(path, &facts) == 0 ? fallback_try(search, path, -1, found) : NN_OK;
}

/* A manifest must not make a good checkpoint useless. */
static nn_status fallback_search_differing(fallback *search, char path[NN_PATH_SIZE],
                                           nn_checkpoint_opened *found)
{
    for (size_t i = 0; i < search->count && !found->file; i++) {
        if (!search->differs[i]) continue;
        nn_checkpoint_path(search->directory, search->steps[i], path);
        NN_TRY(fallback_try(search, path, search->steps[i], found));
    }
    return NN_OK;
}

/* A manifest that cannot be read is said once, and then there is none. */
static nn_status fallback_open(fallback *search)
{
    nn_status status = nn_manifest_read(search->directory, &search->manifest, &search->has_manifest);
    search->knows = search->has_manifest && status == NN_OK;
    if (status != NN_OK) nn_log_warning("%s; the seals of the checkpoints decide", nn_error_text());
    NN_TRY(nn_checkpoint_list(search->directory, &search->steps, &search->count));
    return NN_ALLOCATE(&search->differs, search->count, "a list of checkpoints");
}

static void fallback_warn(const fallback *search, const char *path)
{
    const char *line = search->passed.bytes;
    while (line && *line) {
        int length = (int)strcspn(line, "\n");
        nn_log_warning("%.*s; falling back to %s", length, line, path);
        line += length + (line[length] == '\n');
    }
}

/* ---- none ---- */

/* Whether figures were written by a run that kept no manifest, or has lost it. */
static bool fallback_has_figures(const fallback *search)
{
    char path[FALLBACK_NAME];
    struct stat facts;
    snprintf(path, sizeof path, "%s/metrics.jsonl", search->directory);
    return !search->has_manifest && stat(path, &facts) == 0 && facts.st_size > 0;
}

static nn_status fallback_fail(fallback *search)
{
    uint64_t run;
    NN_TRY(nn_checkpoint_run(search->parts, &run));
    bool ours = search->knows && search->manifest.run == run;
    const char *directory = search->directory, *passed = search->passed.bytes;
    char what[80] = "its checkpoints are gone";
    bool all_differ =
        search->other_count == search->passed_count; /* data that is known but by all its values */
    if (search->other.length > 0 && (!ours || all_differ))
        return nn_fail(NN_ERROR_USAGE, "%s", search->other.bytes);
    if (!passed && search->has_manifest && !search->knows) passed = "the manifest is damaged, too";
    if (!passed && fallback_has_figures(search)) passed = "metrics.jsonl has the figures of a run";
    if (!passed) return NN_OK;
    if (search->count > 0) snprintf(what, sizeof what, "none of the %zu checkpoints is whole", search->count);
    NN_FAIL(
        NN_ERROR_CHECKPOINT,
        "%s: %s, and to begin from scratch would throw away what the run has done:\n%s\nnothing was "
        "removed; restore a checkpoint from a copy (nntrain verify %s tells more), choose another --run-dir, "
        "or start over with --fresh",
        directory, what, passed, directory);
}

nn_status nn_run_find(const nn_job *job, const nn_checkpoint_parts *parts, char path[NN_PATH_SIZE],
                      nn_checkpoint_opened *found)
{
    fallback search = {.directory = job->run_directory, .parts = parts};
    nn_status status;
    *found = (nn_checkpoint_opened){0};
    if (job->fresh) NN_TRY(nn_run_directory_empty(job->run_directory));
    NN_TRY_TO(done, status, fallback_open(&search));
    NN_TRY_TO(done, status, fallback_search_steps(&search, path, found));
    NN_TRY_TO(done, status, fallback_search_best(&search, path, found));
    NN_TRY_TO(done, status, fallback_search_differing(&search, path, found));
    fallback_report_gone(&search, found);
    if (found->file)
        fallback_warn(&search, path);
    else
        status = fallback_fail(&search);
done:
    nn_manifest_release(&search.manifest);
    nn_free(search.steps);
    nn_free(search.differs);
    nn_text_free(&search.passed);
    nn_text_free(&search.other);
    return status;
}
