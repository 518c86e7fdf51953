/* Steps and evaluations on the samples that ranks bring. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/least.h"
#include "base/memory.h"
#include "host/pulse.h"
#include "step/evaluate.h"
#include "step/results.h"
#include "train/rescale.h"
#include "train/trainer.h"

#define STEP_SAMPLE 80

/* ---- results ---- */

static void step_clear(const nn_trainer *trainer, nn_trainer_result *result)
{
    *result =
        (nn_trainer_result){.step = trainer->run.state.step, .samples = trainer->total, .loss = (double)NAN};
    while (nn_trainer_metric_name(trainer, result->metric_count))
        result->metrics[result->metric_count++] = (double)NAN;
}

static void step_take(const nn_trainer *trainer, bool training, const nn_results *results,
                      nn_trainer_result *result)
{
    const nn_model *model = trainer->run.model;
    size_t place = 0;
    result->loss = results->loss;
    for (int m = 0; m < model->metric_count; m++) {
        if (model->metrics[m].extra) continue;
        if (!training || results->known[m]) result->metrics[place] = results->metrics[m];
        place++;
    }
}

/* ---- normalisation ---- */

/* The part of the batch that is measured: all ranks get it, as the samples of earlier calls. */
static nn_trainer_range step_measured(const nn_trainer *trainer, const void *context, int rank)
{
    const int64_t *count = context;
    (void)trainer, (void)rank;
    return (nn_trainer_range){0, *count};
}

/* Measures the normalisation once there are enough samples. Collective. */
static nn_status step_measure(nn_trainer *trainer)
{
    nn_run *run = &trainer->run;
    size_t record = nn_in_place_record(run->data);
    int64_t wanted = run->settings.data.in_place.from_first;
    int64_t count = nn_smaller(wanted - trainer->kept_count, trainer->total);
    nn_status status = nn_reallocate((void **)&trainer->kept, (size_t)trainer->kept_count,
                                     (size_t)(trainer->kept_count + count), record,
                                     "the samples that normalisation is measured on");
    NN_TRY(nn_comm_agree(trainer->comm, status));
    NN_TRY(nn_trainer_move(trainer, step_measured, &count,
                           trainer->kept + (size_t)trainer->kept_count * record));
    trainer->kept_count += count;
    if (trainer->kept_count < wanted) return NN_OK;
    NN_TRY(nn_comm_agree(trainer->comm, nn_in_place_set(run->data, wanted, 0, wanted, trainer->kept)));
    NN_TRY(nn_in_place_measure(trainer->comm, run->data));
    NN_TRY(nn_comm_agree(trainer->comm, nn_rescale_model(run)));
    nn_trainer_forget_predictor(trainer);
    nn_free(trainer->kept);
    trainer->kept = NULL;
    trainer->scaled = true;
    return NN_OK;
}

/* ---- a step ---- */

static nn_status step_check_total(const nn_trainer *trainer)
{
    const nn_run *run = &trainer->run;
    int64_t most = run->plan.batch_size, wanted = run->settings.data.in_place.from_first;
    bool measures = !trainer->scaled && trainer->kept_count + trainer->total < wanted;
    if (trainer->total > most && !measures)
        NN_FAIL(NN_ERROR_USAGE,
                "nn_trainer_step: the ranks bring %lld samples together, and training.batch_size is %lld: "
                "bring fewer, or raise it",
                (long long)trainer->total, (long long)most);
    if (run->state.step >= run->plan.length.steps)
        NN_FAIL(NN_ERROR_USAGE,
                "nn_trainer_step: all %lld steps of data.in_place.steps are done; raise it to train longer",
                (long long)run->plan.length.steps);
    return NN_OK;
}

/* "sample 12 of the batch"; where samples stay, "sample 2 of rank 1". */
static void step_name_sample(const nn_trainer *trainer, int64_t position, char text[STEP_SAMPLE])
{
    if (!trainer->run.settings.data.in_place.local) {
        snprintf(text, STEP_SAMPLE, "sample %lld of the batch", (long long)position);
        return;
    }
    int64_t each = trainer->headers[0].samples;
    snprintf(text, STEP_SAMPLE, "sample %lld of rank %lld", (long long)(position % each),
             (long long)trainer->headers[position / each].given_rank);
}

static nn_status step_nonfinite(const nn_trainer *trainer, const nn_step_result *result)
{
    const nn_run *run = &trainer->run;
    char sample[STEP_SAMPLE];
    if (result->bad_position >= 0) {
        step_name_sample(trainer, result->bad_position, sample);
        NN_FAIL(NN_ERROR_NONFINITE,
                "step %lld: an output or the loss of %s is NaN or infinite, or nothing counts in the loss; "
                "the weights have not changed: lower the learning rate, set training.clip_norm, or look at "
                "the samples",
                (long long)run->state.step + 1, sample);
    }
    NN_FAIL(
        NN_ERROR_NONFINITE,
        "step %lld: the gradient is NaN or infinite; the weights have not changed: lower the learning rate "
        "or set training.clip_norm",
        (long long)run->state.step + 1);
}

/* Collective. */
static nn_status step_run(nn_trainer *trainer, nn_trainer_result *result)
{
    nn_run *run = &trainer->run;
    nn_step_result found;
    nn_results results = {0};
    int64_t step = run->state.step;
    int64_t leaves = (trainer->total - 1) / run->plan.microbatch_size + 1;
    NN_TRY(nn_comm_agree(trainer->comm, nn_stepper_share_out(run->stepper, leaves)));
    NN_TRY(nn_trainer_deal(trainer, nn_stepper_shares(run->stepper, leaves)));
    NN_TRY(nn_stepper_give(run->stepper, step, trainer->total, !trainer->begun));
    trainer->begun = true;
    NN_TRY(nn_stepper_run(run->stepper, step, 0, &found));
    if (found.nonfinite) return nn_comm_agree(trainer->comm, step_nonfinite(trainer, &found));
    NN_TRY(nn_stepper_settle(run->stepper));
    run->state.step++;
    nn_status status = nn_results_finish(run->model, true, found.results, &results);
    if (status == NN_OK) step_take(trainer, true, &results, result);
    nn_results_release(&results);
    result->step = run->state.step;
    result->trained = 1;
    return nn_comm_agree(trainer->comm, status);
}

static nn_status step_take_samples(nn_trainer *trainer, nn_trainer_result *result)
{
    step_clear(trainer, result);
    NN_TRY(nn_comm_agree(trainer->comm, step_check_total(trainer)));
    if (trainer->total == 0) return NN_OK;
    if (!trainer->scaled) NN_TRY(nn_trainer_spoil(trainer, step_measure(trainer)));
    if (!trainer->scaled) return NN_OK;
    NN_TRY(nn_trainer_fill_up(trainer));
    return nn_trainer_spoil(trainer, step_run(trainer, result));
}

nn_status nn_trainer_step(nn_trainer *trainer, size_t samples, const nn_trainer_array *inputs,
                          const nn_trainer_array *targets, const nn_trainer_array *weights,
                          nn_trainer_result *result)
{
    nn_trainer_result unused;
    NN_TRY(nn_trainer_enter(trainer));
    nn_status status = nn_trainer_pack(trainer, samples, inputs, targets, weights);
    status = nn_trainer_meet(trainer, NN_TRAINER_STEP, 0, (int64_t)samples, status);
    if (status == NN_OK) status = step_take_samples(trainer, result ? result : &unused);
    return nn_trainer_leave(trainer, status);
}

/* ---- an evaluation ---- */

static nn_status step_expect_scaled(const nn_trainer *trainer, const char *what)
{
    if (trainer->scaled) return NN_OK;
    NN_FAIL(NN_ERROR_USAGE,
            "%s: the normalisation is not known yet: %lld of the %lld samples of data.in_place.from_first "
            "have come; call nn_trainer_step first",
            what, (long long)trainer->kept_count, (long long)trainer->run.settings.data.in_place.from_first);
}

static nn_status step_evaluate(nn_trainer *trainer, nn_trainer_result *result)
{
    nn_run *run = &trainer->run;
    nn_shares shares = {0};
    nn_results results = {0};
    int64_t leaves = (trainer->total - 1) / run->plan.microbatch_size + 1;
    const nn_evaluate_request request = {.comm = trainer->comm,
                                         .workers = run->workers,
                                         .model = run->model,
                                         .data = run->data,
                                         .part = NN_TRAIN,
                                         .microbatch_size = run->plan.microbatch_size};
    nn_status status =
        nn_shares_create(leaves, nn_comm_size(trainer->comm), nn_comm_ranks(trainer->comm).leaders, &shares);
    status = nn_comm_agree(trainer->comm, status);
    if (status == NN_OK) status = nn_trainer_deal(trainer, &shares);
    nn_shares_release(&shares);
    NN_TRY(status);
    NN_TRY(nn_evaluate_part(&request, nn_reduction_weights(run->stepper->reduction), &results));
    step_take(trainer, false, &results, result);
    if (results.nonfinite.position >= 0)
        status =
            nn_fail(NN_ERROR_NONFINITE,
                    "nn_trainer_evaluate: an output or the loss of sample %lld of all is NaN or infinite",
                    (long long)results.nonfinite.position);
    nn_results_release(&results);
    return nn_comm_agree(trainer->comm, status);
}

nn_status nn_trainer_evaluate(nn_trainer *trainer, size_t samples, const nn_trainer_array *inputs,
                              const nn_trainer_array *targets, const nn_trainer_array *weights,
                              nn_trainer_result *result)
{
    nn_trainer_result unused;
    if (!result) result = &unused;
    NN_TRY(nn_trainer_enter(trainer));
    nn_status status = nn_trainer_pack(trainer, samples, inputs, targets, weights);
    if (status == NN_OK) status = step_expect_scaled(trainer, "nn_trainer_evaluate");
    status = nn_trainer_meet(trainer, NN_TRAINER_EVALUATE, 0, (int64_t)samples, status);
    if (status == NN_OK) {
        step_clear(trainer, result);
        if (trainer->total > 0) status = nn_trainer_spoil(trainer, step_evaluate(trainer, result));
    }
    return nn_trainer_leave(trainer, status);
}

/* ---- predictions ---- */

void nn_trainer_forget_predictor(nn_trainer *trainer)
{
    nn_predictor_close(trainer->predictor);
    trainer->predictor = NULL;
}
