/* Trainers: making and releasing them, and what surrounds their calls. */
#include "train/trainer.h"

#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "host/pulse.h"
#include "nn/network.h"
#include "rundir/status_line.h"
#include "train/setup.h"
#include "train/train.h"

/* ---- calls ---- */

const char *nn_trainer_operation_name(int64_t operation)
{
    static const char *const names[] = {
        [NN_TRAINER_STEP] = "nn_trainer_step", [NN_TRAINER_EVALUATE] = "nn_trainer_evaluate",
        [NN_TRAINER_SAVE] = "nn_trainer_save", [NN_TRAINER_LOAD] = "nn_trainer_load",
        [NN_TRAINER_COPY] = "nn_trainer_copy", [NN_TRAINER_DESTROY] = "nn_trainer_destroy"};
    return names[operation];
}

nn_status nn_trainer_enter(nn_trainer *trainer)
{
    if (!trainer) NN_FAIL(NN_ERROR_USAGE, "the trainer is NULL; make one with nn_trainer_create");
    if (trainer->failed != NN_OK)
        NN_FAIL(
            trainer->failed,
            "the trainer failed before and cannot be used any more; destroy it, make another one and load "
            "a checkpoint; the failure was: %s",
            trainer->failure.bytes ? trainer->failure.bytes : "");
    nn_host_resume(trainer->comm, &trainer->host);
    nn_watchdog_set_idle(trainer->run.watchdog, false);
    return NN_OK;
}

nn_status nn_trainer_leave(nn_trainer *trainer, nn_status status)
{
    if (status != NN_OK && !nn_comm_has_agreed(trainer->comm)) nn_comm_abort(trainer->comm, status);
    nn_watchdog_set_idle(trainer->run.watchdog, true);
    nn_host_leave(&trainer->host);
    return status;
}

nn_status nn_trainer_spoil(nn_trainer *trainer, nn_status status)
{
    if (status == NN_OK || status == NN_ERROR_NONFINITE) return status;
    trainer->failed = status;
    nn_text_append(&trainer->failure, "%s", nn_error_text());
    return status;
}

/* ---- meeting ---- */

static nn_status trainer_compare(const nn_trainer *trainer)
{
    const nn_trainer_header *headers = trainer->headers;
    for (int r = 1; r < nn_comm_size(trainer->comm); r++) {
        if (headers[r].operation != headers[0].operation)
            NN_FAIL(
                NN_ERROR_USAGE,
                "the ranks call different functions: rank %lld %s, rank %lld %s; all of them make the same "
                "calls in the same order",
                (long long)headers[0].given_rank, nn_trainer_operation_name(headers[0].operation),
                (long long)headers[r].given_rank, nn_trainer_operation_name(headers[r].operation));
        if (headers[r].argument != headers[0].argument)
            NN_FAIL(NN_ERROR_USAGE, "%s: rank %lld has another argument than rank %lld",
                    nn_trainer_operation_name(headers[0].operation), (long long)headers[r].given_rank,
                    (long long)headers[0].given_rank);
    }
    return NN_OK;
}

/* Batches are in the order of the caller's ranks, which may be numbered otherwise here. */
static void trainer_find_places(nn_trainer *trainer)
{
    int size = nn_comm_size(trainer->comm);
    const nn_trainer_header *headers = trainer->headers;
    int64_t *of_given = trainer->first + size; /* samples by given rank, then where they begin */
    for (int r = 0; r < size; r++) of_given[headers[r].given_rank] = headers[r].samples;
    trainer->total = 0;
    for (int g = 0; g < size; g++) {
        int64_t samples = of_given[g];
        of_given[g] = trainer->total;
        trainer->total += samples;
    }
    for (int r = 0; r < size; r++) trainer->first[r] = of_given[headers[r].given_rank];
}

nn_status nn_trainer_meet(nn_trainer *trainer, nn_trainer_operation operation, int64_t argument,
                          int64_t samples, nn_status status)
{
    nn_trainer_header own = {operation, status == NN_OK ? samples : 0, argument,
                             nn_comm_given_rank(trainer->comm)};
    NN_TRY(nn_comm_gather_equal(trainer->comm, &own, sizeof own, trainer->headers));
    NN_TRY(nn_comm_agree(trainer->comm, trainer_compare(trainer)));
    NN_TRY(nn_comm_agree(trainer->comm, status));
    trainer_find_places(trainer);
    return NN_OK;
}

/* ---- making ---- */

static nn_status trainer_allocate(nn_trainer *trainer, const char *config_path, const char *run_directory)
{
    int size = nn_comm_size(trainer->comm);
    if (!config_path || !*config_path)
        NN_FAIL(NN_ERROR_USAGE, "no configuration was given; pass the path of one with data.in_place");
    NN_TRY(nn_copy_text(config_path, &trainer->config_path));
    if (run_directory) NN_TRY(nn_copy_text(run_directory, &trainer->run_directory));
    NN_TRY(NN_ALLOCATE(&trainer->headers, size, "the calls of all ranks"));
    return NN_ALLOCATE(&trainer->first, 2 * size, "the calls of all ranks");
}

static nn_status trainer_open(nn_trainer *trainer, const char *config_path, const char *run_directory,
                              const char *const *overrides, size_t override_count)
{
    NN_TRY(nn_comm_agree(trainer->comm, trainer_allocate(trainer, config_path, run_directory)));
    trainer->job = (nn_job){.config_path = trainer->config_path,
                            .overrides = overrides,
                            .override_count = override_count,
                            .files = &trainer->files,
                            .run_directory = trainer->run_directory,
                            .fresh = run_directory == NULL,
                            .in_place = true};
    NN_TRY(nn_train_agree(trainer->comm, &trainer->job));
    trainer->opened = true;
    NN_TRY(nn_setup_open(trainer->comm, &trainer->job, &trainer->run));
    trainer->job.overrides = NULL;
    trainer->job.override_count = 0;
    trainer->scaled = !nn_in_place_measures(trainer->run.data) || trainer->run.state.step > 0;
    return NN_OK;
}

/* Collective. */
static void trainer_release(nn_trainer *trainer)
{
    nn_trainer_forget_predictor(trainer);
    if (trainer->opened && trainer->run_directory)
        nn_status_line_end(&trainer->run.directory, nn_comm_host(trainer->comm), trainer->failed,
                           "trained in place by another program, which has ended it");
    if (trainer->opened) nn_setup_close(&trainer->run);
    nn_config_files_release(&trainer->files);
    nn_free(trainer->config_path);
    nn_free(trainer->run_directory);
    nn_text_free(&trainer->failure);
    nn_free(trainer->headers);
    nn_free(trainer->first);
    nn_free(trainer->packed);
    nn_free(trainer->records);
    nn_free(trainer->kept);
    nn_free(trainer);
}

nn_status nn_trainer_create_on_handle(int communicator, const char *config_path, const char *run_directory,
                                      const char *const *overrides, size_t override_count,
                                      nn_trainer **trainer)
{
    nn_comm *comm = NULL;
    nn_trainer *made = NULL;
    nn_host host;
    if (!trainer) NN_FAIL(NN_ERROR_USAGE, "trainer is NULL: pass the address of an nn_trainer pointer");
    *trainer = NULL;
    NN_TRY(nn_comm_create_from_handle(communicator, &comm));
    nn_host_enter(comm, &host);
    nn_status status = nn_comm_agree(comm, NN_ALLOCATE(&made, 1, "a trainer"));
    if (status == NN_OK) {
        made->comm = comm;
        status = nn_train_expect_libraries(comm);
        if (status == NN_OK)
            status = trainer_open(made, config_path, run_directory, overrides, override_count);
        if (status != NN_OK && !nn_comm_has_agreed(comm)) nn_comm_abort(comm, status);
        nn_watchdog_set_idle(made->run.watchdog, true);
    }
    if (status != NN_OK && made && made->comm) {
        made->failed = status;
        trainer_release(made);
        made = NULL;
    }
    if (status != NN_OK) nn_free(made);
    nn_host_leave(&host);
    if (status != NN_OK)
        nn_comm_destroy(comm);
    else
        *trainer = made;
    return status;
}

nn_status nn_trainer_destroy(nn_trainer *trainer)
{
    if (!trainer) return NN_OK;
    nn_comm *comm = trainer->comm;
    nn_host host;
    nn_host_resume(comm, &host);
    nn_watchdog_set_idle(trainer->run.watchdog, false);
    nn_status status = nn_trainer_meet(trainer, NN_TRAINER_DESTROY, 0, 0, NN_OK);
    if (status != NN_OK && !nn_comm_has_agreed(comm)) nn_comm_abort(comm, status);
    if (status != NN_OK)
        nn_watchdog_set_idle(trainer->run.watchdog, true);
    else
        trainer_release(trainer);
    nn_host_leave(&host);
    if (status == NN_OK) nn_comm_destroy(comm);
    return status;
}

/* ---- questions ---- */

size_t nn_trainer_input_number(const nn_trainer *trainer)
{
    return trainer ? (size_t)nn_in_place_count(trainer->run.data, true) : 0;
}

size_t nn_trainer_target_number(const nn_trainer *trainer)
{
    return trainer ? (size_t)nn_in_place_count(trainer->run.data, false) : 0;
}

const char *nn_trainer_metric_name(const nn_trainer *trainer, size_t metric)
{
    const nn_model *model = trainer ? trainer->run.model : NULL;
    for (int m = 0; model && m < model->metric_count; m++)
        if (!model->metrics[m].extra && metric-- == 0) return model->metrics[m].name;
    return NULL;
}

int64_t nn_trainer_steps(const nn_trainer *trainer)
{
    return trainer ? trainer->run.state.step : 0;
}

uint64_t nn_trainer_fingerprint(const nn_trainer *trainer)
{
    if (!trainer) return 0;
    return nn_network_fingerprint(trainer->run.model->network,
                                  nn_reduction_weights(trainer->run.stepper->reduction));
}
