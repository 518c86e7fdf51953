/* Samples that stay where they are: data.in_place.local. In a step every rank computes on what it brought,
 * filled up to as many whole microbatches as the rank with the most samples needs. The microbatches of all
 * ranks are then shared out to the ranks that have them. What is filled up are copies of a sample, which
 * count neither in the loss nor in metrics (NN_IN_PLACE_COPY). */
#include <string.h>

#include "base/least.h"
#include "base/memory.h"
#include "train/trainer.h"

/* Microbatches of the rank that brought the most. */
static int64_t local_most(const nn_trainer *trainer)
{
    int64_t most = 0, size = trainer->run.plan.microbatch_size;
    for (int r = 0; r < nn_comm_size(trainer->comm); r++)
        most = nn_larger(most, (trainer->headers[r].samples + size - 1) / size);
    return most;
}

static nn_status local_check(const nn_trainer *trainer, int64_t each)
{
    const nn_plan *plan = &trainer->run.plan;
    int size = nn_comm_size(trainer->comm);
    if (each * size <= plan->microbatches) return NN_OK;
    NN_FAIL(NN_ERROR_USAGE,
            "nn_trainer_step: with data.in_place.local every rank takes as many microbatches of %lld as the "
            "rank with the most samples, %lld, which is %lld samples for %d ranks, and training.batch_size "
            "is %lld: raise it to that, or bring fewer",
            (long long)plan->microbatch_size, (long long)each,
            (long long)(each * size * plan->microbatch_size), size, (long long)plan->batch_size);
}

/* A record for ranks that brought none: the first one of the first rank that brought any. Collective. */
static nn_status local_find_copy(const nn_trainer *trainer, unsigned char *copy)
{
    int size = nn_comm_size(trainer->comm), first = 0;
    bool all = true;
    size_t record = nn_in_place_record(trainer->run.data);
    for (int r = 0; r < size; r++) all &= trainer->headers[r].samples > 0;
    while (trainer->headers[first].samples == 0) first++;
    if (trainer->headers[nn_comm_rank(trainer->comm)].samples > 0) memcpy(copy, trainer->packed, record);
    return all ? NN_OK : nn_comm_broadcast(trainer->comm, copy, record, first);
}

nn_status nn_trainer_fill_up(nn_trainer *trainer)
{
    int rank = nn_comm_rank(trainer->comm), size = nn_comm_size(trainer->comm);
    int64_t each = local_most(trainer), brought = trainer->headers[rank].samples;
    int64_t samples = each * trainer->run.plan.microbatch_size;
    size_t record = nn_in_place_record(trainer->run.data);
    unsigned char *copy = NULL;
    const double mark = NN_IN_PLACE_COPY;
    nn_status status;
    if (!trainer->run.settings.data.in_place.local) return NN_OK;
    NN_TRY(nn_comm_agree(trainer->comm, local_check(trainer, each)));
    status = nn_reallocate((void **)&trainer->packed, (size_t)brought, (size_t)samples, record,
                           "samples of the program");
    if (status == NN_OK) status = nn_allocate((void **)&copy, 1, record, "a sample");
    NN_TRY_TO(done, status, nn_comm_agree(trainer->comm, status));
    NN_TRY_TO(done, status, local_find_copy(trainer, copy));
    memcpy(copy + record - sizeof mark, &mark, sizeof mark);
    for (int64_t s = brought; s < samples; s++) memcpy(trainer->packed + (size_t)s * record, copy, record);
    for (int r = 0; r < size; r++) {
        trainer->headers[r].samples = samples;
        trainer->first[r] = r * samples;
    }
    trainer->total = size * samples;
done:
    nn_free(copy);
    return status;
}
