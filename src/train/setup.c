#include "train/setup.h"

#include "base/log.h"
#include "base/memory.h"
#include "data/in_place.h"
#include "host/pulse.h"
#include "rundir/compare.h"
#include "rundir/fallback.h"
#include "rundir/init_from.h"
#include "rundir/init_known.h"
#include "rundir/saving.h"
#include "rundir/saving_last.h"
#include "rundir/status_line.h"
#include "rundir/together.h"
#include "step/carried.h"
#include "step/findings.h"
#include "step/heads.h"
#include "step/step_threads.h"
#include "tensor/matrix.h"
#include "train/announce.h"
#include "train/extent.h"
#include "train/profiling.h"
#include "train/rescale.h"
#include "train/room.h"
#include "train/showing.h"
#include "train/trainable.h"

/* ---- configuration and data ---- */

static nn_status setup_configuration(nn_run *run)
{
    const nn_job *job = run->job;
    NN_TRY(nn_config_load_files(job->files, job->config_path, job->overrides, job->override_count,
                                &run->config));
    NN_TRY(nn_settings_read(run->config, &run->settings));
    const nn_data_options *data = &run->settings.data;
    if (data->in_place.given == job->in_place) return NN_OK;
    if (job->in_place)
        NN_FAIL(NN_ERROR_USAGE,
                "%s: has no data.in_place, the shapes of the samples that a program trains on, such as "
                "in_place: {x: [4], y: [1]} (nntrain help in-place)",
                job->config_path);
    NN_FAIL(NN_ERROR_USAGE,
            "%s: data.in_place: the samples come from a program that calls nn_trainer_create; run that "
            "program, or name files: data.file and data.train",
            job->config_path);
}

/* Samples come from the program: batches of any size up to batch_size. */
static nn_status setup_in_place(nn_run *run, const nn_dataset_setup *setup)
{
    const nn_training_options *training = &run->settings.training;
    NN_TRY(nn_in_place_open(run->comm, &run->settings.data, setup, training->batch_size, &run->data));
    NN_TRY(nn_sizes_plan_in_place(run->config, &run->settings, run->saved_sizes, &run->plan));
    return nn_plan_check_ranks(&run->plan, nn_comm_size(run->comm));
}

static nn_status setup_data(nn_run *run)
{
    const nn_training_options *training = &run->settings.training;
    nn_job_folder(run->job->config_path, run->data_folder);
    run->settings.data.codes = run->saved_sizes.codes;
    nn_target_wanted wanted[NN_MODEL_HEADS];
    nn_heads_wanted(&run->settings.model, wanted);
    nn_dataset_setup setup = {.scalar = run->settings.model.network.scalar,
                              .directory = run->data_folder,
                              .seed = (uint64_t)training->seed,
                              .wanted = wanted,
                              .wanted_count = run->settings.model.head_count};
    if (run->job->in_place) return setup_in_place(run, &setup);
    nn_init_known known;
    nn_status status = nn_init_known_read(run->comm, &run->settings, run->data_folder, run->job, &known);
    if (known.given) setup.known = &known.known;
    if (status == NN_OK) status = nn_dataset_open(run->comm, &run->settings.data, &setup, &run->data);
    nn_init_known_release(&known);
    NN_TRY(status);
    run->plan = nn_sizes_plan(run->config, training, run->saved_sizes, nn_dataset_count(run->data, NN_TRAIN));
    NN_TRY(nn_dataset_arrange(run->data, run->plan.batch_size, run->plan.microbatches));
    return nn_plan_check_ranks(&run->plan, nn_comm_size(run->comm));
}

static nn_status setup_model(nn_run *run)
{
    NN_TRY(nn_heads_model(&run->settings.model, run->data, run->plan.microbatch_size, &run->model));
    NN_TRY(nn_trainable_check_layers(run));
    NN_TRY(nn_trainable_check_mixing(run));
    for (int p = 0; p < NN_PARTS; p++)
        NN_TRY(nn_findings_check(run->model, nn_dataset_count(run->data, (nn_part)p)));
    NN_TRY(nn_carried_check(run->model, &run->settings, &run->plan));
    run->bests = nn_best_rules_of(run->model, &run->settings.checkpoint.best);
    return NN_OK;
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
    nn_log_line(
        "gradients are clipped at norm 1, as usual with %s layers; set training.clip_norm to change it",
        network->layers[l].type->name);
}

/* ---- workers and memory ---- */

static nn_status setup_writer(nn_run *run)
{
    const nn_checkpoint_options *options = &run->settings.checkpoint;
    const nn_checkpoint_parts parts = {.config = run->config,
                                       .data_identity = nn_dataset_identity(run->data)};
    uint64_t identity;
    NN_TRY(nn_checkpoint_run(&parts, &identity));
    const nn_writer_request request = {.run_directory = run->directory.path,
                                       .keep_last = options->keep_last,
                                       .verify = options->verify,
                                       .run = identity,
                                       .lease = run->directory.lease,
                                       .bests = &run->bests};
    return nn_writer_create(&request, &run->directory.writer);
}

static nn_status setup_workers(nn_run *run)
{
    const nn_training_options *training = &run->settings.training;
    nn_workers_request request = {.threads = run->threads,
                                  .share_max = nn_run_share_max(run, nn_comm_size(run->comm)),
                                  .microbatch_size = run->plan.microbatch_size,
                                  .memory = training->memory * 1048576,
                                  .seed = (uint64_t)training->seed,
                                  .wire_leaves = run->plan.wire_leaves,
                                  .profile = run->profiling ? run->profiling->profile : NULL};
    NN_TRY(nn_workers_create(run->model, run->data, &request, &run->workers));
    if (nn_comm_rank(run->comm) == 0 && run->job->run_directory) NN_TRY(setup_writer(run));
    if (training->average > 0)
        NN_TRY(NN_ALLOCATE_VALUES(run->model->scalar, &run->averaged, run->model->network->value_count,
                                  "the average of the weights"));
    return NN_OK;
}

/* ---- starting point ---- */

/* If ranks compute different bits, the result depends on their number. */
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

/* The initial weights of a new run: the same in all copies, each of which one rank writes. */
static nn_status setup_begin(nn_run *run)
{
    nn_reduction *reduction = run->stepper->reduction;
    nn_real *weights = nn_reduction_weights(reduction);
    int rank = nn_comm_rank(run->comm);
    bool writes = nn_reduction_copy_of(reduction, rank) == rank;
    NN_TRY(nn_comm_agree(run->comm, writes ? nn_workers_initialize(run->workers, weights) : NN_OK));
    if (nn_settings_init_given(&run->settings.init_from)) {
        NN_TRY(nn_init_from(run->comm, &run->settings.init_from, run->data_folder, run->model, weights));
        NN_TRY(nn_reduction_spread(reduction));
    }
    nn_update_begin(run->stepper->update, weights);
    return NN_OK;
}

/* What may have changed without being noticed. */
static void setup_tell_unseen(const nn_run *run)
{
    nn_text names = {0};
    nn_data_identity_unseen(nn_dataset_identity_lines(run->data), &names);
    if (names.bytes)
        nn_log_line(
            "too large to be compared in full: of %s, only rows spread over it were compared with those "
            "at the beginning of the run%s",
            names.bytes,
            run->settings.data.check == NN_CHECK_NONE ? " (data.check: all compares every row)" : "");
    nn_text_free(&names);
}

nn_status nn_setup_resume(nn_run *run)
{
    char path[NN_PATH_SIZE];
    nn_kept_checkpoint found = {0};
    nn_damaged damaged = {0};
    bool first = nn_comm_rank(run->comm) == 0;
    nn_checkpoint_parts parts = nn_run_parts(run);
    nn_status status = first ? nn_fallback_find(run->job, &parts, path, &found, &damaged) : NN_OK;
    bool resumes = found.file != NULL;
    unsigned best_due = 0;
    NN_TRY_TO(done, status, nn_comm_agree(run->comm, status));
    NN_TRY_TO(done, status, nn_comm_broadcast(run->comm, &resumes, sizeof resumes, 0));
    if (resumes) {
        if (run->job->in_place) NN_TRY_TO(done, status, nn_rescale_from(run, found.file));
        NN_TRY_TO(done, status, nn_checkpoint_load(&parts, found.file));
        nn_extent_resumes(run, path);
        setup_tell_unseen(run);
    } else {
        NN_TRY_TO(done, status, setup_begin(run));
    }
    nn_extent_plan(run);
    if (first)
        status = nn_saving_begin(&run->directory, &parts, resumes ? &found : NULL, &damaged, &best_due);
    NN_TRY_TO(done, status, nn_comm_agree(run->comm, status));
    NN_TRY_TO(done, status, nn_comm_broadcast(run->comm, &best_due, sizeof best_due, 0));
    if (best_due) status = nn_saving_save(&run->directory, &parts, false, true);
done:
    nn_kept_close(&found);
    nn_damaged_release(&damaged);
    return status;
}

/* ---- all of it ---- */

/* Asked before each save. Collective. */
static nn_status setup_admit_save(void *context)
{
    nn_run *run = context;
    return nn_integrity_check(run->integrity, run->state.step);
}

/* Where several nodes write a checkpoint. Collective. */
static nn_status setup_shards(nn_run *run)
{
    nn_rundir *directory = &run->directory;
    nn_status status = nn_shards_create(run->stepper, &directory->shards);
    if (status == NN_OK && directory->shards && directory->shards->own >= 0)
        status = nn_shard_writer_create(directory->path, run->settings.checkpoint.verify,
                                        &directory->shard_writer);
    NN_TRY(nn_comm_agree(run->comm, status));
    return directory->shards ? nn_together_prove(run->comm, directory->path) : NN_OK;
}

/* The stepper, and the observers of its steps. Collective. */
static nn_status setup_stepper(nn_run *run)
{
    nn_stepper_request request = {.settings = &run->settings,
                                  .memory = &run->state.watch.schedule,
                                  .model = run->model,
                                  .plan = run->plan,
                                  .workers = run->workers,
                                  .data = run->data,
                                  .threads = run->threads};
    run->directory.admit = setup_admit_save;
    run->directory.admit_context = run;
    NN_TRY(nn_stepper_create(run->comm, &request, &run->stepper));
    nn_profile *profile = run->profiling ? run->profiling->profile : NULL;
    if (profile) nn_profile_attach(profile, run->stepper, false);
    NN_TRY(nn_comm_agree(run->comm, nn_integrity_create(run->stepper, &run->integrity)));
    if (profile) nn_profile_attach(profile, run->stepper, true);
    return NN_OK;
}

nn_status nn_setup_open(nn_comm *comm, const nn_job *job, nn_run *run)
{
    *run = (nn_run){.comm = comm, .job = job, .directory = {.path = job->run_directory}};
    nn_pulse_phase(NN_PHASE_SETUP);
    nn_pulse_step(0);
    NN_TRY(nn_comm_agree(comm, nn_matrix_setup()));
    NN_TRY(nn_comm_agree(comm, setup_configuration(run)));
    bool keeps = job->run_directory != NULL;
    nn_status status = nn_comm_rank(comm) == 0 && keeps ? nn_rundir_open(&run->directory) : NN_OK;
    nn_status_line_begin(&run->directory, nn_comm_host(comm), nn_comm_size(comm), nn_comm_node_count(comm));
    if (status == NN_OK && job->trace && nn_comm_rank(comm) == 0) status = nn_trace_check(job->trace);
    NN_TRY(nn_comm_agree(comm, status));
    if (nn_comm_rank(comm) == 0) nn_sizes_saved(job, &run->saved_sizes);
    NN_TRY(nn_comm_broadcast(comm, &run->saved_sizes, sizeof run->saved_sizes, 0));
    NN_TRY(nn_watchdog_start(comm, run->settings.training.hang_timeout, job->run_directory, &run->watchdog));
    nn_pulse_phase(NN_PHASE_DATA);
    NN_TRY(nn_comm_agree(comm, setup_data(run)));
    nn_pulse_phase(NN_PHASE_SETUP);
    NN_TRY(nn_step_threads_choose(comm, run->settings.training.threads, &run->threads));
    size_t before = nn_memory_in_use();
    NN_TRY(nn_comm_agree(comm, setup_model(run)));
    bool validates = keeps && !job->in_place;
    NN_TRY(nn_comm_agree(comm, validates ? nn_trainable_check_validation(run) : NN_OK));
    setup_choose_clip_norm(run);
    NN_TRY(setup_compare_machines(run));
    NN_TRY(nn_profiling_open(run));
    NN_TRY(nn_comm_agree(comm, setup_workers(run)));
    NN_TRY(setup_stepper(run));
    if (keeps) NN_TRY(setup_shards(run));
    if (keeps) nn_announce(run, before);
    NN_TRY(nn_room_warn(run, nn_memory_in_use() - before));
    if (!keeps) return setup_begin(run);
    if (!job->in_place) nn_trainable_warn(run, nn_comm_size(comm));
    NN_TRY(nn_setup_resume(run));
    if (job->in_place) return NN_OK;
    return nn_step_threads_peak(comm, run->model->network, run->threads, run->settings.training.peak_seconds,
                                &run->peak);
}

void nn_setup_close(nn_run *run)
{
    nn_pulse_phase(NN_PHASE_END);
    if (run->stepper && run->job->run_directory) {
        nn_checkpoint_parts parts = nn_run_parts(run);
        nn_saving_close(&run->directory, &parts);
    }
    nn_showing_close(run);
    nn_integrity_destroy(run->integrity);
    nn_stepper_destroy(run->stepper);
    nn_workers_destroy(run->workers);
    nn_profiling_close(run->profiling);
    nn_free(run->averaged);
    nn_model_destroy(run->model);
    nn_dataset_close(run->data);
    nn_settings_release(&run->settings);
    nn_config_destroy(run->config);
    nn_text_free(&run->state.history);
    nn_text_free(&run->state.changes);
    nn_machine_release(&run->machine);
    nn_watchdog_stop(run->watchdog);
    nn_rundir_close(&run->directory);
}
