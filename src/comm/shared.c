/* Memory seen by all ranks of a node. */
#include <stdatomic.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/format.h"
#include "base/memory.h"
#include "comm/comm.h"
#include "comm/comm_internal.h"

/* Overhead that MPI adds to the requested memory. */
#define SHARED_SLACK ((size_t)1 << 20)

struct nn_shared {
    MPI_Win window; /* MPI_WIN_NULL if the node has a single rank */
    void *own;      /* the memory in that case */
    void *memory;
};

/* MPI takes the memory from a file system in RAM; if that is full, the first access is killed by SIGBUS. */
static nn_status shared_check_room(const nn_comm *comm, size_t size)
{
    struct statvfs room;
    char needed[NN_FORMAT_SIZE], left[NN_FORMAT_SIZE];
    double bytes;

    if (comm->node_rank != 0 || statvfs("/dev/shm", &room) != 0) return NN_OK;
    bytes = (double)room.f_bavail * (double)room.f_frsize;
    if ((double)size + (double)SHARED_SLACK <= bytes) return NN_OK;
    NN_FAIL(NN_ERROR_MEMORY,
            "%s of node-shared memory do not fit: /dev/shm on %s has %s left; enlarge it, or remove files "
            "from it",
            nn_format_bytes(needed, (double)size), comm->host, nn_format_bytes(left, bytes));
}

/* Each rank zeroes its part, so that a page is placed near the rank most likely to use it. */
static void shared_zero(const nn_comm *comm, char *memory, size_t size)
{
    size_t part = size / (size_t)comm->node_size;
    size_t begin = part * (size_t)comm->node_rank;

    memset(memory + begin, 0, comm->node_rank == comm->node_size - 1 ? size - begin : part);
}

static nn_status shared_allocate(nn_comm *comm, size_t size, nn_shared *shared)
{
    MPI_Aint bytes = comm->node_rank == 0 ? (MPI_Aint)(size + NN_ALIGNMENT) : 0;
    int unit = 1;
    void *base = NULL;

    NN_TRY(nn_comm_agree_on_node(
        comm,
        NN_MPI_WAIT(MPI_Win_allocate_shared(bytes, 1, MPI_INFO_NULL, comm->node, &base, &shared->window),
                    "allocating node-shared memory")));
    MPI_Win_set_errhandler(shared->window, MPI_ERRORS_RETURN);
    NN_TRY(nn_mpi_check(MPI_Win_shared_query(shared->window, 0, &bytes, &unit, &base),
                        "finding node-shared memory"));
    shared->memory = (char *)base + (NN_ALIGNMENT - (uintptr_t)base % NN_ALIGNMENT) % NN_ALIGNMENT;
    return NN_OK;
}

nn_status nn_shared_reserve(nn_comm *comm, size_t size, nn_shared **shared)
{
    nn_shared *made = NULL;
    nn_status status = NN_ALLOCATE(&made, 1, "node-shared memory");

    *shared = NULL;
    if (status == NN_OK) {
        made->window = MPI_WIN_NULL;
        status = comm->node_size == 1 ? nn_allocate(&made->own, size, 1, "memory of the node")
                                      : shared_check_room(comm, size);
    }
    NN_TRY_TO(failed, status, nn_comm_agree_on_node(comm, status));
    made->memory = made->own;
    if (comm->node_size > 1) NN_TRY_TO(failed, status, shared_allocate(comm, size, made));
    *shared = made;
    return NN_OK;

failed:
    nn_shared_destroy(made);
    return status;
}

nn_status nn_shared_create(nn_comm *comm, size_t size, nn_shared **shared)
{
    nn_status status;

    NN_TRY(nn_shared_reserve(comm, size, shared));
    shared_zero(comm, (*shared)->memory, size);
    status = nn_shared_barrier(comm);
    if (status == NN_OK) return NN_OK;
    nn_shared_destroy(*shared);
    *shared = NULL;
    return status;
}

void *nn_shared_memory(const nn_shared *shared)
{
    return shared->memory;
}

nn_status nn_shared_barrier(nn_comm *comm)
{
    nn_status status = NN_OK;

    atomic_thread_fence(memory_order_seq_cst);
    if (comm->node_size > 1) status = NN_MPI_WAIT(MPI_Barrier(comm->node), "waiting for the ranks of a node");
    atomic_thread_fence(memory_order_seq_cst);
    return status;
}

void nn_shared_destroy(nn_shared *shared)
{
    if (shared == NULL) return;
    if (shared->window != MPI_WIN_NULL) (void)NN_MPI_WAIT(MPI_Win_free(&shared->window), "freeing memory");
    nn_free(shared->own);
    nn_free(shared);
}
