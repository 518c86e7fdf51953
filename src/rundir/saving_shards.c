#include "rundir/saving_shards.h"

#include <stdio.h>

#include "base/fault.h"
#include "base/memory.h"
#include "host/clock.h"
#include "rundir/manifest.h"
#include "rundir/saving_report.h"

/* ---- the beginning of a save ---- */

static void shards_start_own(nn_rundir *directory, int64_t step, void *bytes, size_t size)
{
    const nn_shards *shards = directory->shards;
    const nn_manifest_shard shard = {.step = step, .index = shards->own, .count = shards->count};
    char path[NN_PATH_SIZE];
    nn_manifest_shard_path(directory->path, &shard, path);
    nn_shard_writer_start(directory->shard_writer, path, bytes, size);
}

/* The files that list the shards: of the checkpoint, and of the best weights, which are in another folder. */
static nn_status shards_build_mains(const nn_rundir *directory, const nn_checkpoint_parts *parts,
                                    nn_write_job *job)
{
    const nn_shards *shards = directory->shards;
    NN_TRY(nn_checkpoint_build_main(parts, shards, job->shards, "", &job->bytes, &job->size));
    if (!job->best) return NN_OK;
    return nn_checkpoint_build_main(parts, shards, job->shards, NN_KEPT_FOLDER "/", &job->best_bytes,
                                    &job->best_size);
}

static nn_status shards_build(const nn_rundir *directory, const nn_checkpoint_parts *parts, nn_write_job *job,
                              void **bytes, size_t *size)
{
    nn_comm *comm = parts->stepper->comm;
    const nn_shards *shards = directory->shards;
    bool first = nn_comm_rank(comm) == 0;
    *bytes = NULL;
    nn_status status = first ? NN_ALLOCATE(&job->shards, shards->count, "the shards of a checkpoint") : NN_OK;
    NN_TRY(nn_comm_agree(comm, status));
    job->shard_count = shards->count;
    NN_TRY(nn_shards_build(parts, shards, bytes, size, job->shards));
    status = shards_build_mains(directory, parts, job);
    if (status != NN_OK) {
        nn_free(*bytes);
        *bytes = NULL;
    }
    return status;
}

nn_status nn_saving_start_shards(nn_rundir *directory, const nn_checkpoint_parts *parts, bool regular,
                                 unsigned best, nn_status *status)
{
    nn_write_job job = {.step = parts->state->step, .regular = regular, .best = best};
    void *bytes = NULL;
    size_t size = 0;
    *status = shards_build(directory, parts, &job, &bytes, &size);
    if (*status != NN_OK) {
        nn_write_job_release(&job);
        return nn_comm_has_agreed(parts->stepper->comm) ? NN_OK : *status;
    }
    if (bytes) shards_start_own(directory, job.step, bytes, size);
    directory->pending.active = true;
    directory->pending.job = job;
    return NN_OK;
}

/* ---- its end ---- */

unsigned nn_saving_says(const nn_rundir *directory)
{
    return nn_shard_writer_is_busy(directory->shard_writer) ? NN_REQUEST_WRITING : 0;
}

/* On rank 0. What has been written of it is of no use. */
static void shards_have_failed(nn_rundir *directory, const nn_checkpoint_parts *parts, nn_write_job *job)
{
    unsigned failed = (job->regular ? NN_UNSAVED_CHECKPOINT : 0) | job->best * NN_UNSAVED_BEST;
    nn_write_outcome outcome = {.step = job->step, .tried = failed, .failed = failed};
    snprintf(outcome.problem, sizeof outcome.problem, "%s", nn_error_text());
    nn_writer_forget_best(directory->writer, job->best);
    nn_writer_remove_orphans(directory->writer, job->step);
    nn_write_job_release(job);
    nn_saving_take(directory, parts, &outcome);
}

/* On rank 0: the shards are there, or the recorded failure says why not. */
static void shards_have_ended(nn_rundir *directory, const nn_checkpoint_parts *parts, nn_status status)
{
    nn_write_job *job = &directory->pending.job;
    nn_fault("shards.complete", NULL, 0);
    if (status == NN_OK)
        nn_writer_start(directory->writer, job);
    else
        shards_have_failed(directory, parts, job);
}

static nn_status shards_finish(nn_rundir *directory, double *seconds)
{
    *seconds = 0;
    return directory->shard_writer ? nn_shard_writer_finish(directory->shard_writer, seconds) : NN_OK;
}

nn_status nn_saving_complete(nn_rundir *directory, const nn_checkpoint_parts *parts)
{
    nn_comm *comm = parts->stepper->comm;
    double seconds;
    if (!directory->pending.active) return NN_OK;
    NN_TRY(nn_stepper_settle(parts->stepper));
    nn_status status = nn_comm_agree(comm, shards_finish(directory, &seconds));
    if (status != NN_OK && !nn_comm_has_agreed(comm)) return status;
    directory->pending.active = false;
    if (nn_comm_rank(comm) == 0) shards_have_ended(directory, parts, status);
    nn_error_clear();
    int64_t slowest = (int64_t)(1e6 * seconds);
    NN_TRY(nn_comm_maximum(comm, &slowest, 1));
    directory->saving.seconds = directory->pending.paused + 1e-6 * (double)slowest;
    return NN_OK;
}

void nn_saving_abandon(nn_rundir *directory, const nn_checkpoint_parts *parts)
{
    nn_comm *comm = parts->stepper->comm;
    double seconds;
    if (!directory->pending.active) return;
    int64_t failed = shards_finish(directory, &seconds) != NN_OK;
    if (nn_comm_maximum(comm, &failed, 1) != NN_OK) return;
    directory->pending.active = false;
    if (nn_comm_rank(comm) != 0) return;
    nn_status status = failed ? nn_fail(NN_ERROR_IO, "a shard could not be written") : NN_OK;
    shards_have_ended(directory, parts, status);
}
