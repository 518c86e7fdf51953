#include "train/final.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "host/clock.h"
#include "judge/evaluation_file.h"
#include "model/predictor.h"
#include "nn/layer.h"
#include "rundir/best_file.h"
#include "rundir/compare.h"
#include "step/evaluate.h"
#include "train/trained.h"
#include "train/validate.h"

/* The weights whose results are final. */
typedef struct final_weights {
    bool best; /* otherwise they are the last weights */
    int64_t step;
    char fingerprint[NN_FINGERPRINT_TEXT];
} final_weights;

/* Reads the best weights from their file on all ranks. If the file cannot be used, a warning says so and
 * of->best becomes false: the results are then those of the last weights. */
static nn_status final_best_weights(nn_run *run, nn_real *weights, final_weights *of)
{
    nn_checkpoint_parts parts = nn_run_parts(run);
    if (run->directory.writer &&
        nn_rundir_read_best(run->directory.path, &parts, weights, of->fingerprint) != NN_OK) {
        nn_log_warning("%s; the final results are those of the last weights", nn_error_text());
        of->best = false;
    }
    NN_TRY(nn_comm_broadcast(run->comm, of, sizeof *of, 0));
    if (!of->best) return NN_OK;
    size_t size = (size_t)run->model->network->value_count * nn_scalar_size(run->model->scalar);
    return nn_comm_broadcast(run->comm, weights, size, 0);
}

/* ---- for people ---- */

/* The results of one head, or of the only one, on a line. */
static void final_show_head(const nn_judgement *of, const char *whose, int head, const nn_results *results)
{
    nn_text text = {0};
    nn_results_head_text(of->model, results, head, &text);
    if (of->model->head_count > 1)
        nn_log_line("%s, %s, %s: %s", of->part, of->model->heads[head].name, whose, text.bytes);
    else
        nn_log_line("%s, %s: %s", of->part, whose, text.bytes);
    nn_text_free(&text);
}

/* when: the best weights were reached, "epoch 3"; NULL: they are the last ones. */
static void final_show(const nn_judgement *of, const char *when)
{
    char whose[96], title[160], words[NN_JUDGE_WORDS], name[NN_JUDGE_WORDS + 16];
    if (when)
        snprintf(whose, sizeof whose, "best weights (%s)", when);
    else
        snprintf(whose, sizeof whose, "last weights");
    if (of->model->head_count > 1) {
        nn_text loss = {0};
        nn_results_number(of->results->loss, 5, &loss);
        nn_log_line("%s, %s: loss %s", of->part, whose, loss.bytes ? loss.bytes : "");
        nn_text_free(&loss);
    }
    for (int h = 0; h < of->model->head_count; h++) {
        final_show_head(of, whose, h, of->results);
        nn_judgement_baseline(of, h, words);
        snprintf(name, sizeof name, "baseline (%s)", words);
        if (nn_judgement_has_baseline(of, h))
            final_show_head(of, name, h, of->baseline);
        else
            nn_log_line("%s, %s: not measured (data.check: none)", of->part, name);
    }
    snprintf(title, sizeof title, "%s, %s", of->part, whose);
    nn_judge_show(of, title);
}

/* ---- for programs ---- */

/* The object after `key` in the line of metrics.jsonl that was written at a step, NULL: there is none. */
static char *final_validation(const char *history, int64_t step)
{
    static const char key[] = ",\"validation\":";
    char of_step[48];
    snprintf(of_step, sizeof of_step, ",\"step\":%" PRId64 ",", step);
    for (const char *line = history; line && *line; line += strcspn(line, "\n"), line += *line == '\n') {
        size_t length = strcspn(line, "\n"), depth = 0, end = 0;
        const char *at = strstr(line, of_step), *begin = strstr(line, key);
        if (!at || at > line + length || !begin || begin > line + length) continue;
        begin += sizeof key - 1;
        bool quoted = false;
        do {
            if (quoted && begin[end] == '\\') end++;
            quoted ^= begin[end] == '"';
            depth += !quoted && begin[end] == '{';
            depth -= !quoted && begin[end] == '}';
        } while (begin[end] && begin[end++] && depth > 0);
        nn_text text = {0};
        nn_text_append(&text, "%.*s", (int)end, begin);
        return text.bytes;
    }
    return NULL;
}

/* Writes results.json and evaluation.h5; a failure is a warning, since the checkpoints hold all that the
 * results are made of. Rank 0 calls it. */
static void final_store(nn_run *run, const nn_judgement *judgement, const nn_gathering *gathering,
                        const final_weights *of, double seconds)
{
    nn_checkpoint_parts parts = nn_run_parts(run);
    int64_t each = run->plan.length.steps_per_epoch;
    nn_judge_origin origin = {.data = nn_dataset_identity(run->data),
                              .fingerprint = of->fingerprint,
                              .weights = of->best ? "best" : "last",
                              .epoch = (of->step + each - 1) / each,
                              .step = of->step};
    const nn_judge_time time = {seconds, nn_comm_size(run->comm), run->threads};
    nn_text text = {0};
    char path[NN_PATH_SIZE], *validation = final_validation(run->state.history.bytes, of->step);
    nn_status status = nn_checkpoint_run(&parts, &origin.run);
    if (status == NN_OK) {
        nn_judge_begin(&origin, &text);
        nn_judge_append_part(judgement, true, &text);
        nn_judge_end(validation, &time, &text);
        status = nn_rundir_check_lease(&run->directory);
    }
    if (status == NN_OK) status = nn_stored_write(run->directory.path, &text);
    snprintf(path, sizeof path, "%.4000s/" NN_KEPT_EVALUATION, run->directory.path);
    if (status == NN_OK && gathering) status = nn_evaluation_file_write(path, &origin, judgement, gathering);
    if (status != NN_OK)
        nn_log_warning("%s; the results were not stored: run the same command again to store them",
                       nn_error_text());
    nn_text_free(&text);
    nn_free(validation);
}

/* Rank 0 writes a text with a network that predicts the next symbol; a failure is a warning. */
static void final_continue(nn_run *run, const nn_real *weights, nn_gathering *gathering)
{
    nn_predictor *predictor = NULL;
    if (!run->directory.writer || gathering->continued.count == 0) return;
    nn_status status = nn_predictor_of_model(run->config, run->model, 1, weights, &predictor);
    if (status == NN_OK)
        status =
            nn_continued_write(run->model, predictor, run->settings.evaluation.text, &gathering->continued);
    if (status == NN_OK) return;
    nn_log_warning("%s; evaluation.h5 gets no text that the network writes", nn_error_text());
    nn_text_free(&gathering->continued.text);
}

/* ---- all of it ---- */

static nn_part final_part(const nn_dataset *data)
{
    if (nn_dataset_count(data, NN_TEST) > 0) return NN_TEST;
    return nn_dataset_count(data, NN_VALIDATION) > 0 ? NN_VALIDATION : NN_TRAIN;
}

static bool final_knows_baseline(const nn_model *model)
{
    for (int h = 0; h < model->head_count; h++)
        if (nn_baseline_is_known(&model->heads[h])) return true;
    return false;
}

nn_status nn_final_show(nn_run *run)
{
    nn_part part = final_part(run->data);
    nn_results results = {0}, baseline = {0};
    nn_real *best = NULL;
    final_weights of = {.best = run->state.best[0].step > 0, .step = run->state.best[0].step};
    nn_evaluate_request request = {
        run->comm, run->workers, run->model, run->data, part, run->plan.microbatch_size, NULL, NULL};
    nn_status status = NN_OK;
    nn_gathering gathering = {0};
    bool stores = run->settings.evaluation.store;
    char when[NN_VALIDATED_SIZE];
    double began = nn_seconds();
    if (of.best) {
        status = NN_ALLOCATE_VALUES(run->model->scalar, &best, run->model->network->value_count,
                                    "the best weights");
        NN_TRY_TO(done, status, nn_comm_agree(run->comm, status));
        NN_TRY_TO(done, status, final_best_weights(run, best, &of));
    }
    const nn_real *weights = best;
    if (!of.best) {
        of.step = run->state.step;
        snprintf(of.fingerprint, sizeof of.fingerprint, "%016" PRIx64,
                 nn_network_fingerprint(run->model->network, nn_reduction_weights(run->stepper->reduction)));
        NN_TRY_TO(done, status, nn_run_shown_weights(run, &weights));
    }
    if (stores) {
        status = nn_gathering_create(run->comm, run->model, run->data, part, nn_workers_threads(run->workers),
                                     (uint64_t)run->settings.training.seed, &run->settings.data.window,
                                     &run->settings.evaluation, &gathering);
        NN_TRY_TO(done, status, nn_comm_agree(run->comm, status));
        request.observer = &gathering.observer;
    }
    NN_TRY_TO(done, status, nn_evaluate_part(&request, weights, &results));
    if (stores) {
        NN_TRY_TO(done, status, nn_gathering_join(&gathering));
        final_continue(run, weights, &gathering);
    }
    bool known = final_knows_baseline(run->model);
    if (known) NN_TRY_TO(done, status, nn_evaluate_baseline(&request, &baseline));
    const nn_judgement judgement = {.model = run->model,
                                    .part = nn_trained_part_name(part),
                                    .samples = nn_dataset_count(run->data, part),
                                    .weighted = nn_dataset_has_weights(run->data, NN_TRAIN),
                                    .results = &results,
                                    .baseline = known ? &baseline : NULL};
    if (nn_evaluate_check(run->model, part, &results) != NN_OK) nn_log_warning("%s", nn_error_text());
    final_show(&judgement, of.best ? nn_validated_after(&run->plan, of.step, when) : NULL);
    if (run->directory.writer)
        final_store(run, &judgement, stores ? &gathering : NULL, &of, nn_seconds() - began);
done:
    nn_gathering_release(&gathering);
    nn_results_release(&results);
    nn_results_release(&baseline);
    nn_free(best);
    return status;
}
