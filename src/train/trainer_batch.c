/* The batch of a call: samples travel from the ranks that brought them to those that compute on them. */
#include <string.h>

#include "base/least.h"
#include "base/memory.h"
#include "base/tree.h"
#include "train/trainer.h"

static nn_trainer_range batch_common(nn_trainer_range a, nn_trainer_range b)
{
    nn_trainer_range common = {nn_larger(a.begin, b.begin), nn_smaller(a.end, b.end)};
    if (common.end < common.begin) common.end = common.begin;
    return common;
}

/* What a rank has brought. */
static nn_trainer_range batch_brought(const nn_trainer *trainer, int rank)
{
    int64_t first = trainer->first[rank];
    return (nn_trainer_range){first, first + trainer->headers[rank].samples};
}

static nn_comm_part batch_part(unsigned char *records, int64_t origin, nn_trainer_range range, size_t record,
                               int rank)
{
    return (nn_comm_part){records + (size_t)(range.begin - origin) * record,
                          (size_t)(range.end - range.begin) * record, rank};
}

/* Lists what goes to, and comes from, each other rank. */
static void batch_list(nn_trainer *trainer, nn_trainer_wish *wish, const void *context, unsigned char *to,
                       nn_comm_part *sends, size_t *send_count, nn_comm_part *receives, size_t *receive_count)
{
    size_t record = nn_in_place_record(trainer->run.data);
    int own = nn_comm_rank(trainer->comm);
    nn_trainer_range brought = batch_brought(trainer, own), wanted = wish(trainer, context, own);
    *send_count = *receive_count = 0;
    for (int r = 0; r < nn_comm_size(trainer->comm); r++) {
        nn_trainer_range out = batch_common(brought, wish(trainer, context, r));
        nn_trainer_range in = batch_common(batch_brought(trainer, r), wanted);
        if (r == own) {
            if (out.begin < out.end)
                memcpy(to + (size_t)(out.begin - wanted.begin) * record,
                       trainer->packed + (size_t)(out.begin - brought.begin) * record,
                       (size_t)(out.end - out.begin) * record);
            continue;
        }
        if (out.begin < out.end)
            sends[(*send_count)++] = batch_part(trainer->packed, brought.begin, out, record, r);
        if (in.begin < in.end) receives[(*receive_count)++] = batch_part(to, wanted.begin, in, record, r);
    }
}

nn_status nn_trainer_move(nn_trainer *trainer, nn_trainer_wish *wish, const void *context, unsigned char *to)
{
    int size = nn_comm_size(trainer->comm);
    nn_comm_part *sends = NULL, *receives = NULL;
    size_t send_count, receive_count;
    nn_status status = NN_ALLOCATE(&sends, size, "the exchange of samples");
    if (status == NN_OK) status = NN_ALLOCATE(&receives, size, "the exchange of samples");
    NN_TRY_TO(done, status, nn_comm_agree(trainer->comm, status));
    batch_list(trainer, wish, context, to, sends, &send_count, receives, &receive_count);
    status = nn_comm_exchange(trainer->comm, sends, send_count, receives, receive_count,
                              (nn_comm_meanwhile){NULL, NULL});
done:
    nn_free(sends);
    nn_free(receives);
    return status;
}

/* The samples of the microbatches that a rank has. */
static nn_trainer_range batch_share(const nn_trainer *trainer, const void *context, int rank)
{
    const nn_shares *shares = context;
    nn_tree_node share = nn_shares_of(shares, rank);
    if (share.begin == share.end) return (nn_trainer_range){0, 0};
    return (nn_trainer_range){nn_tree_leaf_samples(trainer->total, shares->leaves, share.begin).begin,
                              nn_tree_leaf_samples(trainer->total, shares->leaves, share.end - 1).end};
}

nn_status nn_trainer_deal(nn_trainer *trainer, const nn_shares *shares)
{
    nn_dataset *data = trainer->run.data;
    nn_trainer_range range = batch_share(trainer, shares, nn_comm_rank(trainer->comm));
    int64_t count = range.end - range.begin;
    nn_free(trainer->records);
    trainer->records = NULL;
    nn_status status = nn_allocate((void **)&trainer->records, (size_t)count + 1, nn_in_place_record(data),
                                   "the samples of a batch");
    NN_TRY(nn_comm_agree(trainer->comm, status));
    NN_TRY(nn_trainer_move(trainer, batch_share, shares, trainer->records));
    return nn_comm_agree(trainer->comm,
                         nn_in_place_set(data, trainer->total, range.begin, count, trainer->records));
}
