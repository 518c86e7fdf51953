/* Many messages at the same time. */
#include "comm/messages.h"

/* Other than those of comm_data.c, on the same communicator. */
#define EXCHANGE_TAG 4

static size_t exchange_pieces(const nn_comm_part *parts, size_t count)
{
    size_t pieces = 0;

    for (size_t i = 0; i < count; i++) pieces += nn_messages_pieces(parts[i].size);
    return pieces;
}

static nn_status exchange_run(nn_messages *messages, const nn_comm_part *sends, size_t send_count,
                              const nn_comm_part *receives, size_t receive_count)
{
    for (size_t i = 0; i < receive_count; i++) {
        const nn_comm_part *part = &receives[i];
        NN_TRY(nn_messages_receive(messages, part->bytes, part->size, part->rank, EXCHANGE_TAG));
    }
    for (size_t i = 0; i < send_count; i++) {
        const nn_comm_part *part = &sends[i];
        NN_TRY(nn_messages_send(messages, part->bytes, part->size, part->rank, EXCHANGE_TAG));
    }
    return nn_messages_wait(messages);
}

nn_status nn_comm_exchange(nn_comm *comm, const nn_comm_part *sends, size_t send_count,
                           const nn_comm_part *receives, size_t receive_count)
{
    size_t pieces = exchange_pieces(sends, send_count) + exchange_pieces(receives, receive_count);
    nn_messages messages;
    nn_status status;

    if (pieces == 0) return NN_OK;
    NN_TRY(nn_messages_create(comm->job, pieces, &messages));
    status = exchange_run(&messages, sends, send_count, receives, receive_count);
    nn_messages_release(&messages);
    return status;
}
