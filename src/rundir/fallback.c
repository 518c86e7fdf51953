#include "rundir/fallback.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "host/files.h"
#include "rundir/compare.h"
#include "rundir/manifest.h"
#include "rundir/rundir.h"

#define FALLBACK_NAME (NN_PATH_SIZE + 32)

typedef struct fallback {
    const char *directory;
    const nn_checkpoint_parts *parts;
    nn_manifest manifest;
    bool has_manifest; /* there is one, perhaps a damaged one */
    bool knows;        /* it could be read */
    int64_t *steps;    /* of the files, newest first */
    size_t count;
    bool *differs; /* by step: intact, but not what the manifest says */
    nn_damaged *damaged;
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

/* Records why a file is skipped. Different settings are counted separately: the user may have changed them;
 * the file is not damaged. */
static void fallback_refuse(fallback *search, nn_status status, const char *path)
{
    if (status != NN_ERROR_USAGE) {
        fallback_pass(search, nn_error_text());
        return;
    }
    search->other_count++;
    if (search->other.length == 0) nn_text_append(&search->other, "%s", nn_error_text());
    nn_text reason = {0};
    nn_text_append(&reason, "%s belongs to another run: its settings or its data differ", path);
    if (!reason.failed) fallback_pass(search, reason.bytes);
    nn_text_free(&reason);
}

static nn_status fallback_look(const fallback *search, const char *path, int64_t step,
                               nn_kept_checkpoint *found)
{
    NN_TRY(nn_kept_open(path, step, found));
    nn_status status = nn_checkpoint_compare(search->parts, found->file);
    if (status == NN_OK) status = nn_checkpoint_complete(search->parts, found->file);
    return status == NN_ERROR_IO || status == NN_ERROR_DATA ? NN_ERROR_CHECKPOINT : status;
}

/* A file without a valid seal is damaged. A file that could be opened is intact but not the right one, and is
 * kept; so is anything that is not a regular file. */
static nn_status fallback_note_damage(fallback *search, const char *path, int64_t step)
{
    nn_damaged *damaged = search->damaged;
    struct stat facts;
    bool there;
    if (!damaged || step < 0) return NN_OK;
    NN_TRY(nn_file_look(path, &facts, &there));
    if (!there || !S_ISREG(facts.st_mode)) return NN_OK;
    return nn_damaged_add(damaged, step);
}

/* *found stays empty if the file cannot be used. A failure that says nothing about the file ends the search:
 * using an older one would discard what the run has done. */
static nn_status fallback_try(fallback *search, const char *path, int64_t step, nn_kept_checkpoint *found)
{
    nn_status status = fallback_look(search, path, step, found);
    bool opened = found->file != NULL;
    if (status == NN_OK) return NN_OK;
    nn_kept_close(found);
    if (status == NN_ERROR_MEMORY) return status;
    if (status == NN_ERROR_IO)
        NN_FAIL(status,
                "%s; nothing was removed: run the same command again when the file can be read, or move it "
                "away to resume from the previous checkpoint",
                nn_error_text());
    fallback_refuse(search, status, path);
    return opened ? NN_OK : fallback_note_damage(search, path, step);
}

/* ---- all of them ---- */

/* Files that the manifest lists but that are missing: a reason to fall back if newer than what was found. */
static nn_status fallback_report_gone(fallback *search, const nn_kept_checkpoint *found)
{
    for (size_t i = 0; i < search->manifest.count; i++) {
        const nn_manifest_entry *entry = &search->manifest.entries[i];
        int64_t step = entry->step;
        char path[NN_PATH_SIZE], reason[FALLBACK_NAME + 64];
        bool there;
        nn_manifest_entry_path(search->directory, entry, path);
        NN_TRY(nn_file_exists(path, &there));
        if (there) continue;
        snprintf(reason, sizeof reason, "%s is missing, but listed in the manifest", path);
        if (!found->file || step > found->step)
            fallback_pass(search, reason);
        else
            nn_log_warning("%s", reason);
    }
    return NN_OK;
}

/* The files from the newest step on; those that differ from the manifest are left for later. */
static nn_status fallback_search_steps(fallback *search, char path[NN_PATH_SIZE], nn_kept_checkpoint *found)
{
    for (size_t i = 0; i < search->count && !found->file; i++) {
        nn_kept_path(search->directory, search->steps[i], path);
        const nn_manifest_entry *entry = nn_manifest_find(&search->manifest, search->steps[i], NULL);
        NN_TRY(fallback_try(search, path, search->steps[i], found));
        if (!found->file || !entry || nn_manifest_fits(entry, found->bytes, found->size)) continue;
        char reason[FALLBACK_NAME + 64];
        snprintf(reason, sizeof reason, "%s is not the file that the manifest lists", path);
        fallback_pass(search, reason);
        search->differs[i] = true;
        nn_kept_close(found);
    }
    return NN_OK;
}

/* Tries a file of best weights, which becomes *found where it is newer. */
static nn_status fallback_try_best(fallback *search, const char *name, char path[NN_PATH_SIZE],
                                   nn_kept_checkpoint *found)
{
    char candidate[NN_PATH_SIZE];
    nn_kept_checkpoint opened = {0};
    bool there;
    nn_manifest_best_path(search->directory, name, candidate);
    NN_TRY(nn_file_exists(candidate, &there));
    if (there) NN_TRY(fallback_try(search, candidate, -1, &opened));
    if (!opened.file || (found->file && found->step >= opened.step)) {
        nn_kept_close(&opened);
        return NN_OK;
    }
    nn_kept_close(found);
    *found = opened;
    memcpy(path, candidate, NN_PATH_SIZE);
    return NN_OK;
}

/* Best weights, where there is nothing else. */
static nn_status fallback_search_best(fallback *search, char path[NN_PATH_SIZE], nn_kept_checkpoint *found)
{
    const nn_manifest *manifest = &search->manifest;
    if (found->file) return NN_OK;
    NN_TRY(fallback_try_best(search, NN_KEPT_BEST, path, found));
    for (size_t i = 0; i < manifest->count; i++)
        if (manifest->entries[i].step == NN_MANIFEST_BEST &&
            strcmp(manifest->entries[i].best, NN_KEPT_BEST) != 0)
            NN_TRY(fallback_try_best(search, manifest->entries[i].best, path, found));
    return NN_OK;
}

/* A manifest must not make a good checkpoint useless. */
static nn_status fallback_search_differing(fallback *search, char path[NN_PATH_SIZE],
                                           nn_kept_checkpoint *found)
{
    for (size_t i = 0; i < search->count && !found->file; i++) {
        if (!search->differs[i]) continue;
        nn_kept_path(search->directory, search->steps[i], path);
        NN_TRY(fallback_try(search, path, search->steps[i], found));
    }
    return NN_OK;
}

static bool fallback_lists(const fallback *search, int64_t step)
{
    for (size_t i = 0; i < search->count; i++)
        if (search->steps[i] == step) return true;
    return false;
}

/* Adds existing files that the manifest lists but the listing of the folder omits, as a file server may do;
 * in their place, newest first. */
static nn_status fallback_add_listed(fallback *search)
{
    for (size_t i = 0; i < search->manifest.count; i++) {
        int64_t step = search->manifest.entries[i].step;
        char path[NN_PATH_SIZE];
        bool there;
        if (step == NN_MANIFEST_BEST || fallback_lists(search, step)) continue;
        nn_kept_path(search->directory, step, path);
        NN_TRY(nn_file_exists(path, &there));
        if (!there) continue;
        nn_log_warning("%s exists, but the file system omits it when listing its folder", path);
        NN_TRY(nn_reallocate((void **)&search->steps, search->count, search->count + 1, sizeof *search->steps,
                             "a list of checkpoints"));
        size_t at = search->count++;
        for (; at > 0 && search->steps[at - 1] < step; at--) search->steps[at] = search->steps[at - 1];
        search->steps[at] = step;
    }
    return NN_OK;
}

/* A damaged manifest is reported once, and then ignored. */
static nn_status fallback_open(fallback *search)
{
    nn_status status = nn_manifest_read(search->directory, &search->manifest, &search->has_manifest);
    if (status == NN_ERROR_IO || status == NN_ERROR_MEMORY) return status;
    search->knows = search->has_manifest && status == NN_OK;
    if (status != NN_OK)
        nn_log_warning("%s; relying on the seals of the checkpoints instead", nn_error_text());
    NN_TRY(nn_kept_list(search->directory, &search->steps, &search->count));
    NN_TRY(fallback_add_listed(search));
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

/* Whether metrics were written by a run that kept no manifest, or has lost it. */
static nn_status fallback_look_for_metrics(const fallback *search, bool *found)
{
    char path[FALLBACK_NAME];
    struct stat facts;
    bool there;
    snprintf(path, sizeof path, "%s/metrics.jsonl", search->directory);
    NN_TRY(nn_file_look(path, &facts, &there));
    *found = !search->has_manifest && there && S_ISREG(facts.st_mode) && facts.st_size > 0;
    return NN_OK;
}

/* Why the run must not begin from scratch; NULL: it may. */
static nn_status fallback_judge(const fallback *search, bool ours, const char **reason)
{
    bool figures;
    NN_TRY(fallback_look_for_metrics(search, &figures));
    *reason = search->passed.bytes;
    if (!*reason && search->has_manifest && !search->knows) *reason = "the manifest is damaged too";
    if (!*reason && figures) *reason = "metrics.jsonl has the results of a run";
    if (!*reason && ours && search->manifest.count > 0)
        *reason = "the manifest lists checkpoints of this run";
    return NN_OK;
}

static nn_status fallback_fail(fallback *search)
{
    uint64_t run;
    const char *directory = search->directory, *reason;
    char what[80] = "its checkpoints are missing";
    NN_TRY(nn_checkpoint_run(search->parts, &run));
    bool ours = search->knows && search->manifest.run == run;
    bool all_differ = search->other_count == search->passed_count; /* data that only its values identify */
    if (search->other.length > 0 && (!ours || all_differ))
        return nn_fail(NN_ERROR_USAGE, "%s", search->other.bytes);
    NN_TRY(fallback_judge(search, ours, &reason));
    if (!reason) return NN_OK;
    if (search->count > 0)
        snprintf(what, sizeof what, "none of the %zu checkpoints is usable", search->count);
    NN_FAIL(NN_ERROR_CHECKPOINT,
            "%s: %s, and starting from scratch would discard what the run has done:\n"
            "%s\n"
            "nothing was removed; restore a checkpoint from a copy (nntrain verify %s reports more), choose "
            "another --run-dir, or start over with --fresh",
            directory, what, reason, directory);
}

nn_status nn_fallback_find(const nn_job *job, const nn_checkpoint_parts *parts, char path[NN_PATH_SIZE],
                           nn_kept_checkpoint *found, nn_damaged *damaged)
{
    fallback search = {.directory = job->run_directory, .parts = parts, .damaged = damaged};
    nn_status status;
    *found = (nn_kept_checkpoint){0};
    if (job->fresh) NN_TRY(nn_rundir_empty(job->run_directory));
    NN_TRY_TO(done, status, fallback_open(&search));
    NN_TRY_TO(done, status, fallback_search_steps(&search, path, found));
    NN_TRY_TO(done, status, fallback_search_best(&search, path, found));
    NN_TRY_TO(done, status, fallback_search_differing(&search, path, found));
    NN_TRY_TO(done, status, fallback_report_gone(&search, found));
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
