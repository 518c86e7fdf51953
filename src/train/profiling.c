#include "train/profiling.h"

#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "train/run.h"

static nn_status profiling_allocate(nn_run *run, int64_t events)
{
    nn_profiling *profiling;
    const char *what = "the profile";
    NN_TRY(NN_ALLOCATE(&run->profiling, 1, what));
    profiling = run->profiling;
    int layers = run->model->network->layer_count, places = nn_profile_places(layers);
    bool first = nn_comm_rank(run->comm) == 0;
    NN_TRY(nn_profile_create(run->threads, layers, events, &profiling->profile));
    NN_TRY(NN_ALLOCATE(&profiling->own, places + 1, what));
    NN_TRY(NN_ALLOCATE(&profiling->epoch.seconds, places, what));
    NN_TRY(NN_ALLOCATE(&profiling->run.seconds, places, what));
    return NN_ALLOCATE(&profiling->all, first ? (int64_t)(places + 1) * nn_comm_size(run->comm) : 1, what);
}

nn_status nn_profiling_open(nn_run *run)
{
    const nn_job *job = run->job;
    if (!job->profile && !job->trace) return NN_OK;
    int64_t events = job->trace ? nn_trace_events(nn_comm_size(run->comm), run->threads) : 0;
    NN_TRY(nn_comm_agree(run->comm, profiling_allocate(run, events)));
    run->profiling->trace.path = job->trace;
    return job->trace ? nn_trace_begin(run->comm, &run->profiling->trace) : NN_OK;
}

nn_status nn_profiling_begin(nn_run *run)
{
    const char *trace = run->job->trace;
    if (!trace) return NN_OK;
    return nn_comm_agree(run->comm, nn_comm_rank(run->comm) == 0 ? nn_trace_open(trace) : NN_OK);
}

/* Takes what the ranks have recorded, and adds it up in the order of the ranks. Collective. */
static nn_status profiling_take(nn_run *run)
{
    nn_profiling *profiling = run->profiling;
    nn_profiling_sums *epoch = &profiling->epoch;
    int places = nn_profile_places(run->model->network->layer_count), size = nn_comm_size(run->comm);
    size_t *sizes = NULL;
    nn_profile_take(profiling->profile, profiling->own, &epoch->steps, &epoch->samples);
    profiling->own[places] = run->threads;
    nn_status status = nn_comm_agree(run->comm, NN_ALLOCATE(&sizes, size, "the profile"));
    for (int r = 0; status == NN_OK && r < size; r++) sizes[r] = (size_t)(places + 1) * sizeof(double);
    if (status == NN_OK) status = nn_comm_gather(run->comm, profiling->own, sizes, profiling->all);
    nn_free(sizes);
    NN_TRY(status);
    if (nn_comm_rank(run->comm) != 0) return NN_OK;
    memset(epoch->seconds, 0, (size_t)places * sizeof(double));
    profiling->threads = 0;
    for (int r = 0; r < size; r++) {
        const double *of_rank = profiling->all + (int64_t)r * (places + 1);
        for (int i = 0; i < places; i++) epoch->seconds[i] += of_rank[i];
        profiling->threads += of_rank[places];
    }
    for (int i = 0; i < places; i++) profiling->run.seconds[i] += epoch->seconds[i];
    profiling->run.steps += epoch->steps;
    profiling->run.samples += epoch->samples;
    return NN_OK;
}

nn_status nn_profiling_epoch(nn_run *run)
{
    nn_profiling *profiling = run->profiling;
    if (!run->job->profile) return NN_OK;
    NN_TRY(profiling_take(run));
    nn_text_free(&profiling->json);
    if (nn_comm_rank(run->comm) == 0 && profiling->epoch.steps > 0)
        nn_profiling_json(run->model->network, &profiling->epoch, profiling->threads, run->peak,
                          &profiling->json);
    return nn_comm_agree(run->comm, profiling->json.failed
                                        ? nn_fail(NN_ERROR_MEMORY, "out of memory for the profile")
                                        : NN_OK);
}

static void profiling_show(const nn_run *run)
{
    const nn_profiling *profiling = run->profiling;
    nn_text table = {0};
    if (profiling->run.steps > 0)
        nn_profiling_table(run->model->network, &profiling->run, profiling->threads, run->peak, &table);
    else
        nn_log_line("no profile: no step was left to run");
    for (const char *at = table.bytes; at && *at;) {
        int length = (int)strcspn(at, "\n");
        nn_log_line("%.*s", length, at);
        at += length + (at[length] == '\n');
    }
    nn_text_free(&table);
}

nn_status nn_profiling_end(nn_run *run)
{
    if (run->job->profile) {
        NN_TRY(profiling_take(run));
        if (nn_comm_rank(run->comm) == 0) profiling_show(run);
    }
    if (!run->job->trace) return NN_OK;
    return nn_trace_write(run->comm, &run->profiling->trace, run->profiling->profile, run->threads,
                          run->model->network);
}

void nn_profiling_close(nn_profiling *profiling)
{
    if (!profiling) return;
    nn_profile_destroy(profiling->profile);
    nn_free(profiling->own);
    nn_free(profiling->all);
    nn_free(profiling->epoch.seconds);
    nn_free(profiling->run.seconds);
    nn_text_free(&profiling->json);
    nn_free(profiling);
}
