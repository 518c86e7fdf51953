/* Many messages at the same time. */
#include "comm/messages.h"

/* Other than those of comm_data.c, on the same communicator. */
#define EXCHANGE_TAG 3
/* Messages that need no allocation: statistics are exchanged many times in a step. */
#define EXCHANGE_FEW 16

static size_t exchange_pieces(const nn_comm_part *parts, size_t count)
{
    size_t pieces = 0;

    for (size_t i = 0; i < count; i++) pieces += nn_messages_pieces(parts[i].size);
    return pieces;
}

static nn_status exchange_await(nn_messages *messages, nn_comm_meanwhile meanwhile)
{
    bool done = false;
    unsigned turns = 0;

    for (;;) {
        NN_TRY(nn_messages_test(messages, 0, messages->count, &done));
        if (done) return NN_OK;
        if (meanwhile.run) NN_TRY(meanwhile.run(meanwhile.context));
        NN_TRY(nn_comm_pause(messages->group, &turns));
    }
}

static nn_status exchange_start(nn_messages *messages, const nn_comm_part *sends, size_t send_count,
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
    return NN_OK;
}

nn_status nn_comm_exchange(nn_comm *comm, const nn_comm_part *sends, size_t send_count,
                           const nn_comm_part *receives, size_t receive_count, nn_comm_meanwhile meanwhile)
{
    size_t pieces = exchange_pieces(sends, send_count) + exchange_pieces(receives, receive_count);
    MPI_Request few[EXCHANGE_FEW];
    nn_messages messages;
    nn_status status;

    if (pieces == 0) return NN_OK;
    if (pieces <= EXCHANGE_FEW)
        messages = nn_messages_in(comm->job, few, EXCHANGE_FEW);
    else
        NN_TRY(nn_messages_create(comm->job, pieces, &messages));
    status = exchange_start(&messages, sends, send_count, receives, receive_count);
    nn_pulse_wait();
    if (status == NN_OK) status = exchange_await(&messages, meanwhile);
    nn_pulse_go_on();
    if (messages.requests != few) nn_messages_release(&messages);
    return status;
}
