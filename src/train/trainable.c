#include "train/trainable.h"

#include <stdio.h>

#include "base/format.h"
#include "base/log.h"
#include "step/heads.h"
#include "tensor/matrix.h"
#include "train/over_samples.h"

/* Bytes of a line of the log, of a layer in it, and of all lines that are worth a warning. */
#define LOG_LINE 190
#define LOG_NORMS 85
#define LOG_LARGE (32 << 20)

/* ---- what cannot be ---- */

nn_status nn_trainable_check_mixing(const nn_run *run)
{
    const nn_head *head = &run->model->heads[0];
    NN_TRY(nn_over_samples_check(run));
    if (!nn_dataset_mixes(run->data)) return NN_OK;
    if (run->model->head_count > 1)
        NN_FAIL(NN_ERROR_USAGE, "data.fields.x.augment: mixup works with one target only; remove mixup");
    if (head->target.is_class && (!head->loss->takes_soft || head->rows > 1))
        NN_FAIL(NN_ERROR_USAGE,
                "data.fields.x.augment: mixup: the loss %s does not take mixed classes%s; remove mixup",
                head->loss->name, head->loss->takes_soft ? " at every step" : "");
    return NN_OK;
}

/* Where samples stay, batches are filled up with copies, which count nowhere else. */
static nn_status trainable_check_local(const nn_network *network)
{
    for (int l = 0; l < network->layer_count; l++)
        if (nn_network_collects(network, l, NN_FORWARD))
            NN_FAIL(NN_ERROR_USAGE,
                    "data.in_place.local: layer %s (%s) has statistics of the whole batch, in which the "
                    "copies would count that fill up a rank's last microbatch: use layer_norm or group_norm, "
                    "or remove local",
                    network->layers[l].name, network->layers[l].type->name);
    return NN_OK;
}

nn_status nn_trainable_check_layers(const nn_run *run)
{
    if (run->model->network->trainable_count == 0)
        NN_FAIL(NN_ERROR_USAGE, "network: no layer has trainable parameters; add a layer such as dense, or "
                                "remove `freeze` from one");
    return run->settings.data.in_place.local ? trainable_check_local(run->model->network) : NN_OK;
}

nn_status nn_trainable_check_validation(const nn_run *run)
{
    bool stops = run->settings.training.early_stopping.stops;
    bool validates = run->data && nn_dataset_count(run->data, NN_VALIDATION) > 0;
    if (validates || !(stops || run->settings.schedule->observe)) return NN_OK;
    NN_FAIL(NN_ERROR_USAGE,
            "%s needs results on the validation part, but there is none: give its datasets under "
            "data.validation, or set data.split.validation=0.1",
            stops ? "training.early_stopping" : run->settings.schedule->name);
}

/* ---- what is rarely meant ---- */

/* Losses of classes and of yes or no take what comes before softmax or sigmoid. */
static void trainable_warn_activation(const nn_model *model, const nn_head *head)
{
    const nn_layer *layer = &model->network->layers[head->layer];
    bool ends = layer->type->activation_of != NULL;
    if (layer->type->activation_option > 0)
        ends = *(const int *)(const void *)((const char *)layer->options + layer->type->activation_option -
                                            1) > 0;
    if (ends && (head->loss->takes_classes || head->loss->yes_no))
        nn_log_warning(
            "layer %s ends the network with an activation, but the loss %s applies its own: remove it",
            layer->name, head->loss->name);
}

bool nn_trainable_shares_microbatches(const nn_run *run)
{
    return run->model->network->engine != NN_ENGINE_BLAS;
}

/* The sizes belong to the result: a run that has begun keeps them, whatever its threads are. */
static void trainable_warn_idle(const nn_plan *plan, int64_t workers)
{
    int64_t smaller = plan->begun ? 0 : nn_plan_microbatch_for(plan, workers);
    char remedy[96];
    if (smaller > 0)
        snprintf(remedy, sizeof remedy,
                 "training.microbatch_size=%lld (gives different bits), or use fewer threads",
                 (long long)smaller);
    nn_log_warning("a batch has only %lld microbatch%s for %lld threads in total, so some are idle; %s%s",
                   (long long)plan->microbatches, plan->microbatches == 1 ? "" : "es", (long long)workers,
                   smaller > 0 ? "set " : "use fewer ranks or threads", smaller > 0 ? remedy : "");
}

static void trainable_warn_schedule(const nn_run *run)
{
    const nn_schedule_type *type = run->settings.schedule;
    const char *option = nn_schedule_unreached(type, run->settings.schedule_options, run->plan.length,
                                               run->plan.validate_every);
    if (option)
        nn_log_warning("lr_schedule.%s.%s is at least as long as the run of %lld steps: %s", type->name,
                       option, (long long)run->plan.length.steps, type->unreached);
}

/* Checkpoints hold the lines too, so that no kill can lose one. */
static void trainable_warn_logging(const nn_run *run)
{
    const nn_network *network = run->model->network;
    int64_t steps = run->plan.length.steps, every = nn_plan_interval(&run->plan, run->settings.logging.every);
    double line = LOG_LINE;
    char bytes[NN_FORMAT_SIZE];
    if (every == 0) return;
    if (every > steps)
        nn_log_warning("logging.every is %lld steps, and the run has %lld: no step is logged",
                       (long long)every, (long long)steps);
    for (int l = 0; l < network->layer_count && run->settings.logging.norms; l++)
        if (network->layers[l].parameter_count > 0) line += LOG_NORMS;
    double all = line * (double)(steps / every);
    if (all > LOG_LARGE)
        nn_log_warning(
            "logging.every: %lld steps: metrics.jsonl will take about %s, and so will the lines in each "
            "checkpoint; log less often%s",
            (long long)every, nn_format_bytes(bytes, all),
            run->settings.logging.norms ? ", or without norms" : "");
}

/* The run is validated at the ends of intervals alone, so that a longer run begins with the same steps. */
static void trainable_warn_validation(const nn_run *run)
{
    int64_t steps = run->plan.length.steps, every = run->plan.validate_every, rest = steps % every;
    if (nn_dataset_count(run->data, NN_VALIDATION) == 0 || rest == 0) return;
    if (every > steps)
        nn_log_warning(
            "training.validate_every is %lld steps, and the run has %lld: it is never validated, so "
            "no best weights are kept",
            (long long)every, (long long)steps);
    else
        nn_log_warning(
            "the last validation is after step %lld of %lld (training.validate_every: %lld steps), "
            "so the weights of the last %lld step%s cannot become the best",
            (long long)(steps - rest), (long long)steps, (long long)every, (long long)rest,
            rest > 1 ? "s" : "");
}

static void trainable_tell_weights(const nn_run *run)
{
    bool weighs = false;
    for (int p = 0; p < NN_PARTS; p++) weighs |= nn_dataset_has_weights(run->data, (nn_part)p);
    if (weighs)
        nn_log_line("sample weights apply to the loss only; metrics and the constant baselines count every "
                    "sample once, even those of weight 0");
}

static void trainable_warn_kernels(const nn_run *run)
{
    const char *better = run->model->network->engine == NN_ENGINE_BLAS ? nn_matrix_missed_kernels() : NULL;
    if (better)
        nn_log_warning(
            "%s does not know this CPU and multiplies with its oldest kernels, several times slower than "
            "it could: set OPENBLAS_CORETYPE=%s in the environment of all ranks (mpirun -x "
            "OPENBLAS_CORETYPE), use a newer OpenBLAS, or set training.kernels: portable",
            nn_matrix_kernels(), better);
}

void nn_trainable_warn(const nn_run *run, int ranks)
{
    trainable_tell_weights(run);
    trainable_warn_kernels(run);
    const nn_plan *plan = &run->plan;
    int64_t workers = (int64_t)ranks * run->threads;
    if (plan->microbatches < workers && plan->microbatches >= ranks && !nn_trainable_shares_microbatches(run))
        trainable_warn_idle(plan, workers);
    if (plan->length.steps == 0) return;
    if (plan->length.steps < 1000)
        nn_log_warning("the run has only %lld steps: more epochs or a smaller batch usually train better",
                       (long long)plan->length.steps);
    trainable_warn_schedule(run);
    trainable_warn_validation(run);
    trainable_warn_logging(run);
    int64_t warmup = nn_schedule_warmup_steps(run->settings.schedule_options, plan->length);
    if (warmup >= plan->length.steps)
        nn_log_warning("warm-up takes %lld steps, and the run has %lld: the learning rate never reaches its "
                       "full value",
                       (long long)warmup, (long long)plan->length.steps);
    else if (warmup > plan->length.steps / 5)
        nn_log_warning("warm-up takes %lld of %lld steps, more than 20 %%", (long long)warmup,
                       (long long)plan->length.steps);
    nn_over_samples_warn(run, ranks);
    for (int h = 0; h < run->model->head_count; h++)
        trainable_warn_activation(run->model, &run->model->heads[h]);
    nn_text advice = {0};
    nn_dataset_advise(run->data, ranks, &advice);
    if (advice.bytes) nn_log_warning("%s", advice.bytes);
    nn_text_free(&advice);
}
