/* Trains the runs of a search one after another, in one process group. */
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/memory.h"
#include "host/files.h"
#include "search/search_run.h"
#include "store/kept.h"
#include "train/host.h"
#include "train/train.h"

#define RUN_PATH (NN_PATH_SIZE + NN_SEARCH_NAME)
#define RUN_CONFIG_BYTES ((size_t)64 << 20)

typedef struct run_state {
    nn_comm *comm;
    const nn_search *search;
    const nn_job *job; /* what all runs have in common */
    nn_search_outcome *outcome;
    nn_status failure; /* of the first run that failed */
    nn_text failed;    /* which runs did */
} run_state;

/* Whether a file begins with this text, and where `whole` is nothing else. */
static bool run_file_is(const char *path, const char *text, bool whole)
{
    void *bytes = NULL;
    size_t size = 0, length = strlen(text);
    bool there = false;
    if (nn_file_exists(path, &there) != NN_OK || !there ||
        nn_file_load(path, RUN_CONFIG_BYTES, "a run directory", &bytes, &size) != NN_OK) {
        nn_error_clear();
        return false;
    }
    bool is = size >= length && memcmp(bytes, text, length) == 0 && (!whole || size == length);
    nn_free(bytes);
    return is;
}

/* Whether the run was trained to its end with this configuration: then its data need not be opened again.
 * Whatever else there is, training says what to do with it. */
static bool run_is_complete(const nn_job *job)
{
    char path[RUN_PATH + 32];
    nn_config *config = NULL;
    nn_text text = {0};
    snprintf(path, sizeof path, "%s/" NN_KEPT_STATUS, job->run_directory);
    if (!run_file_is(path, "0 ", false)) return false;
    if (nn_config_load(job->config_path, job->overrides, job->override_count, &config) != NN_OK) {
        nn_error_clear();
        return false;
    }
    nn_config_emit(config, &text);
    nn_config_destroy(config);
    snprintf(path, sizeof path, "%s/config.yaml", job->run_directory);
    bool complete = text.bytes && !text.failed && run_file_is(path, text.bytes, true);
    nn_text_free(&text);
    return complete;
}

static void run_note_failure(run_state *of, const nn_search_run *run, nn_status status)
{
    const char *text = nn_error_text();
    of->outcome->failed++;
    if (of->failure == NN_OK) of->failure = status;
    nn_log_warning("run %s failed with exit code %d: %s", run->name, (int)status, text);
    nn_text_append(&of->failed, "\n  %s: exit code %d: %.*s", run->name, (int)status,
                   (int)strcspn(text, "\n"), text);
    nn_error_clear();
}

/* A sweep may be worked through by several jobs at once. */
static void run_leave(run_state *of, const nn_search_run *run)
{
    of->outcome->busy++;
    nn_log_line("run %s is in use by another job, left to it", run->name);
    nn_error_clear();
}

/* NN_STOPPED ends the search. */
static nn_status run_one(run_state *of, size_t number)
{
    const nn_search_run *run = &of->search->runs[number];
    char directory[RUN_PATH];
    nn_host host;
    nn_job job = *of->job;
    snprintf(directory, sizeof directory, "%s/%s", of->search->run_directories, run->name);
    job.config_path = of->search->path;
    job.overrides = (const char *const *)run->sets.items;
    job.override_count = run->sets.count;
    job.run_directory = directory;
    bool complete = nn_comm_rank(of->comm) == 0 && run_is_complete(&job);
    NN_TRY(nn_comm_broadcast(of->comm, &complete, sizeof complete, 0));
    nn_log_line("%srun %zu of %zu: %s%s", number > 0 && !complete ? "\n" : "", number + 1,
                of->search->run_count, directory, complete ? ": complete" : "");
    of->outcome->complete += complete;
    if (complete) return NN_OK;
    nn_host_enter(of->comm, &host);
    nn_status status = nn_train_job(of->comm, &job, NULL);
    nn_host_leave(&host);
    if (status == NN_STOPPED) return status;
    if (status == NN_OK)
        of->outcome->trained++;
    else if (status == NN_ERROR_BUSY)
        run_leave(of, run);
    else
        run_note_failure(of, run, status);
    return NN_OK;
}

/* All ranks must have the same list: what follows is collective. */
static nn_status run_compare(nn_comm *comm, const nn_search *search)
{
    uint64_t hash = nn_hash(search->run_directories, strlen(search->run_directories), 0);
    bool same = true;
    for (size_t r = 0; r < search->run_count; r++)
        hash = nn_hash(search->runs[r].line, strlen(search->runs[r].line), hash);
    NN_TRY(nn_comm_same(comm, hash, &same));
    if (!same)
        NN_FAIL(NN_ERROR_USAGE,
                "the ranks have read different runs: is the file of the sweep the same on all nodes?");
    return NN_OK;
}

nn_status nn_search_run_all(nn_comm *comm, const nn_search *search, const nn_job *job,
                            nn_search_outcome *outcome)
{
    run_state of = {.comm = comm, .search = search, .job = job, .outcome = outcome};
    *outcome = (nn_search_outcome){0};
    nn_status status = run_compare(comm, search);
    for (size_t r = 0; r < search->run_count && status == NN_OK; r++) status = run_one(&of, r);
    char busy[64] = "";
    if (outcome->busy > 0)
        snprintf(busy, sizeof busy, ", %zu in use by another job, left to it", outcome->busy);
    nn_log_line("\n%zu runs: %zu trained, %zu complete before, %zu failed, %zu to do%s%s", search->run_count,
                outcome->trained, outcome->complete, outcome->failed,
                search->run_count - outcome->trained - outcome->complete - outcome->failed - outcome->busy,
                busy, of.failed.bytes ? of.failed.bytes : "");
    if (status == NN_OK && of.failure != NN_OK)
        status = nn_fail(of.failure, "%zu of the %zu runs failed; the same command tries them again",
                         outcome->failed, search->run_count);
    nn_text_free(&of.failed);
    return status;
}
