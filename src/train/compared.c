/* Two trained networks, compared on the same samples. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "step/step_threads.h"
#include "train/comparable.h"
#include "train/train.h"

typedef struct compared_run {
    nn_trained trained;
    nn_states states;
    nn_results results;
} compared_run;

typedef struct compared {
    nn_comm *comm;
    const nn_comparison_request *request;
    int threads;
    compared_run runs[2];
    nn_comparison comparison;
    nn_text left_out; /* lines */
} compared;

static nn_status compared_open(compared *of, int r)
{
    const nn_comparison_request *request = of->request;
    const nn_trained_request wanted = {
        .files = request->files, .part = request->part, .metrics = request->metrics};
    nn_trained *trained = &of->runs[r].trained;
    NN_TRY(nn_trained_open(of->comm, request->runs[r], &wanted, trained));
    nn_status status =
        nn_comm_rank(of->comm) == 0 ? nn_comparable_unseen(trained, request->files != NULL) : NN_OK;
    return nn_comm_agree(of->comm, status);
}

/* The results of eval, and what each sample adds to them. */
static nn_status compared_evaluate(compared *of, int r)
{
    compared_run *run = &of->runs[r];
    nn_trained *trained = &run->trained;
    nn_workers_request workers = {.threads = of->threads,
                                  .share_max = of->threads,
                                  .microbatch_size = trained->microbatch_size,
                                  .memory = 1e9};
    nn_status status = nn_workers_create(trained->model, trained->data, &workers, &trained->workers);
    if (status == NN_OK) status = nn_states_create(of->comm, trained->model, of->threads, &run->states);
    NN_TRY(nn_comm_agree(of->comm, status));
    const nn_evaluate_request request = {.comm = of->comm,
                                         .workers = trained->workers,
                                         .model = trained->model,
                                         .data = trained->data,
                                         .part = trained->part,
                                         .microbatch_size = trained->microbatch_size,
                                         .observer = &run->states.observer};
    NN_TRY(nn_evaluate_part(&request, trained->weights, &run->results));
    NN_TRY(nn_evaluate_check(trained->model, trained->part, &run->results));
    return nn_states_join(&run->states, nn_dataset_count(trained->data, trained->part));
}

/* Neighbouring windows have rows in common. */
static bool compared_has_windows(const compared *of)
{
    return of->runs[0].trained.settings.data.window.length > 0;
}

#define WINDOWS_NOTE                                                                                         \
    "samples are windows of a series, and neighbouring windows depend on each other: intervals and tests "   \
    "are too narrow"

#define VALIDATION_NOTE                                                                                      \
    "the best weights of each run were chosen by its validation part: the test part says more about new "    \
    "data"

/* What limits what the comparison says; empty: nothing. */
static const char *compared_note(const compared *of)
{
    if (compared_has_windows(of)) return WINDOWS_NOTE;
    return !of->request->files && of->request->part == NN_VALIDATION ? VALIDATION_NOTE : "";
}

static void compared_show(const compared *of)
{
    const char *names = "AB";
    nn_text source = {0};
    nn_trained_describe(&of->runs[0].trained, of->request->files, &source);
    nn_log_line("compare: %lld samples of %s; the states of the samples take %.1f MiB on each rank",
                (long long)of->comparison.samples, source.bytes ? source.bytes : "",
                (double)(of->runs[0].states.bytes + of->runs[1].states.bytes) / 0x1p20);
    nn_text_free(&source);
    for (int r = 0; r < 2; r++) nn_log_line("  %c: %s", names[r], of->runs[r].trained.path);
    nn_comparison_show(&of->comparison);
    for (const char *at = of->left_out.bytes; at && *at;) {
        int length = (int)strcspn(at, "\n");
        nn_log_line("not compared: %.*s", length, at);
        at += length + (at[length] == '\n');
    }
    if (compared_note(of)[0]) nn_log_line("note: %s", compared_note(of));
}

static nn_status compared_print(const compared *of)
{
    nn_text text = {0};
    nn_text_append(&text, "{\"format\":\"nntrain comparison 1\",\"a\":");
    nn_text_append_json(&text, of->runs[0].trained.path);
    nn_text_append(&text, ",\"b\":");
    nn_text_append_json(&text, of->runs[1].trained.path);
    nn_text_append(&text, ",\"part\":\"%s\",\"data\":\"%016" PRIx64 "\",",
                   of->request->files ? "data" : nn_trained_part_name(of->runs[0].trained.part),
                   nn_dataset_identity(of->runs[0].trained.data));
    nn_comparison_append_json(&of->comparison, &text);
    nn_text_append(&text, ",\"not_compared\":");
    nn_text_append_json(&text, of->left_out.bytes ? of->left_out.bytes : "");
    nn_text_append(&text, ",\"note\":");
    nn_text_append_json(&text, compared_note(of));
    nn_text_append(&text, "}\n");
    nn_status status = NN_OK;
    if (text.failed || of->left_out.failed)
        status = nn_fail(NN_ERROR_MEMORY, "out of memory for the comparison");
    else if (nn_log_enabled() && (fputs(text.bytes, stdout) == EOF || fflush(stdout) == EOF))
        status = nn_fail(NN_ERROR_IO, "cannot write the comparison to standard output");
    nn_text_free(&text);
    return status;
}

static nn_status compared_run_all(compared *of)
{
    compared_run *a = &of->runs[0], *b = &of->runs[1];
    nn_comm *comm = of->comm;
    NN_TRY(compared_open(of, 0));
    NN_TRY(compared_open(of, 1));
    NN_TRY(nn_comm_agree(comm, nn_comparable_targets(&a->trained, &b->trained)));
    NN_TRY(nn_step_threads_choose(comm, 0, &of->threads));
    NN_TRY(compared_evaluate(of, 0));
    NN_TRY(compared_evaluate(of, 1));
    nn_status status = NN_OK;
    if (nn_comm_rank(comm) == 0)
        status = nn_comparable_rows(&a->trained, &b->trained, &a->states, &b->states);
    NN_TRY(nn_comm_agree(comm, status));
    nn_comparable_results(a->trained.model, b->trained.model, &a->results, &b->results,
                          of->request->metrics != NULL, &of->comparison, &of->left_out);
    NN_TRY(nn_comparison_run(&a->states, &b->states, of->threads, &of->comparison));
    if (of->request->json) return nn_comm_agree(comm, compared_print(of));
    compared_show(of);
    return NN_OK;
}

nn_status nn_train_compare(nn_comm *comm, const nn_comparison_request *request)
{
    compared *of = NULL;
    NN_TRY(nn_comm_agree(comm, NN_ALLOCATE(&of, 1, "a comparison")));
    of->comm = comm;
    of->request = request;
    of->comparison = (nn_comparison){.replicates = request->replicates, .seed = request->seed};
    nn_status status = compared_run_all(of);
    for (int r = 0; r < 2; r++) {
        nn_states_release(&of->runs[r].states);
        nn_results_release(&of->runs[r].results);
        nn_trained_close(&of->runs[r].trained);
    }
    nn_text_free(&of->left_out);
    nn_free(of);
    return status;
}
