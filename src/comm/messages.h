/* Messages in progress, split if they are longer than MPI's int counts allow. */
#ifndef NN_COMM_MESSAGES_H
#define NN_COMM_MESSAGES_H

#include <mpi.h>

#include "comm/comm_internal.h"

typedef struct nn_messages {
    MPI_Comm group; /* borrowed */
    MPI_Request *requests;
    int count;
    size_t capacity;
    size_t limit; /* bytes per message: nn_comm_message_limit at the time of creation */
} nn_messages;

/* Makes room for `capacity` messages in the group at the same time. */
nn_status nn_messages_create(MPI_Comm group, size_t capacity, nn_messages *messages);
void nn_messages_release(nn_messages *messages);
/* The same, in the caller's memory: nothing to release. */
nn_messages nn_messages_in(MPI_Comm group, MPI_Request *requests, size_t capacity);

/* Number of messages needed for `size` bytes. */
size_t nn_messages_pieces(size_t size);

/* Start sending or receiving `size` bytes, which must not be touched until the messages have arrived. */
nn_status nn_messages_send(nn_messages *messages, const void *bytes, size_t size, int receiver, int tag);
nn_status nn_messages_receive(nn_messages *messages, void *bytes, size_t size, int sender, int tag);

/* Sums `count` values of `width` bytes over the group, in place. */
nn_status nn_messages_sum(nn_messages *messages, void *values, int64_t count, unsigned width);

/* Whether the messages [begin, end) have arrived; lets MPI make progress. */
nn_status nn_messages_test(nn_messages *messages, int begin, int end, bool *done);

#endif
