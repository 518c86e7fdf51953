/* From a precision to its engine. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "rundir/files.h"
#include "settings/settings_data.h"
#include "store/store.h"
#include "train/engine.h"
#include "train/host.h"

static const nn_engine *const engines[] = {&nn_engine_f32, &nn_engine_f64};

/* The engine of that name; the first one where it is NULL or unknown (which reading the options then
 * reports). */
static const nn_engine *choose_engine(const char *precision)
{
    for (size_t i = 0; precision && i < sizeof engines / sizeof *engines; i++)
        if (strcmp(nn_scalar_name(engines[i]->scalar), precision) == 0) return engines[i];
    return engines[0];
}

/* What all ranks must have been given alike: the configuration as read, and the run directory. */
static nn_status choose_hash(const nn_config *config, const nn_job *job, uint64_t *hash)
{
    nn_text text = {0};
    nn_status status = NN_OK;
    nn_config_emit(config, &text);
    nn_text_append(&text, "%s\n%d\n", job->run_directory, job->fresh);
    *hash = nn_hash(text.bytes ? text.bytes : "", text.length, 0);
    if (text.failed) status = nn_fail(NN_ERROR_MEMORY, "no memory to compare the configuration");
    nn_text_free(&text);
    return status;
}

static nn_status choose_from_config(const nn_job *job, const nn_engine **engine, uint64_t *hash)
{
    nn_config *config = NULL;
    NN_TRY(nn_config_load(job->config_path, job->overrides, job->override_count, &config));
    nn_config_node *training = nn_config_get(nn_config_root(config), "training");
    nn_config_node *precision = nn_config_get(training, "precision");
    *engine = choose_engine(precision ? nn_config_text(precision) : NULL);
    nn_status status = choose_hash(config, job, hash);
    nn_config_destroy(config);
    return status;
}

void nn_job_folder(const char *config_path, char *folder)
{
    const char *slash = strrchr(config_path, '/');
    char path[NN_PATH_SIZE], *real;
    snprintf(path, sizeof path, "%.*s", slash ? (int)(slash - config_path + 1) : 1,
             slash ? config_path : ".");
    real = realpath(path, NULL);
    snprintf(folder, NN_PATH_SIZE, "%s", real ? real : path);
    free(real);
}

nn_status nn_job_files(const nn_job *job, nn_text_list *files)
{
    nn_config *config = NULL;
    nn_data_options data = {0};
    char folder[NN_PATH_SIZE];
    *files = (nn_text_list){0};
    NN_TRY(nn_config_load(job->config_path, job->overrides, job->override_count, &config));
    nn_settings_read_data(config, nn_config_root(config), &data);
    nn_job_folder(job->config_path, folder);
    nn_status status = nn_data_files(&data, folder, files);
    nn_data_options_release(&data);
    nn_config_destroy(config);
    return status;
}

nn_status nn_listed_files(const nn_text_list *names, nn_text_list *files)
{
    char *name = (char *)(uintptr_t) "x"; /* any will do: no file is opened */
    nn_data_options options = {.file = *names};
    options.parts[NN_TRAIN].x = (nn_data_names){.count = 1, .names = {name}, .datasets = {name}};
    options.parts[NN_TRAIN].y = options.parts[NN_TRAIN].x;
    return nn_data_files(&options, "", files);
}

nn_status nn_train_job(nn_comm *comm, const nn_job *job, nn_train_result *result)
{
    const nn_engine *engine = engines[0];
    nn_train_result unused;
    uint64_t hash = 0;
    bool same = true;
    NN_TRY(nn_comm_agree(comm, choose_from_config(job, &engine, &hash)));
    NN_TRY(nn_comm_same(comm, hash, &same));
    if (!same)
        NN_FAIL(NN_ERROR_USAGE,
                "the ranks read different configurations from %s, or were given different arguments: start "
                "all with the "
                "same command, and see that the file and each ${VAR} in it are the same on all nodes",
                job->config_path);
    return engine->train(comm, job, result ? result : &unused);
}

const nn_engine *nn_job_engine(const nn_job *job)
{
    const nn_engine *engine = engines[0];
    uint64_t hash = 0;
    if (choose_from_config(job, &engine, &hash) != NN_OK) nn_error_clear();
    return engine;
}

static nn_status choose_from_checkpoint(const char *run_or_checkpoint, int *index)
{
    char path[NN_PATH_SIZE], *precision = NULL;
    void *bytes = NULL;
    size_t size = 0;
    nn_store_file *file = NULL;
    nn_status status;
    NN_TRY_TO(done, status, nn_saved_find(run_or_checkpoint, path, &bytes, &size));
    NN_TRY_TO(done, status, nn_store_open_image(bytes, size, path, &file));
    NN_TRY_TO(done, status, nn_store_read_text(file, "@precision", &precision));
    *index = choose_engine(precision) == engines[1];
done:
    nn_store_close(file);
    nn_free(precision);
    nn_free(bytes);
    return status;
}

nn_status nn_saved_files(const char *run_or_checkpoint, nn_text_list *files)
{
    char path[NN_PATH_SIZE], *text = NULL, *folder = NULL;
    void *bytes = NULL;
    size_t size = 0;
    nn_store_file *file = NULL;
    nn_config *config = NULL;
    nn_data_options data = {0};
    nn_status status;
    *files = (nn_text_list){0};
    NN_TRY_TO(done, status, nn_saved_find(run_or_checkpoint, path, &bytes, &size));
    NN_TRY_TO(done, status, nn_store_open_image(bytes, size, path, &file));
    NN_TRY_TO(done, status, nn_store_read_text(file, "config", &text));
    NN_TRY_TO(done, status, nn_store_read_text(file, "@data_folder", &folder));
    NN_TRY_TO(done, status, nn_config_parse(text, path, NULL, 0, &config));
    nn_settings_read_data(config, nn_config_root(config), &data);
    status = nn_data_files(&data, folder, files);
done:
    nn_data_options_release(&data);
    nn_config_destroy(config);
    nn_store_close(file);
    nn_free(folder);
    nn_free(text);
    nn_free(bytes);
    return status;
}

/* The engine of a checkpoint's precision, on all ranks. */
static nn_status choose_for_all(nn_comm *comm, const char *run_or_checkpoint, const nn_engine **engine)
{
    int index = 0;
    nn_status status = nn_comm_rank(comm) == 0 ? choose_from_checkpoint(run_or_checkpoint, &index) : NN_OK;
    NN_TRY(nn_comm_agree(comm, status));
    NN_TRY(nn_comm_broadcast(comm, &index, sizeof index, 0));
    *engine = engines[index];
    return NN_OK;
}

nn_status nn_evaluate_job(nn_comm *comm, const nn_evaluation *evaluation)
{
    const nn_engine *engine;
    NN_TRY(choose_for_all(comm, evaluation->run_or_checkpoint, &engine));
    return engine->evaluate(comm, evaluation);
}

nn_status nn_predict_job(nn_comm *comm, const nn_prediction *prediction)
{
    const nn_engine *engine;
    NN_TRY(choose_for_all(comm, prediction->run_or_checkpoint, &engine));
    return engine->predict(comm, prediction);
}

nn_status nn_check_checkpoint(nn_store_file *file, nn_verify_report report, void *context)
{
    char *precision = NULL;
    NN_TRY(nn_store_read_text(file, "@precision", &precision));
    const nn_engine *engine = choose_engine(precision);
    nn_free(precision);
    return engine->verify(file, report, context);
}

nn_status nn_replay_job(const char *path, const char *precision)
{
    int index = 0;
    if (!precision) {
        NN_TRY(choose_from_checkpoint(path, &index));
        return engines[index]->replay(path);
    }
    const nn_engine *engine = choose_engine(precision);
    if (strcmp(nn_scalar_name(engine->scalar), precision) != 0)
        NN_FAIL(NN_ERROR_USAGE, "--precision: %s is neither float32 nor float64", precision);
    return engine->replay(path);
}

nn_status nn_train_on_handle(int communicator, const char *config_path, const char *run_directory,
                             const char *const *overrides, size_t override_count, nn_train_result *result)
{
    nn_comm *comm = NULL;
    nn_job job = {.config_path = config_path,
                  .overrides = overrides,
                  .override_count = override_count,
                  .run_directory = run_directory};
    nn_host host;
    NN_TRY(nn_comm_create_from_handle(communicator, &comm));
    nn_host_enter(comm, &host);
    nn_status status = nn_train_job(comm, &job, result);
    nn_host_leave(&host);
    nn_comm_destroy(comm);
    return status;
}
