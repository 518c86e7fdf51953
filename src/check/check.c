/* Finds the problems of a job. Each part is checked regardless of problems in the others. */
#include "check/check.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "rundir/init_from.h"
#include "rundir/init_known.h"
#include "step/carried.h"
#include "step/findings.h"
#include "step/heads.h"
#include "step/step_threads.h"
#include "tensor/matrix.h"
#include "train/setup.h"
#include "train/trainable.h"

/* Data of at most this many bytes is read completely. */
#define CHECK_DATA_BYTES ((size_t)256 << 20)

/* ---- problems ---- */

/* Where a description and the data themselves show another sample of the same dataset, one of them is enough.
 */
static bool check_is_known(const nn_text *problems, const char *line, size_t length)
{
    static const char word[] = " sample ";
    const char *sample = strstr(line, word);
    size_t start = sample && sample < line + length ? (size_t)(sample - line) + strlen(word) : length;
    const char *at = problems->bytes;
    while (at && *at) {
        size_t known = strcspn(at, "\n");
        if (known == length && strncmp(at, line, length) == 0) return true;
        if (start < length && known > start && strncmp(at, line, start) == 0) return true;
        at += known + (at[known] == '\n');
    }
    return false;
}

static bool check_collect_lines(nn_check *check, nn_status status, bool whole)
{
    nn_forecast *forecast = check->forecast;
    if (status == NN_OK) return true;
    const char *text = nn_error_text();
    for (const char *line = text; *line;) {
        size_t length = strcspn(line, "\n");
        bool goes_on = line[0] == ' ' || (whole && line != text);
        if (length > 0 && (goes_on || !check_is_known(&forecast->problems, line, length))) {
            nn_text_append(&forecast->problems, "%s%s%.*s", forecast->problems.length > 0 ? "\n" : "",
                           goes_on && line[0] != ' ' ? "  " : "", (int)length, line);
            forecast->problem_count += !goes_on;
        }
        line += length + (line[length] == '\n');
    }
    nn_error_clear();
    return false;
}

bool nn_check_collect(nn_check *check, nn_status status)
{
    return check_collect_lines(check, status, false);
}

bool nn_check_collect_whole(nn_check *check, nn_status status)
{
    return check_collect_lines(check, status, true);
}

/* With the place of a key in front, or of the file where the key is not given. key NULL: of the section. */
static void check_collect_at(nn_check *check, const char *section, const char *key, nn_status status)
{
    nn_config_node *node = nn_config_get(nn_config_root(check->run.config), section);
    if (key) node = nn_config_get(node, key);
    if (status != NN_OK)
        nn_fail_context(status, "%s", node ? nn_config_place(node) : check->run.job->config_path);
    nn_check_collect(check, status);
}

/* ---- the configuration ---- */

/* Whether the configuration says of itself that there will be no samples for validation. */
static bool check_lacks_validation(const nn_settings *settings)
{
    const nn_part_options *part = &settings->data.parts[NN_VALIDATION];
    return part->x.count == 0 && part->y.count == 0 && settings->data.split.validation == 0;
}

static void check_validation(nn_check *check)
{
    bool stops = check->run.settings.training.early_stopping.stops;
    check_collect_at(check, stops ? "training" : "lr_schedule", stops ? "early_stopping" : NULL,
                     nn_trainable_check_validation(&check->run));
}

/* What needs no data. */
static void check_settings(nn_check *check)
{
    nn_run *run = &check->run;
    if (run->settings.data_is_sound && run->settings.schedule && check_lacks_validation(&run->settings))
        check_validation(check);
    if (run->settings.init_from.run && !check->resumes)
        check_collect_at(check, "init_from", NULL, nn_init_look(&run->settings.init_from, run->data_folder));
}

static bool check_configuration(nn_check *check)
{
    nn_run *run = &check->run;
    const nn_job *job = run->job;
    nn_job_folder(job->config_path, run->data_folder);
    if (!nn_check_collect(
            check, nn_config_load(job->config_path, job->overrides, job->override_count, &run->config)))
        return false;
    return nn_check_collect(check, nn_settings_read(run->config, &run->settings));
}

/* ---- the data ---- */

/* Data that is small is opened as training opens it, so that its problems and warnings are those of training;
 * it is not copied to where data.stage says. */
static void check_open_data(nn_check *check, const nn_dataset_setup *setup)
{
    nn_run *run = &check->run;
    nn_data_options options = run->settings.data;
    nn_dataset *opened = NULL;
    size_t bytes = nn_dataset_stored(run->data);
    if (bytes > CHECK_DATA_BYTES) {
        check->forecast->data_unseen = (double)bytes;
        return;
    }
    options.stage = NULL;
    nn_check_collect(check, nn_dataset_open(run->comm, &options, setup, &opened));
    nn_dataset_close(opened);
}

static void check_data(nn_check *check)
{
    nn_run *run = &check->run;
    nn_target_wanted wanted[NN_MODEL_HEADS] = {{0}};
    int count = run->settings.model.head_count;
    const nn_part_options *train = &run->settings.data.parts[NN_TRAIN];
    if (check->request->data_problem) {
        nn_check_collect(check, nn_fail(NN_ERROR_DATA, "%s", check->request->data_problem));
        return;
    }
    /* Without a readable section, any further problem would only follow from that. */
    if (!run->settings.data_is_sound && train->x.count == 0 && train->y.count == 0) return;
    if (run->settings.model_is_sound && count > 0)
        nn_heads_wanted(&run->settings.model, wanted);
    else
        count = 1;
    nn_init_known known = {0};
    /* Its problems are collected when the weights are checked. */
    if (run->settings.model_is_sound &&
        nn_init_known_read(run->comm, &run->settings, run->data_folder, run->job, &known) != NN_OK)
        nn_error_clear();
    known.known.silent = true;
    const nn_dataset_setup setup = {.scalar = run->settings.model.network.scalar,
                                    .directory = run->data_folder,
                                    .seed = (uint64_t)run->settings.training.seed,
                                    .wanted = wanted,
                                    .wanted_count = count,
                                    .known = known.given ? &known.known : NULL};
    nn_check_collect(check, nn_dataset_describe(run->comm, &run->settings.data, &setup, &run->data));
    if (run->data) check_open_data(check, &setup);
    nn_init_known_release(&known);
}

/* ---- the plan ---- */

/* Where the number of samples is not known, a given batch size determines the microbatches anyway. */
static void check_plan(nn_check *check)
{
    nn_run *run = &check->run;
    const nn_training_options *training = &run->settings.training;
    int64_t samples = run->data ? nn_dataset_count(run->data, NN_TRAIN) : 0;
    check->knows_samples = samples > 0;
    if (check->resumes) nn_sizes_saved(run->job, &run->saved_sizes);
    if (!check->knows_samples && training->batch_size == 0 && run->saved_sizes.batch == 0) return;
    if (!check->knows_samples) samples = INT64_C(1) << 40;
    run->plan = nn_sizes_plan(run->config, training, run->saved_sizes, samples);
    check_collect_at(check, "training", training->microbatch_size ? "microbatch_size" : "batch_size",
                     nn_plan_check_ranks(&run->plan, check->request->ranks));
    if (check->knows_samples)
        nn_check_collect(check, nn_dataset_arrange(run->data, run->plan.batch_size, run->plan.microbatches));
}

/* ---- the network ---- */

static void check_model(nn_check *check)
{
    nn_run *run = &check->run;
    if (!check->knows_samples || !run->settings.model_is_sound || run->settings.model.head_count == 0) return;
    size_t before = nn_memory_in_use();
    if (!nn_check_collect(
            check, nn_heads_model(&run->settings.model, run->data, run->plan.microbatch_size, &run->model)))
        return;
    check->model_memory = nn_memory_in_use() - before;
    check_collect_at(check, "network", NULL, nn_trainable_check_layers(run));
    nn_check_collect(check, nn_trainable_check_mixing(run));
    for (int p = 0; p < NN_PARTS; p++)
        nn_check_collect(check, nn_findings_check(run->model, nn_dataset_count(run->data, (nn_part)p)));
    nn_check_collect(check, nn_carried_check(run->model, &run->settings, &run->plan));
    if (run->settings.schedule) check_validation(check);
}

/* Reads the weights into a separate array to see which fit. */
static void check_init_from(nn_check *check)
{
    nn_run *run = &check->run;
    nn_real *weights = NULL;
    if (!run->settings.init_from.run || check->resumes ||
        nn_init_look(&run->settings.init_from, run->data_folder) != NN_OK)
        return;
    nn_status status = NN_ALLOCATE_VALUES(run->model->scalar, &weights, run->model->network->value_count,
                                          "weights of another run");
    if (status == NN_OK)
        status = nn_init_from(run->comm, &run->settings.init_from, run->data_folder, run->model, weights);
    check_collect_at(check, "init_from", NULL, status);
    nn_free(weights);
}

/* ---- all of it ---- */

/* Threads of a rank: as nn_step_threads_choose has them where the ranks of a node share its cores. */
static void check_choose_threads(nn_check *check)
{
    static const char *const sources[] = {[NN_THREADS_CONFIGURED] = "threads as configured",
                                          [NN_THREADS_VARIABLE] = "threads by OMP_NUM_THREADS",
                                          [NN_THREADS_CORES] = "threads, one per core of this machine"};
    nn_run *run = &check->run;
    int per_node = (check->request->ranks + check->request->nodes - 1) / check->request->nodes;
    nn_cpus_share share;
    nn_threads_decision decision =
        nn_step_threads_find(run->comm, run->settings.training.threads, per_node, &share);
    run->threads = decision.threads;
    check->forecast->threads = run->threads;
    check->forecast->threads_from = sources[decision.source];
    check->forecast->ranks_per_node = per_node;
    nn_step_threads_warn(run->comm, run->threads, &share);
    nn_check_collect(check, nn_threads_try(run->threads, nn_threads_stack()));
}

static void check_parts(nn_check *check)
{
    nn_run *run = &check->run;
    nn_forecast *forecast = check->forecast;
    bool configured = check_configuration(check);
    nn_check_directory(check);
    if (!run->config) return;
    check_settings(check);
    check_data(check);
    check_choose_threads(check);
    check_plan(check);
    check_model(check);
    nn_check_resume(check);
    if (!run->model || !configured) return;
    check_init_from(check);
    nn_trainable_warn(run, check->request->ranks);
    nn_check_needs(check);
    nn_check_disk(check);
    if (forecast->problem_count > 0)
        return; /* the job cannot be started: no need to know how long it takes */
    nn_check_time(check);
    nn_check_sizes(check);
}

static void check_close(nn_check *check)
{
    nn_setup_close(&check->run);
    nn_comm_destroy(check->run.comm);
}

nn_status nn_check_job(const nn_forecast_request *request, nn_forecast *forecast)
{
    nn_check *check = NULL;
    *forecast = (nn_forecast){0};
    NN_TRY(nn_matrix_setup());
    NN_TRY(NN_ALLOCATE(&check, 1, "a check"));
    check->request = request;
    check->forecast = forecast;
    check->run.job = request->job;
    nn_status status = nn_comm_create_alone(&check->run.comm);
    if (status == NN_OK) {
        nn_log_collect(&forecast->warnings);
        check_parts(check);
        check_close(check);
        nn_log_collect(NULL);
    }
    nn_free(check);
    if (status == NN_OK && (forecast->problems.failed || forecast->warnings.failed))
        status = nn_fail(NN_ERROR_MEMORY, "out of memory for the list of problems");
    return status;
}
