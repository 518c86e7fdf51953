/* Opening a run: configuration, data, model, memory, and the checkpoint it goes on from. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/memory.h"
#include "host/files.h"
#include "rundir/compare.h"
#include "rundir/init_from.h"
#include "rundir/manifest.h"
#include "step/carried.h"
#include "step/findings.h"
#include "step/heads.h"
#include "tensor/matrix.h"
#include "train/extent.h"
#include "train/fallback.h"
#include "train/init_known.h"
#include "train/over_samples.h"
#include "train/room.h"
#include "train/run.h"
#include "train/status.h"

/* Bytes of the line that names the classes. */
#define SETUP_NAMES 120

/* ---- configuration and data ---- */

static nn_status setup_configuration(nn_run *run)
{
    const nn_job *job = run->job;
    NN_TRY(nn_config_load(job->config_path, job->overrides, job->override_count, &run->config));
    return nn_settings_read(run->config, &run->settings);
}

static nn_status setup_data(nn_run *run)
{
    const nn_training_options *training = &run->settings.training;
    nn_job_folder(run->job->config_path, run->data_folder);
    nn_target_wanted wanted[NN_MODEL_HEADS];
    nn_heads_wanted(&run->settings.model, wanted);
    nn_init_known known;
    nn_status status = nn_init_known_read(run->comm, &run->settings, run->data_folder, run->job, &known);
    if (status == NN_OK)
        status = nn_dataset_open(run->comm, &run->settings.data,
                                 &(nn_dataset_setup){.scalar = NN_SCALAR_REAL,
                                                     .directory = run->data_folder,
                                                     .seed = (uint64_t)training->seed,
                                                     .wanted = wanted,
                                                     .wanted_count = run->settings.model.head_count,
                                                     .known = known.given ? &known.known : NULL},
                                 &run->data);
    nn_init_known_release(&known);
    NN_TRY(status);
    run->plan = nn_sizes_plan(run->config, training, run->saved_sizes, nn_dataset_count(run->data, NN_TRAIN));
    NN_TRY(nn_dataset_arrange(run->data, run->plan.batch_size, run->plan.leaves));
    return nn_plan_check_ranks(&run->plan, nn_comm_size(run->comm));
}

nn_status nn_run_check_mixing(const nn_run *run)
{
    const nn_head *head = &run->model->heads[0];
    NN_TRY(nn_over_samples_check(run));
    if (!nn_dataset_mixes(run->data)) return NN_OK;
    if (run->model->head_count > 1)
        NN_FAIL(NN_ERROR_USAGE, "data.fields.x.augment: mixup is for one target; leave mixup out");
    if (head->target.is_class && (!head->loss->takes_soft || head->rows > 1))
        NN_FAIL(NN_ERROR_USAGE,
                "data.fields.x.augment: mixup: the loss %s takes no mixed classes%s; leave mixup out",
                head->loss->name, head->loss->takes_soft ? " at every step" : "");
    return NN_OK;
}

nn_status nn_run_check_trainable(const nn_run *run)
{
    if (run->model->network->trainable_count == 0)
        NN_FAIL(NN_ERROR_USAGE,
                "network: no layer has parameters to train; add a layer such as dense, or remove "
                "`freeze` from one");
    return NN_OK;
}

static nn_status setup_model(nn_run *run)
{
    NN_TRY(nn_heads_model(&run->settings.model, run->data, run->plan.microbatch_size, &run->model));
    NN_TRY(nn_run_check_trainable(run));
    NN_TRY(nn_run_check_mixing(run));
    for (int p = 0; p < NN_PARTS; p++)
        NN_TRY(nn_findings_check(run->model, nn_dataset_count(run->data, (nn_part)p)));
    NN_TRY(nn_carried_check(run->model, &run->settings, &run->plan));
    run->best = nn_best_rule_of(run->model, run->settings.checkpoint.best);
    return NN_OK;
}

nn_status nn_run_check_validation(const nn_run *run)
{
    bool stops = run->settings.training.early_stopping.stops;
    bool validates = run->data && nn_dataset_count(run->data, NN_VALIDATION) > 0;
    if (validates || !(stops || run->settings.schedule->observe)) return NN_OK;
    NN_FAIL(NN_ERROR_USAGE,
            "%s looks at the figures on the validation part, and there is none: name its datasets under "
            "data.validation, or set data.split.validation=0.1",
            stops ? "training.early_stopping" : run->settings.schedule->name);
}

/* clip_norm: -1 becomes what suits the network and the optimizer. */
static void setup_choose_clip_norm(nn_run *run)
{
    nn_training_options *training = &run->settings.training;
    const nn_network *network = run->model->network;
    int l = 0;
    if (training->clip_norm >= 0) return;
    training->clip_norm = 0;
    while (l < network->layer_count && !network->layers[l].type->clips) l++;
    if (l == network->layer_count || run->settings.optimizer->no_clip_norm) return;
    training->clip_norm = 1;
    nn_log_line("gradients are clipped at norm 1, as usual with %s layers; training.clip_norm sets another",
                network->layers[l].type->name);
}

/* ---- workers and memory ---- */

int64_t nn_run_share_max(const nn_run *run, int ranks)
{
    int64_t share = (run->plan.leaves + ranks - 1) / ranks;
    return share < run->threads ? run->threads : share;
}

static nn_status setup_writer(nn_run *run)
{
    const nn_checkpoint_options *options = &run->settings.checkpoint;
    const nn_checkpoint_parts parts = {.config = run->config,
                                       .data_identity = nn_dataset_identity(run->data)};
    uint64_t identity;
    NN_TRY(nn_checkpoint_run(&parts, &identity));
    return nn_writer_create(run->job->run_directory, options->keep_last, options->verify, identity,
                            run->lease, &run->writer);
}

static nn_status setup_workers(nn_run *run)
{
    const nn_training_options *training = &run->settings.training;
    nn_workers_request request = {.threads = run->threads,
                                  .leaves_max = nn_run_share_max(run, nn_comm_size(run->comm)),
                                  .microbatch_size = run->plan.microbatch_size,
                                  .memory = training->memory * 1048576,
                                  .seed = (uint64_t)training->seed};
    NN_TRY(nn_workers_create(run->model, run->data, &request, &run->workers));
    if (nn_comm_rank(run->comm) == 0) NN_TRY(setup_writer(run));
    if (training->average > 0)
        NN_TRY(NN_ALLOCATE(&run->averaged, run->model->network->value_count, "the average of the weights"));
    return NN_OK;
}

/* The names on one line, as far as it goes. */
static void setup_show_classes(const char *names, int64_t classes)
{
    char line[SETUP_NAMES];
    snprintf(line, sizeof line, "%s", names);
    for (char *at = line; *at; at++)
        if (*at == '\n') *at = ',';
    nn_log_line("%lld classes: %s%s", (long long)classes, line, strlen(names) >= sizeof line ? " ..." : "");
}

static void setup_announce(const nn_run *run, size_t before)
{
    nn_text text = {0};
    char announced[NN_FORMAT_SIZE], shared[NN_FORMAT_SIZE], saving[NN_FORMAT_SIZE];
    nn_model_summary(run->model, &text);
    nn_log_line("%s", text.bytes ? text.bytes : "");
    nn_text_free(&text);
    const nn_plan *plan = &run->plan;
    nn_log_line("%d rank%s x %d thread%s on %d node%s, %s, %s", nn_comm_size(run->comm),
                nn_comm_size(run->comm) > 1 ? "s" : "", run->threads, run->threads > 1 ? "s" : "",
                nn_comm_node_count(run->comm), nn_comm_node_count(run->comm) > 1 ? "s" : "",
                nn_scalar_name(NN_SCALAR_REAL), nn_matrix_kernels());
    nn_log_line("arithmetic %016" PRIx64 ": %s", run->machine.hash, run->machine.text);
    nn_log_line("%lld training, %lld validation, %lld test samples; batch %lld in microbatches of %lld; %lld "
                "steps an "
                "epoch, %lld epochs",
                (long long)nn_dataset_count(run->data, NN_TRAIN),
                (long long)nn_dataset_count(run->data, NN_VALIDATION),
                (long long)nn_dataset_count(run->data, NN_TEST), (long long)plan->batch_size,
                (long long)plan->microbatch_size, (long long)plan->length.steps_per_epoch,
                (long long)plan->epochs);
    for (int h = 0; h < run->model->head_count; h++)
        if (run->model->heads[h].target.class_names)
            setup_show_classes(run->model->heads[h].target.class_names, run->model->heads[h].target.classes);
    size_t own = nn_memory_in_use() - before + run->stepper->uncounted_bytes;
    if (nn_dataset_streams(run->data))
        nn_log_line("the data is streamed: up to %.0f MiB a rank are taken for it",
                    run->settings.data.memory);
    nn_log_line(
        "memory: %s a rank, %s of data a node; rank 0 takes %s more while it saves",
        nn_format_bytes(announced, (double)own),
        nn_format_bytes(shared, (double)nn_dataset_memory(run->data)),
        nn_format_bytes(saving, (double)nn_checkpoint_memory(run->model, run->stepper->update->state_count)));
    double together = nn_over_samples_memory(run, nn_comm_size(run->comm));
    if (together > 0)
        nn_log_line(
            "statistics are taken over the batch: the microbatches of a rank are in memory together, %s",
            nn_format_bytes(announced, together));
    if (run->settings.training.allreduce == NN_REDUCE_MPI)
        nn_log_line("allreduce: mpi gives up the same bits on any number of ranks: they depend on the ranks "
                    "and on MPI's "
                    "algorithms");
}

/* Losses of classes and of yes or no take what comes before softmax or sigmoid. */
static void setup_warn_activation(const nn_model *model, const nn_head *head)
{
    const nn_layer *layer = &model->network->layers[head->layer];
    bool ends = layer->type->activation_of != NULL;
    if (layer->type->activation_option > 0)
        ends = *(const int *)(const void *)((const char *)layer->options + layer->type->activation_option -
                                            1) > 0;
    if (ends && (head->loss->takes_classes || head->loss->yes_no))
        nn_log_warning(
            "layer %s ends the network with an activation, but the loss %s applies one of its own: "
            "leave it out",
            layer->name, head->loss->name);
}

/* The sizes belong to the result: a run that has begun keeps them, whatever its threads are. */
static void setup_warn_idle(const nn_plan *plan, int64_t workers)
{
    int64_t smaller = plan->begun ? 0 : nn_plan_microbatch_for(plan, workers);
    char remedy[96];
    if (smaller > 0)
        snprintf(remedy, sizeof remedy, "training.microbatch_size=%lld (other bits), or use fewer threads",
                 (long long)smaller);
    nn_log_warning("a batch has %lld microbatch%s for %lld threads in all: some are idle; %s%s",
                   (long long)plan->leaves, plan->leaves == 1 ? "" : "es", (long long)workers,
                   smaller > 0 ? "set " : "use fewer ranks or threads", smaller > 0 ? remedy : "");
}

static void setup_warn_schedule(const nn_schedule_type *type, const void *options, nn_run_length length)
{
    const char *option = nn_schedule_unreached(type, options, length);
    if (option)
        nn_log_warning("lr_schedule.%s.%s is as long as the run of %lld steps or longer: %s", type->name,
                       option, (long long)length.steps, type->unreached);
}

static void setup_tell_weights(const nn_run *run)
{
    bool weighs = false;
    for (int p = 0; p < NN_PARTS; p++) weighs |= nn_dataset_has_weights(run->data, (nn_part)p);
    if (weighs)
        nn_log_line("sample weights apply to the loss; metrics and the constants of baselines count every "
                    "sample once, "
                    "even those of weight 0");
}

void nn_run_warn(const nn_run *run, int ranks)
{
    setup_tell_weights(run);
    const nn_plan *plan = &run->plan;
    int64_t workers = (int64_t)ranks * run->threads;
    if (plan->leaves < workers && plan->leaves >= ranks) setup_warn_idle(plan, workers);
    if (plan->length.steps < 1000)
        nn_log_warning("the run has only %lld steps: more epochs or a smaller batch usually train better",
                       (long long)plan->length.steps);
    setup_warn_schedule(run->settings.schedule, run->settings.schedule_options, plan->length);
    int64_t warmup = nn_schedule_warmup_steps(run->settings.schedule_options, plan->length);
    if (warmup >= plan->length.steps)
        nn_log_warning("warm-up takes %lld steps, and the run has %lld: the learning rate never reaches its "
                       "full height",
                       (long long)warmup, (long long)plan->length.steps);
    else if (warmup > plan->length.steps / 5)
        nn_log_warning("warm-up takes %lld of %lld steps: over 20 %%", (long long)warmup,
                       (long long)plan->length.steps);
    nn_over_samples_warn(run, ranks);
    for (int h = 0; h < run->model->head_count; h++) setup_warn_activation(run->model, &run->model->heads[h]);
    nn_text advice = {0};
    nn_dataset_advise(run->data, ranks, &advice);
    if (advice.bytes) nn_log_warning("%s", advice.bytes);
    nn_text_free(&advice);
}

/* ---- starting point ---- */

/* Ranks that compute other bits cannot give the same result on any number of them. */
static nn_status setup_compare_machines(nn_run *run)
{
    int64_t samples[NN_PARTS];
    for (int p = 0; p < NN_PARTS; p++) samples[p] = nn_dataset_count(run->data, (nn_part)p);
    NN_TRY(nn_comm_agree(run->comm,
                         nn_machine_try(&run->settings, run->model, &run->plan, samples, &run->machine)));
    nn_status status = nn_machine_agree(run->comm, &run->machine);
    if (status != NN_ERROR_COMM || run->settings.training.allreduce != NN_REDUCE_MPI) return status;
    nn_log_warning("%s", nn_error_text());
    nn_error_clear();
    return NN_OK;
}

/* The metrics of the history, as the run directory's file: what an earlier process wrote beyond the
 * checkpoint is cut off, since it will be written again. */
static nn_status setup_write_history(const nn_run *run)
{
    char path[NN_PATH_SIZE + 32];
    nn_text config = {0};
    NN_TRY(nn_run_rewrite_metrics(run));
    nn_config_emit(run->config, &config);
    snprintf(path, sizeof path, "%s/config.yaml", run->job->run_directory);
    nn_status status = nn_store_commit(path, config.bytes ? config.bytes : "", config.length);
    nn_text_free(&config);
    return status;
}

/* Best weights of a later step than the one the run goes on from will be found again. Damaged ones are left
 * to better ones, which replace them. */
static nn_status setup_drop_later_best(const nn_run *run)
{
    char path[NN_PATH_SIZE + 32];
    int64_t step = 0;
    bool there;
    snprintf(path, sizeof path, "%s/" NN_CHECKPOINT_BEST, run->job->run_directory);
    NN_TRY(nn_file_exists(path, &there));
    if (!there) return NN_OK;
    nn_status status = nn_checkpoint_step(path, &step);
    if (status == NN_ERROR_CHECKPOINT)
        nn_log_warning("the best weights so far cannot be used: %s", nn_error_text());
    else if (status == NN_OK && (step > run->state.step || run->state.best_epoch == 0))
        unlink(path);
    return status == NN_ERROR_CHECKPOINT ? NN_OK : status;
}

/* Best weights that could not be written, or are not those that the checkpoint names, are the checkpoint's
 * own where that was made at the end of the best epoch. */
static nn_status setup_restore_best(const nn_run *run, uint64_t identity, const void *bytes, size_t size)
{
    char path[NN_PATH_SIZE + 32];
    int64_t step = 0;
    snprintf(path, sizeof path, "%s/" NN_CHECKPOINT_BEST, run->job->run_directory);
    int64_t each = run->plan.length.steps_per_epoch;
    if (run->state.step % each != 0 || run->state.best_epoch != run->state.step / each) return NN_OK;
    nn_status status = nn_checkpoint_step(path, &step);
    if (status == NN_OK && step == run->state.step) return NN_OK;
    if (status == NN_ERROR_IO || status == NN_ERROR_MEMORY) return status;
    NN_TRY(nn_store_commit(path, bytes, size));
    if (nn_manifest_record(run->job->run_directory, identity, NN_MANIFEST_BEST, bytes, size,
                           run->settings.checkpoint.keep_last) != NN_OK)
        nn_log_warning("%s; %s is saved all the same", nn_error_text(), path);
    return NN_OK;
}

/* The first weights of a new run, on all ranks the same. */
static nn_status setup_begin(nn_run *run)
{
    nn_real *weights = nn_reduction_weights(run->stepper->reduction);
    NN_TRY(nn_comm_agree(run->comm, nn_workers_initialize(run->workers, weights)));
    if (run->settings.init_from.run)
        NN_TRY(nn_init_from(run->comm, &run->settings.init_from, run->data_folder, run->model, weights));
    nn_update_begin(run->stepper->update, weights);
    return NN_OK;
}

/* What may have changed without being noticed. */
static void setup_tell_unseen(const nn_run *run)
{
    nn_text names = {0};
    nn_data_identity_unseen(nn_dataset_identity_lines(run->data), &names);
    if (names.bytes)
        nn_log_line("too large to be read for this: of %s only rows spread over it were compared with those "
                    "of the run's beginning%s",
                    names.bytes,
                    run->settings.data.check == NN_CHECK_NONE ? " (data.check: all compares all)" : "");
    nn_text_free(&names);
}

nn_status nn_run_resume(nn_run *run)
{
    char path[NN_PATH_SIZE];
    nn_checkpoint_opened found = {0};
    nn_damaged damaged = {0};
    uint64_t identity;
    bool first = nn_comm_rank(run->comm) == 0;
    nn_checkpoint_parts parts = nn_run_parts(run);
    nn_status status = first ? nn_run_find(run->job, &parts, path, &found, &damaged) : NN_OK;
    int goes_on = found.file != NULL;
    NN_TRY_TO(done, status, nn_comm_agree(run->comm, status));
    NN_TRY_TO(done, status, nn_comm_broadcast(run->comm, &goes_on, sizeof goes_on, 0));
    if (goes_on) {
        NN_TRY_TO(done, status, nn_checkpoint_load(&parts, found.file));
        nn_extent_resumes(run, path);
        setup_tell_unseen(run);
    } else {
        NN_TRY_TO(done, status, setup_begin(run));
    }
    nn_extent_plan(run);
    if (first) status = setup_drop_later_best(run);
    if (first && status == NN_OK) status = nn_checkpoint_run(&parts, &identity);
    if (first && status == NN_OK)
        status = nn_manifest_begin(run->job->run_directory, identity, goes_on ? &found : NULL, &damaged);
    if (run->writer) nn_writer_take_damaged(run->writer, &damaged);
    if (first && status == NN_OK && goes_on)
        status = setup_restore_best(run, identity, found.bytes, found.size);
    if (first && status == NN_OK) status = setup_write_history(run);
    status = nn_comm_agree(run->comm, status);
done:
    nn_checkpoint_close(&found);
    nn_damaged_release(&damaged);
    return status;
}

/* ---- all of it ---- */

/* The stepper, and what looks on at its steps. Collective. */
static nn_status setup_stepper(nn_run *run)
{
    nn_stepper_request request = {.settings = &run->settings,
                                  .memory = &run->state.watch.schedule,
                                  .model = run->model,
                                  .plan = run->plan,
                                  .workers = run->workers,
                                  .data = run->data,
                                  .threads = run->threads};
    NN_TRY(nn_stepper_create(run->comm, &request, &run->stepper));
    return nn_comm_agree(run->comm, nn_integrity_create(run->stepper, &run->integrity));
}

nn_status nn_run_open(nn_comm *comm, const nn_job *job, nn_run *run)
{
    *run = (nn_run){.comm = comm, .job = job};
    nn_pulse_phase(NN_PHASE_SETUP);
    nn_pulse_step(0);
    NN_TRY(nn_comm_agree(comm, nn_matrix_setup()));
    NN_TRY(nn_comm_agree(comm, setup_configuration(run)));
    nn_status status = nn_comm_rank(comm) == 0 ? nn_run_directory_prepare(job, &run->lease) : NN_OK;
    nn_run_status_begin(run);
    NN_TRY(nn_comm_agree(comm, status));
    if (nn_comm_rank(comm) == 0) nn_sizes_saved(job, &run->saved_sizes);
    NN_TRY(nn_comm_broadcast(comm, &run->saved_sizes, sizeof run->saved_sizes, 0));
    NN_TRY(nn_watchdog_start(comm, run->settings.training.hang_timeout, job->run_directory, &run->watchdog));
    nn_pulse_phase(NN_PHASE_DATA);
    NN_TRY(nn_comm_agree(comm, setup_data(run)));
    nn_pulse_phase(NN_PHASE_SETUP);
    NN_TRY(nn_threads_choose(comm, run->settings.training.threads, &run->threads));
    size_t before = nn_memory_in_use();
    NN_TRY(nn_comm_agree(comm, setup_model(run)));
    NN_TRY(nn_comm_agree(comm, nn_run_check_validation(run)));
    setup_choose_clip_norm(run);
    NN_TRY(setup_compare_machines(run));
    NN_TRY(nn_comm_agree(comm, setup_workers(run)));
    NN_TRY(setup_stepper(run));
    setup_announce(run, before);
    NN_TRY(nn_room_warn(run, nn_memory_in_use() - before));
    nn_run_warn(run, nn_comm_size(comm));
    NN_TRY(nn_run_resume(run));
    return nn_threads_peak(comm, run->threads, run->settings.training.peak_seconds, &run->progress.peak);
}

void nn_run_close(nn_run *run)
{
    nn_pulse_phase(NN_PHASE_END);
    nn_run_save_watch(run, true);
    nn_writer_destroy(run->writer);
    nn_integrity_destroy(run->integrity);
    nn_stepper_destroy(run->stepper);
    nn_workers_destroy(run->workers);
    nn_free(run->averaged);
    nn_model_destroy(run->model);
    nn_dataset_close(run->data);
    nn_settings_release(&run->settings);
    nn_config_destroy(run->config);
    nn_text_free(&run->state.history);
    nn_text_free(&run->state.changes);
    nn_machine_release(&run->machine);
    nn_watchdog_stop(run->watchdog);
    nn_lease_release(run->lease);
}
