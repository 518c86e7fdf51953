/* Loss and metrics of a trained network. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "host/clock.h"
#include "judge/evaluation_file.h"
#include "rundir/checkpoint_progress.h"
#include "step/evaluate.h"
#include "step/step_threads.h"
#include "train/train.h"
#include "train/trained.h"

typedef struct evaluated {
    nn_comm *comm;
    const nn_evaluation *evaluation;
    nn_trained *trained;
    int threads;
    int64_t samples; /* of all parts so far */
    double seconds;
    bool begun; /* the document has a part */
    nn_text document;
} evaluated;

/* Whether the data is that of the run, so that its parts mean what they did in training. */
static const char *evaluated_part(const evaluated *of)
{
    return of->evaluation->files ? "data" : nn_trained_part_name(of->trained->part);
}

static void evaluated_show(const evaluated *of, const nn_judgement *judgement)
{
    nn_text text = {0}, source = {0};
    nn_results_text(judgement->model, judgement->results, true, &text);
    nn_trained_describe(of->trained, of->evaluation->files, &source);
    nn_log_line("%s: %lld samples of %s: %s", of->trained->path, (long long)judgement->samples,
                source.bytes ? source.bytes : "", text.bytes ? text.bytes : "");
    nn_text_free(&source);
    nn_text_free(&text);
    nn_judge_show(judgement, nn_trained_part_name(of->trained->part));
}

/* What the results are of. *progress: NN_ALLOCATEd; the origin borrows from it. */
static nn_status evaluated_origin(const evaluated *of, nn_checkpoint_progress **progress,
                                  nn_judge_origin *origin)
{
    const nn_trained *trained = of->trained;
    NN_TRY(NN_ALLOCATE(progress, 1, "the facts of a checkpoint"));
    NN_TRY(nn_checkpoint_get_progress(trained->file, *progress));
    *origin = (nn_judge_origin){.data = nn_dataset_identity(trained->data),
                                .fingerprint = (*progress)->fingerprint,
                                .weights = trained->path,
                                .files = of->evaluation->files,
                                .epoch = (*progress)->epochs,
                                .step = (*progress)->step};
    return NN_OK;
}

/* As training does at its end; one sample at a time. */
static nn_status evaluated_continue(const nn_trained *trained, nn_gathering *gathering)
{
    nn_predictor *predictor = NULL;
    if (gathering->continued.count == 0) return NN_OK;
    NN_TRY(nn_predictor_open_sized(trained->path, 1, &predictor));
    return nn_continued_write(trained->model, predictor, trained->settings.evaluation.text,
                              &gathering->continued);
}

/* Writes evaluation.h5 to the run directory, as training does. */
static nn_status evaluated_store(const evaluated *of, const nn_judgement *judgement, nn_gathering *gathering)
{
    char path[NN_PATH_SIZE];
    const nn_trained *trained = of->trained;
    const char *directory = of->evaluation->run_or_checkpoint, *file = strrchr(of->trained->path, '/');
    nn_checkpoint_progress *progress = NULL;
    nn_judge_origin origin;
    nn_status status = evaluated_origin(of, &progress, &origin);
    origin.run = nn_stored_run(directory);
    origin.weights = file && strcmp(file, "/" NN_KEPT_BEST) == 0 ? "best" : "last";
    snprintf(path, sizeof path, "%.4000s/" NN_KEPT_EVALUATION, directory);
    if (status == NN_OK) status = evaluated_continue(trained, gathering);
    if (status == NN_OK) status = nn_evaluation_file_write(path, &origin, judgement, gathering);
    if (status == NN_OK) nn_log_line("%s is written", path);
    nn_free(progress);
    return status;
}

/* The results of trained->part. Collective. */
static nn_status evaluated_run_part(evaluated *of)
{
    nn_trained *trained = of->trained;
    const nn_model *model = trained->model;
    nn_results results = {0}, baseline = {0};
    nn_gathering gathering = {0};
    nn_evaluate_request request = {of->comm,      trained->workers,         model, trained->data,
                                   trained->part, trained->microbatch_size, NULL,  NULL};
    bool known = false;
    nn_status status;
    double begin = nn_seconds();
    if (of->evaluation->store) {
        status =
            nn_gathering_create(of->comm, model, trained->data, trained->part, of->threads,
                                (uint64_t)trained->settings.training.seed, &trained->settings.data.window,
                                &trained->settings.evaluation, &gathering);
        NN_TRY_TO(done, status, nn_comm_agree(of->comm, status));
        request.observer = &gathering.observer;
    }
    NN_TRY_TO(done, status, nn_evaluate_part(&request, trained->weights, &results));
    if (of->evaluation->store) NN_TRY_TO(done, status, nn_gathering_join(&gathering));
    of->seconds += nn_seconds() - begin;
    for (int h = 0; h < model->head_count; h++) known |= nn_baseline_is_known(&model->heads[h]);
    NN_TRY_TO(done, status, nn_evaluate_check(model, trained->part, &results));
    if (known) NN_TRY_TO(done, status, nn_evaluate_baseline(&request, &baseline));
    const nn_judgement judgement = {.model = model,
                                    .part = evaluated_part(of),
                                    .samples = nn_dataset_count(trained->data, trained->part),
                                    .weighted = trained->weighted,
                                    .results = &results,
                                    .baseline = known ? &baseline : NULL};
    of->samples += judgement.samples;
    if (of->evaluation->json)
        nn_judge_append_part(&judgement, !of->begun, &of->document);
    else
        evaluated_show(of, &judgement);
    of->begun = true;
    if (of->evaluation->store) {
        status = nn_comm_rank(of->comm) == 0 ? evaluated_store(of, &judgement, &gathering) : NN_OK;
        status = nn_comm_agree(of->comm, status);
    }
done:
    nn_gathering_release(&gathering);
    nn_results_release(&results);
    nn_results_release(&baseline);
    return status;
}

/* ---- as JSON ---- */

static nn_status evaluated_begin_document(evaluated *of)
{
    nn_checkpoint_progress *progress = NULL;
    nn_judge_origin origin;
    nn_status status = evaluated_origin(of, &progress, &origin);
    if (status == NN_OK) nn_judge_begin(&origin, &of->document);
    nn_free(progress);
    return status;
}

static nn_status evaluated_end_document(evaluated *of)
{
    nn_judge_end(NULL, &(nn_judge_time){of->seconds, nn_comm_size(of->comm), of->threads}, &of->document);
    if (of->document.failed) NN_FAIL(NN_ERROR_MEMORY, "out of memory for the results");
    if (!nn_log_enabled()) return NN_OK;
    if (fputs(of->document.bytes, stdout) == EOF || fflush(stdout) == EOF)
        NN_FAIL(NN_ERROR_IO, "cannot write the results to standard output");
    return NN_OK;
}

/* ---- all of it ---- */

static nn_status evaluated_parts(evaluated *of)
{
    nn_trained *trained = of->trained;
    if (!of->evaluation->every_part) return evaluated_run_part(of);
    for (int p = NN_PARTS - 1; p >= 0; p--) {
        if (nn_dataset_count(trained->data, (nn_part)p) == 0) continue;
        trained->part = (nn_part)p;
        NN_TRY(evaluated_run_part(of));
    }
    return NN_OK;
}

static nn_status evaluated_run(evaluated *of)
{
    nn_trained *trained = of->trained;
    nn_comm *comm = of->comm;
    bool json = of->evaluation->json;
    struct stat facts;
    bool folder = stat(of->evaluation->run_or_checkpoint, &facts) != 0 || S_ISDIR(facts.st_mode);
    nn_status status = NN_OK;
    if (of->evaluation->store && !folder && nn_comm_rank(comm) == 0)
        status =
            nn_fail(NN_ERROR_USAGE,
                    "eval --store: %s is a file; give the run directory, in which evaluation.h5 is written",
                    of->evaluation->run_or_checkpoint);
    NN_TRY(nn_comm_agree(comm, status));
    NN_TRY(nn_step_threads_choose(comm, 0, &of->threads));
    nn_workers_request workers = {.threads = of->threads,
                                  .share_max = of->threads,
                                  .microbatch_size = trained->microbatch_size,
                                  .memory = 1e9};
    NN_TRY(
        nn_comm_agree(comm, nn_workers_create(trained->model, trained->data, &workers, &trained->workers)));
    if (json) NN_TRY(nn_comm_agree(comm, evaluated_begin_document(of)));
    NN_TRY(evaluated_parts(of));
    if (of->evaluation->timed)
        nn_log_line("%.1f samples/s in microbatches of %lld on %d rank%s x %d thread%s",
                    (double)of->samples / of->seconds, (long long)trained->microbatch_size,
                    nn_comm_size(comm), nn_comm_size(comm) > 1 ? "s" : "", of->threads,
                    of->threads > 1 ? "s" : "");
    return json ? nn_comm_agree(comm, evaluated_end_document(of)) : NN_OK;
}

nn_status nn_train_evaluate(nn_comm *comm, const nn_evaluation *evaluation)
{
    nn_trained trained;
    evaluated of = {.comm = comm, .evaluation = evaluation, .trained = &trained};
    const nn_trained_request request = {.files = evaluation->files,
                                        .part = evaluation->part,
                                        .every_part = evaluation->every_part || evaluation->store,
                                        .sets = evaluation->sets,
                                        .metrics = evaluation->metrics};
    nn_status status = nn_trained_open(comm, evaluation->run_or_checkpoint, &request, &trained);
    if (status == NN_OK) status = evaluated_run(&of);
    nn_text_free(&of.document);
    nn_trained_close(&trained);
    return status;
}
