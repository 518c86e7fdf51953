/* Loss and metrics of a trained network. */
#include "base/log.h"
#include "base/text.h"
#include "host/clock.h"
#include "step/evaluate.h"
#include "step/results.h"
#include "step/step_threads.h"
#include "train/train.h"
#include "train/trained.h"

static nn_status evaluate_trained(nn_comm *comm, const nn_evaluation *evaluation, nn_trained *trained)
{
    int threads = 1;
    NN_TRY(nn_step_threads_choose(comm, 0, &threads));
    nn_workers_request workers = {
        .threads = threads, .share_max = threads, .microbatch_size = trained->microbatch_size, .memory = 1e9};
    NN_TRY(
        nn_comm_agree(comm, nn_workers_create(trained->model, trained->data, &workers, &trained->workers)));
    nn_results figures;
    nn_evaluate_request request = {comm,          trained->workers, trained->model,
                                   trained->data, trained->part,    trained->microbatch_size};
    double begin = nn_seconds();
    NN_TRY(nn_evaluate_part(&request, trained->weights, &figures));
    double seconds = nn_seconds() - begin;
    int64_t samples = nn_dataset_count(trained->data, trained->part);
    nn_status status = nn_evaluate_check(trained->model, trained->part, &figures);
    if (status != NN_OK) nn_results_release(&figures);
    NN_TRY(status);
    nn_text text = {0}, source = {0};
    nn_results_text(trained->model, &figures, true, &text);
    nn_trained_describe(trained, evaluation->files, &source);
    nn_log_line("%s: %lld samples of %s: %s", trained->path, (long long)samples,
                source.bytes ? source.bytes : "", text.bytes ? text.bytes : "");
    nn_text_free(&source);
    nn_text_free(&text);
    nn_results_show_outputs(trained->model, &figures, nn_trained_part_name(trained->part));
    nn_results_show_matrices(trained->model, &figures);
    nn_results_release(&figures);
    if (evaluation->timed)
        nn_log_line("%.1f samples/s in microbatches of %lld on %d rank%s x %d thread%s",
                    (double)samples / seconds, (long long)trained->microbatch_size, nn_comm_size(comm),
                    nn_comm_size(comm) > 1 ? "s" : "", threads, threads > 1 ? "s" : "");
    return NN_OK;
}

nn_status nn_train_evaluate(nn_comm *comm, const nn_evaluation *evaluation)
{
    nn_trained trained;
    const nn_trained_request request = {
        .files = evaluation->files, .part = NN_PARTS, .sets = evaluation->sets};
    nn_status status = nn_trained_open(comm, evaluation->run_or_checkpoint, &request, &trained);
    if (status == NN_OK) status = evaluate_trained(comm, evaluation, &trained);
    nn_trained_close(&trained);
    return status;
}
