#include "train/final.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "nn/layer.h"
#include "rundir/best_file.h"
#include "step/evaluate.h"
#include "step/results.h"
#include "train/trained.h"

/* Reads the best weights from their file on all ranks; *epoch becomes theirs. If the file cannot be used, a
 * warning says so and *epoch becomes 0: the results are then those of the last weights. */
static nn_status final_best_weights(nn_run *run, nn_real *weights, int64_t *epoch)
{
    nn_checkpoint_parts parts = nn_run_parts(run);
    *epoch = run->state.best_epoch;
    if (run->directory.writer && nn_rundir_read_best(run->directory.path, &parts, weights) != NN_OK) {
        nn_log_warning("%s; the final results are those of the last weights", nn_error_text());
        *epoch = 0;
    }
    NN_TRY(nn_comm_broadcast(run->comm, epoch, sizeof *epoch, 0));
    if (*epoch == 0) return NN_OK;
    size_t size = (size_t)run->model->network->value_count * nn_scalar_size(run->model->scalar);
    return nn_comm_broadcast(run->comm, weights, size, 0);
}

/* If a target is learned as its logarithm, the mean of the logarithms is a geometric mean. */
static const char *final_baseline_name(const nn_head *head)
{
    if (nn_baseline_is_last(head)) return "the last value seen";
    if (head->class_weights) return "the class proportions, weighted";
    if (!nn_head_is_values(head)) return "the class proportions";
    return head->target.transform == NN_TRANSFORM_LOG ? "the geometric mean of the training part"
                                                      : "the mean of the training part";
}

/* The results of one head, or of the only one, on a line. */
static void final_show_head(const nn_run *run, const char *part, const char *whose, int head,
                            const nn_results *figures)
{
    nn_text text = {0};
    nn_results_head_text(run->model, figures, head, &text);
    if (run->model->head_count > 1)
        nn_log_line("%s, %s, %s: %s", part, run->model->heads[head].name, whose, text.bytes);
    else
        nn_log_line("%s, %s: %s", part, whose, text.bytes);
    nn_text_free(&text);
}

/* best_epoch: the epoch of the weights; 0: they are the last ones. */
static void final_show(const nn_run *run, const char *part, int64_t best_epoch, const nn_results *figures,
                       const nn_results *baseline)
{
    char whose[96];
    if (best_epoch > 0)
        snprintf(whose, sizeof whose, "best weights (epoch %lld)", (long long)best_epoch);
    else
        snprintf(whose, sizeof whose, "last weights");
    if (run->model->head_count > 1) {
        nn_text loss = {0};
        nn_results_number(figures->loss, 5, &loss);
        nn_log_line("%s, %s: loss %s", part, whose, loss.bytes ? loss.bytes : "");
        nn_text_free(&loss);
    }
    for (int h = 0; h < run->model->head_count; h++) {
        final_show_head(run, part, whose, h, figures);
        char name[128];
        bool weighs =
            nn_dataset_has_weights(run->data, NN_TRAIN) && !nn_baseline_is_last(&run->model->heads[h]);
        snprintf(name, sizeof name, "baseline (%s%s)", final_baseline_name(&run->model->heads[h]),
                 weighs ? ", each sample once" : "");
        if (nn_dataset_knows_prior(run->data, h) || nn_baseline_is_last(&run->model->heads[h]))
            final_show_head(run, part, name, h, baseline);
        else
            nn_log_line("%s, %s: not measured (data.check: none)", part, name);
    }
    char title[160];
    snprintf(title, sizeof title, "%s, %s", part, whose);
    nn_results_show_outputs(run->model, figures, title);
    nn_results_show_matrices(run->model, figures);
}

nn_status nn_final_show(nn_run *run)
{
    nn_part part = nn_dataset_count(run->data, NN_TEST) > 0         ? NN_TEST
                   : nn_dataset_count(run->data, NN_VALIDATION) > 0 ? NN_VALIDATION
                                                                    : NN_TRAIN;
    nn_results figures = {0}, baseline = {0};
    nn_real *best = NULL;
    int64_t best_epoch = 0;
    nn_evaluate_request request = {run->comm, run->workers, run->model,
                                   run->data, part,         run->plan.microbatch_size};
    nn_status status = NN_OK;
    if (run->state.best_epoch > 0) {
        status = NN_ALLOCATE_VALUES(run->model->scalar, &best, run->model->network->value_count,
                                    "the best weights");
        NN_TRY_TO(done, status, nn_comm_agree(run->comm, status));
        NN_TRY_TO(done, status, final_best_weights(run, best, &best_epoch));
    }
    const nn_real *weights = best;
    if (best_epoch == 0) NN_TRY_TO(done, status, nn_run_shown_weights(run, &weights));
    NN_TRY_TO(done, status, nn_evaluate_part(&request, weights, &figures));
    NN_TRY_TO(done, status, nn_evaluate_baseline(&request, &baseline));
    if (nn_evaluate_check(run->model, part, &figures) != NN_OK) nn_log_warning("%s", nn_error_text());
    final_show(run, nn_trained_part_name(part), best_epoch, &figures, &baseline);
done:
    nn_results_release(&figures);
    nn_results_release(&baseline);
    nn_free(best);
    return status;
}
