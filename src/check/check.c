/* Finds the problems of a job. Each part is checked regardless of problems in the others. */
#include "check/check.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "check/gradients.h"
#include "data/in_place.h"
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
    return part->x.count == 0 && part->y.count == 0 && settings->data.split.validation == 0 &&
           settings->data.split.folds == 0;
}

static void check_validation(nn_check *check)
{
    if (check->run.settings.data.in_place.given) return; /* refused where it is read */
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
    /* What crashes HDF5 may be the file of weights. */
    bool unsafe = check->request->data_problem && run->settings.init_from.file;
    if (nn_settings_init_given(&run->settings.init_from) && !check->resumes && !unsafe)
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
    nn_dataset_setup again = *setup;
    size_t bytes = nn_dataset_stored(run->data);
    if (bytes > CHECK_DATA_BYTES) {
        check->forecast->data_unseen = (double)bytes;
        return;
    }
    options.stage = NULL;
    again.again = true;
    nn_check_collect(check, nn_dataset_open(run->comm, &options, &again, &opened));
    nn_dataset_close(opened);
}

/* Whether datasets of data.train are given, but were not read: if there are problems, that is one of them. */
static bool check_is_unread(const nn_run *run, const char *key, int count)
{
    nn_config_node *data = nn_config_get(nn_config_root(run->config), "data");
    return count == 0 && nn_config_get(nn_config_get(data, "train"), key);
}

static void check_data(nn_check *check)
{
    nn_run *run = &check->run;
    nn_target_wanted wanted[NN_MODEL_HEADS] = {{0}};
    nn_data_options *options = &run->settings.data;
    int count = run->settings.model.head_count;
    const nn_part_options *train = &options->parts[NN_TRAIN];
    if (check->request->data_problem) {
        nn_check_collect(check, nn_fail(NN_ERROR_DATA, "%s", check->request->data_problem));
        return;
    }
    /* Without a readable section, any further problem would only follow from that. */
    bool absent = train->x.count == 0 && train->y.count == 0;
    bool unread = check_is_unread(run, "x", train->x.count) || check_is_unread(run, "y", train->y.count);
    if (!run->settings.data_is_sound && (absent || unread)) return;
    if (run->settings.model.losses_are_sound) {
        nn_heads_wanted(&run->settings.model, wanted);
    } else {
        /* Nor can it be judged what only fits classes, or values. */
        count = 1;
        wanted[0].unknown = true;
        options->split.stratified = options->balanced = false;
    }
    if (check->resumes) nn_sizes_saved(run->job, &run->saved_sizes);
    options->codes = run->saved_sizes.codes;
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
    if (options->in_place.given) {
        if (run->settings.data_is_sound && run->settings.training.batch_size > 0)
            nn_check_collect(check, nn_in_place_open(run->comm, options, &setup,
                                                     run->settings.training.batch_size, &run->data));
    } else {
        nn_check_collect(check, nn_dataset_describe(run->comm, options, &setup, &run->data));
        if (run->data && !check->request->brief) check_open_data(check, &setup);
    }
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
    if (!check->knows_samples && training->batch_size == 0 && run->saved_sizes.batch == 0) return;
    if (!check->knows_samples) samples = INT64_C(1) << 40;
    if (run->settings.data.in_place.given)
        nn_check_collect(check,
                         nn_sizes_plan_in_place(run->config, &run->settings, run->saved_sizes, &run->plan));
    else
        run->plan = nn_sizes_plan(run->config, training, run->saved_sizes, samples);
    check_collect_at(check, "training", training->microbatch_size ? "microbatch_size" : "batch_size",
                     nn_plan_check_ranks(&run->plan, check->request->ranks));
    if (check->knows_samples && !run->plan.in_place)
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
    if (run->settings.schedule && run->settings.data_is_sound) check_validation(check);
}

/* Reads the weights into a separate array to see which fit. */
static void check_init_from(nn_check *check)
{
    nn_run *run = &check->run;
    nn_real *weights = NULL;
    if (!nn_settings_init_given(&run->settings.init_from) || check->resumes ||
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

/* The network as its layers are written, and with all of its derivatives. */
static void check_gradients(nn_check *check)
{
    nn_run *run = &check->run;
    nn_model *model = NULL;
    if (!check_configuration(check)) return;
    check_data(check);
    if (check->forecast->problem_count > 0 || !run->data) return;
    run->settings.model.network.unfused = run->settings.model.network.input_gradient = true;
    if (nn_check_collect(check,
                         nn_heads_model(&run->settings.model, run->data, NN_GRADIENTS_SAMPLES, &model)))
        nn_check_collect(check, nn_gradients_compare(model, (uint64_t)run->settings.training.seed,
                                                     check->request->gradients));
}

static void check_parts(nn_check *check)
{
    nn_run *run = &check->run;
    nn_forecast *forecast = check->forecast;
    if (check->request->gradients) {
        check_gradients(check);
        return;
    }
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
    if (check->request->brief || run->plan.in_place) return; /* the program decides what a run needs */
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
