/* Transfers data between ranks, in messages that fit MPI's int counts. */
#include <limits.h>
#include <string.h>

#include "base/memory.h"
#include "comm/comm.h"
#include "comm/comm_internal.h"

/* The largest int for which the pieces of an array are aligned like the array. */
#define MESSAGE_LIMIT ((size_t)(INT_MAX / 64) * 64)
#define GATHER_TAG 1
#define PAIR_TAG 2

static size_t data_message_limit = MESSAGE_LIMIT;

void nn_comm_set_message_limit(size_t bytes)
{
    size_t whole_values = bytes / sizeof(double) * sizeof(double);

    if (whole_values == 0) whole_values = sizeof(double);
    data_message_limit = whole_values < MESSAGE_LIMIT ? whole_values : MESSAGE_LIMIT;
}

size_t nn_comm_message_limit(void)
{
    return data_message_limit;
}

static size_t data_piece(size_t rest)
{
    return rest < data_message_limit ? rest : data_message_limit;
}

nn_status nn_comm_barrier(nn_comm *comm)
{
    if (comm->size == 1) return NN_OK;
    return NN_MPI_WAIT(MPI_Barrier(comm->job), "waiting for all ranks");
}

nn_status nn_comm_broadcast(nn_comm *comm, void *bytes, size_t size, int root)
{
    char *rest = bytes;

    if (comm->size == 1) return NN_OK;
    for (size_t piece; size > 0; rest += piece, size -= piece) {
        piece = data_piece(size);
        NN_TRY(NN_MPI_WAIT(MPI_Bcast(rest, (int)piece, MPI_BYTE, root, comm->job), "broadcasting"));
    }
    return NN_OK;
}

nn_status nn_comm_share(nn_comm *comm, nn_parcel *parcel)
{
    size_t size = parcel->size;
    bool first = comm->rank == 0;

    if (comm->size == 1) return nn_parcel_status(parcel);
    NN_TRY(nn_comm_agree(comm, first ? nn_parcel_status(parcel) : NN_OK));
    NN_TRY(nn_comm_broadcast(comm, &size, sizeof size, 0));
    if (!first) {
        nn_parcel_free(parcel);
        parcel->room = parcel->size = size;
    }
    NN_TRY(nn_comm_agree(comm, first ? NN_OK
                                     : nn_allocate((void **)&parcel->bytes, size, 1, "values from rank 0")));
    return nn_comm_broadcast(comm, parcel->bytes, size, 0);
}

/* Computes the offset of each rank's part for MPI. False if the parts together are too long for one
 * message. */
static bool data_parts(nn_comm *comm, const size_t *sizes)
{
    size_t total = 0;

    for (int rank = 0; rank < comm->size; rank++) {
        if (sizes[rank] > data_message_limit - total) return false;
        comm->counts[rank] = (int)sizes[rank];
        comm->offsets[rank] = (int)total;
        total += sizes[rank];
    }
    return true;
}

/* MPI requires all ranks to use in-place mode or none: each rank's own part is first moved to its place. */
nn_status nn_comm_gather_all(nn_comm *comm, const void *part, const size_t *sizes, void *all)
{
    char *place = all;

    for (int rank = 0; rank < comm->rank; rank++) place += sizes[rank];
    if (part != NULL && sizes[comm->rank] > 0) memmove(place, part, sizes[comm->rank]);
    if (comm->size == 1) return NN_OK;
    if (data_parts(comm, sizes)) {
        return NN_MPI_WAIT(
            MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_BYTE, all, comm->counts, comm->offsets, MPI_BYTE, comm->job),
            "gathering");
    }
    place = all;
    for (int rank = 0; rank < comm->size; rank++) {
        NN_TRY(nn_comm_broadcast(comm, place, sizes[rank], rank));
        place += sizes[rank];
    }
    return NN_OK;
}

nn_status nn_comm_gather_equal(nn_comm *comm, const void *part, size_t size, void *all)
{
    char *place = (char *)all + (size_t)comm->rank * size;

    if (part != NULL && size > 0) memmove(place, part, size);
    if (comm->size == 1) return NN_OK;
    if (size <= data_message_limit / (size_t)comm->size) {
        return NN_MPI_WAIT(MPI_Allgather(MPI_IN_PLACE, 0, MPI_BYTE, all, (int)size, MPI_BYTE, comm->job),
                           "gathering");
    }
    for (int rank = 0; rank < comm->size; rank++)
        NN_TRY(nn_comm_broadcast(comm, (char *)all + (size_t)rank * size, size, rank));
    return NN_OK;
}

static nn_status data_send(nn_comm *comm, const void *bytes, size_t size, int receiver, int tag)
{
    const char *rest = bytes;

    for (size_t piece; size > 0; rest += piece, size -= piece) {
        piece = data_piece(size);
        NN_TRY(NN_MPI_WAIT(MPI_Send(rest, (int)piece, MPI_BYTE, receiver, tag, comm->job), "sending"));
    }
    return NN_OK;
}

static nn_status data_receive(nn_comm *comm, void *bytes, size_t size, int source, int tag)
{
    char *rest = bytes;

    for (size_t piece; size > 0; rest += piece, size -= piece) {
        piece = data_piece(size);
        NN_TRY(NN_MPI_WAIT(MPI_Recv(rest, (int)piece, MPI_BYTE, source, tag, comm->job, MPI_STATUS_IGNORE),
                           "receiving"));
    }
    return NN_OK;
}

nn_status nn_comm_send(nn_comm *comm, const void *bytes, size_t size, int receiver)
{
    return data_send(comm, bytes, size, receiver, PAIR_TAG);
}

nn_status nn_comm_receive(nn_comm *comm, void *bytes, size_t size, int sender)
{
    return data_receive(comm, bytes, size, sender, PAIR_TAG);
}

nn_status nn_comm_gather(nn_comm *comm, const void *part, const size_t *sizes, void *all)
{
    char *place = all;

    if (comm->size > 1 && data_parts(comm, sizes)) {
        return NN_MPI_WAIT(MPI_Gatherv(part, comm->counts[comm->rank], MPI_BYTE, all, comm->counts,
                                       comm->offsets, MPI_BYTE, 0, comm->job),
                           "gathering");
    }
    if (comm->rank != 0) return data_send(comm, part, sizes[comm->rank], 0, GATHER_TAG);
    if (sizes[0] > 0) memcpy(place, part, sizes[0]);
    for (int rank = 1; rank < comm->size; rank++) {
        place += sizes[rank - 1];
        NN_TRY(data_receive(comm, place, sizes[rank], rank, GATHER_TAG));
    }
    return NN_OK;
}

nn_status nn_comm_maximum(nn_comm *comm, int64_t *values, size_t count)
{
    const size_t limit = data_message_limit / sizeof(*values);

    if (comm->size == 1) return NN_OK;
    for (size_t piece; count > 0; values += piece, count -= piece) {
        piece = count < limit ? count : limit;
        NN_TRY(NN_MPI_WAIT(MPI_Allreduce(MPI_IN_PLACE, values, (int)piece, MPI_INT64_T, MPI_MAX, comm->job),
                           "finding a maximum"));
    }
    return NN_OK;
}

nn_status nn_comm_sum_integers(nn_comm *comm, uint64_t *values, size_t count)
{
    const size_t limit = data_message_limit / sizeof(*values);

    if (comm->size == 1) return NN_OK;
    for (size_t piece; count > 0; values += piece, count -= piece) {
        piece = count < limit ? count : limit;
        NN_TRY(NN_MPI_WAIT(MPI_Allreduce(MPI_IN_PLACE, values, (int)piece, MPI_UINT64_T, MPI_SUM, comm->job),
                           "adding integers"));
    }
    return NN_OK;
}

nn_status nn_comm_same(nn_comm *comm, uint64_t hash, bool *same)
{
    uint64_t values[2] = {hash, ~hash}; /* the maximum of ~hash is that of the minimum of hash */

    *same = true;
    if (comm->size == 1) return NN_OK;
    NN_TRY(
        NN_MPI_WAIT(MPI_Allreduce(MPI_IN_PLACE, values, 2, MPI_UINT64_T, MPI_MAX, comm->job), "comparing"));
    *same = values[0] == (uint64_t)~values[1];
    return NN_OK;
}
