#include "comm/messages.h"

#include <assert.h>

#include "base/memory.h"

nn_messages nn_messages_in(MPI_Comm group, MPI_Request *requests, size_t capacity)
{
    return (nn_messages){group, requests, 0, capacity, nn_comm_message_limit()};
}

nn_status nn_messages_create(MPI_Comm group, size_t capacity, nn_messages *messages)
{
    *messages = nn_messages_in(group, NULL, capacity);
    return nn_allocate((void **)&messages->requests, capacity, sizeof(MPI_Request), "messages in progress");
}

void nn_messages_release(nn_messages *messages)
{
    nn_free(messages->requests);
    messages->requests = NULL;
}

size_t nn_messages_pieces(size_t size)
{
    size_t limit = nn_comm_message_limit();

    return size / limit + (size % limit != 0);
}

static MPI_Request *messages_next(nn_messages *messages)
{
    assert((size_t)messages->count < messages->capacity);
    return &messages->requests[messages->count++];
}

nn_status nn_messages_send(nn_messages *messages, const void *bytes, size_t size, int receiver, int tag)
{
    const char *rest = bytes;

    for (size_t piece; size > 0; rest += piece, size -= piece) {
        piece = size < messages->limit ? size : messages->limit;
        NN_TRY(nn_mpi_check(
            MPI_Isend(rest, (int)piece, MPI_BYTE, receiver, tag, messages->group, messages_next(messages)),
            "sending"));
    }
    return NN_OK;
}

nn_status nn_messages_receive(nn_messages *messages, void *bytes, size_t size, int sender, int tag)
{
    char *rest = bytes;

    for (size_t piece; size > 0; rest += piece, size -= piece) {
        piece = size < messages->limit ? size : messages->limit;
        NN_TRY(nn_mpi_check(
            MPI_Irecv(rest, (int)piece, MPI_BYTE, sender, tag, messages->group, messages_next(messages)),
            "receiving"));
    }
    return NN_OK;
}

nn_status nn_messages_sum(nn_messages *messages, void *values, int64_t count, unsigned width)
{
    MPI_Datatype type = width == sizeof(double) ? MPI_DOUBLE : MPI_FLOAT;
    int64_t limit = (int64_t)(messages->limit / width);
    char *rest = values;

    for (int64_t piece; count > 0; rest += (size_t)piece * width, count -= piece) {
        piece = count < limit ? count : limit;
        NN_TRY(nn_mpi_check(MPI_Iallreduce(MPI_IN_PLACE, rest, (int)piece, type, MPI_SUM, messages->group,
                                           messages_next(messages)),
                            "summing gradients"));
    }
    return NN_OK;
}

nn_status nn_messages_test(nn_messages *messages, int begin, int end, bool *done)
{
    int flag = 1;

    if (begin < end) {
        NN_TRY(nn_mpi_check(MPI_Testall(end - begin, messages->requests + begin, &flag, MPI_STATUSES_IGNORE),
                            "passing messages"));
    }
    *done = flag != 0;
    return NN_OK;
}
