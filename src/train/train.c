#include "train/train.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "config/config.h"
#include "store/kept.h"
#include "store/store.h"
#include "train/engine.h"
#include "train/host.h"

static const nn_engine *const engines[] = {
    [NN_SCALAR_F32] = &nn_engine_f32, [NN_SCALAR_F64] = &nn_engine_f64};

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

static nn_status choose_from_config(const nn_job *job, nn_scalar *scalar, uint64_t *hash)
{
    nn_config *config = NULL;
    NN_TRY(nn_config_load(job->config_path, job->overrides, job->override_count, &config));
    *scalar = nn_job_scalar(config);
    nn_status status = choose_hash(config, job, hash);
    nn_config_destroy(config);
    return status;
}

nn_status nn_train_job(nn_comm *comm, const nn_job *job, nn_train_result *result)
{
    nn_scalar scalar = NN_SCALAR_F32;
    nn_train_result unused;
    uint64_t hash = 0;
    bool same = true;
    NN_TRY(nn_comm_agree(comm, choose_from_config(job, &scalar, &hash)));
    NN_TRY(nn_comm_same(comm, hash, &same));
    if (!same)
        NN_FAIL(NN_ERROR_USAGE,
                "the ranks read different configurations from %s, or were given different arguments: start "
                "all with the "
                "same command, and see that the file and each ${VAR} in it are the same on all nodes",
                job->config_path);
    return engines[scalar]->train(comm, job, result ? result : &unused);
}

/* The precision of a checkpoint, or of a file of a step with NaN or Inf. */
static nn_status choose_from_checkpoint(const char *run_or_checkpoint, nn_scalar *scalar)
{
    char path[NN_PATH_SIZE], *precision = NULL;
    void *bytes = NULL;
    size_t size = 0;
    nn_store_file *file = NULL;
    nn_status status;
    NN_TRY_TO(done, status, nn_kept_find(run_or_checkpoint, path, &bytes, &size));
    NN_TRY_TO(done, status, nn_store_open_image(bytes, size, path, &file));
    NN_TRY_TO(done, status, nn_store_read_text(file, "@precision", &precision));
    *scalar = nn_scalar_named(precision);
done:
    nn_store_close(file);
    nn_free(precision);
    nn_free(bytes);
    return status;
}

/* The same on all ranks. Collective. */
static nn_status choose_for_all(nn_comm *comm, const char *run_or_checkpoint, const nn_engine **engine)
{
    nn_scalar scalar = NN_SCALAR_F32;
    nn_status status = nn_comm_rank(comm) == 0 ? choose_from_checkpoint(run_or_checkpoint, &scalar) : NN_OK;
    NN_TRY(nn_comm_agree(comm, status));
    NN_TRY(nn_comm_broadcast(comm, &scalar, sizeof scalar, 0));
    *engine = engines[scalar];
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

nn_status nn_replay_job(const char *path, const char *precision)
{
    nn_scalar scalar = NN_SCALAR_F32;
    if (precision) scalar = nn_scalar_named(precision);
    if (precision && strcmp(nn_scalar_name(scalar), precision) != 0)
        NN_FAIL(NN_ERROR_USAGE, "--precision: %s is neither float32 nor float64", precision);
    if (!precision) NN_TRY(choose_from_checkpoint(path, &scalar));
    return engines[scalar]->replay(path);
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
