#include "train/train.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "config/config.h"
#include "config/loaded_files.h"
#include "config/yaml_library.h"
#include "store/kept.h"
#include "store/store.h"
#include "train/host.h"
#include "train/loop.h"
#include "train/lr_range.h"

/* Longest error text that is sent. */
#define TRAIN_ERROR_TEXT 16384

/* What must be the same on all ranks: the configuration as read, the run directory, and the options that
 * decide which collective calls follow. */
static nn_status train_hash(const nn_config *config, const nn_job *job, uint64_t *hash)
{
    nn_text text = {0};
    nn_status status = NN_OK;
    nn_config_emit(config, &text);
    nn_text_append(&text, "%s\n%d\n%d\n%d\n", job->run_directory ? job->run_directory : "", job->fresh,
                   job->profile, job->trace != NULL);
    *hash = nn_hash(text.bytes ? text.bytes : "", text.length, 0);
    if (text.failed) status = nn_fail(NN_ERROR_MEMORY, "out of memory for comparing the configuration");
    nn_text_free(&text);
    return status;
}

static nn_status train_hash_job(const nn_job *job, uint64_t *hash)
{
    nn_config *config = NULL;
    NN_TRY(nn_config_load_files(job->files, job->config_path, job->overrides, job->override_count, &config));
    nn_status status = train_hash(config, job, hash);
    nn_config_destroy(config);
    return status;
}

/* Reads the files of the configuration, as rank 0 does for all. */
static nn_status train_read_own(const nn_job *job)
{
    nn_config *config = NULL;
    nn_status status =
        nn_config_load_files(job->files, job->config_path, job->overrides, job->override_count, &config);
    nn_config_destroy(config);
    return status;
}

/* All ranks get the bytes of the files, or the failure. */
static nn_status train_read_files(nn_comm *comm, const nn_job *job)
{
    char text[TRAIN_ERROR_TEXT] = "";
    bool reads = nn_comm_rank(comm) == 0;
    nn_status status = reads ? train_read_own(job) : NN_OK;
    NN_TRY(nn_comm_broadcast(comm, &status, sizeof status, 0));
    if (status == NN_ERROR_MEMORY) return nn_comm_agree(comm, reads ? status : NN_OK);
    if (status != NN_OK) {
        if (reads) snprintf(text, sizeof text, "%s", nn_error_text());
        NN_TRY(nn_comm_broadcast(comm, text, sizeof text, 0));
        return nn_comm_agree(comm, nn_fail(status, "%s", text));
    }
    size_t size = job->files->size;
    NN_TRY(nn_comm_broadcast(comm, &size, sizeof size, 0));
    if (!reads) status = NN_ALLOCATE(&job->files->bytes, size, "a configuration file");
    NN_TRY(nn_comm_agree(comm, status));
    job->files->size = size;
    return nn_comm_broadcast(comm, job->files->bytes, size, 0);
}

nn_status nn_train_agree(nn_comm *comm, const nn_job *job)
{
    uint64_t hash = 0;
    bool same = true;
    NN_TRY(train_read_files(comm, job));
    NN_TRY(nn_comm_agree(comm, train_hash_job(job, &hash)));
    NN_TRY(nn_comm_same(comm, hash, &same));
    if (!same)
        return nn_comm_agree(
            comm, nn_fail(NN_ERROR_USAGE,
                          "the ranks have different configurations from %s, or were given different "
                          "arguments: start all of them with the same command, and make sure that each "
                          "${VAR} in the file is the same on all nodes",
                          job->config_path));
    return NN_OK;
}

nn_status nn_train_job(nn_comm *comm, const nn_job *job, nn_train_result *result)
{
    nn_train_result unused;
    nn_config_files files = {0};
    nn_job with_files = *job;
    with_files.files = &files;
    nn_status status = nn_train_agree(comm, &with_files);
    if (status == NN_OK) status = nn_loop_train(comm, &with_files, result ? result : &unused);
    nn_config_files_release(&files);
    return status;
}

nn_status nn_train_lr_range(nn_comm *comm, const nn_lr_range_request *request, nn_lr_range *range)
{
    nn_config_files files = {0};
    nn_job with_files = *request->job;
    with_files.files = &files;
    *range = (nn_lr_range){0};
    nn_status status = nn_train_agree(comm, &with_files);
    if (status == NN_OK) status = nn_lr_range_run(comm, &with_files, request, range);
    nn_config_files_release(&files);
    return status;
}

nn_status nn_train_expect_libraries(nn_comm *comm)
{
    NN_TRY(nn_comm_agree(comm, nn_store_expect_library()));
    return nn_comm_agree(comm, nn_config_expect_library());
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
    nn_status status = nn_train_expect_libraries(comm);
    if (status == NN_OK) status = nn_train_job(comm, &job, result);
    nn_host_leave(&host);
    nn_comm_destroy(comm);
    return status;
}
