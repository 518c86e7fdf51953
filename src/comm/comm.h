/*
 * The ranks of a job. The only folder that includes mpi.h. These functions must be called by one thread per
 * rank. "Collective" means that every rank of the communicator calls it, in the same order.
 */
#ifndef NN_COMM_COMM_H
#define NN_COMM_COMM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/parcel.h"
#include "base/status.h"
#include "host/cpus.h"

typedef struct nn_comm nn_comm;

/* Starts MPI (MPI_THREAD_FUNNELED) and creates the communicator of the entire job; collective over the job.
 * Ranks are numbered by node, then by NUMA domain: those of a node are consecutive. Rank 0 stays rank 0.
 * Refuses a world of one rank if SLURM_NTASKS is larger: the launcher does not work with this MPI. The caller
 * owns *comm, here and below. */
nn_status nn_comm_start(int *argc, char ***argv, nn_comm **comm);

/* Duplicates the communicator with this Fortran handle (MPI_Comm_c2f). Collective. */
nn_status nn_comm_create_from_handle(int handle, nn_comm **comm);

/* A communicator of this process alone, without MPI: nothing here then calls MPI, so it works where MPI
 * cannot or must not be started. */
nn_status nn_comm_create_alone(nn_comm **comm);

/* Releases it, and ends MPI if nn_comm_start started it. Collective. Accepts NULL. */
void nn_comm_destroy(nn_comm *comm);

/* A rank among others, and which ranks share its node and its NUMA domain: that of the first processor which
 * it may use when the communicator is made (host/cpus.h). */
typedef struct nn_ranks {
    int rank, size;
    const int *leaders; /* for each rank: the lowest rank on its node; borrowed */
    const int *domains; /* for each rank: the lowest rank on its node in its NUMA domain; borrowed */
} nn_ranks;

/* This rank, their number, and the nodes of all. */
nn_ranks nn_comm_ranks(const nn_comm *comm);

/* None of these communicates. */
int nn_comm_rank(const nn_comm *comm);
int nn_comm_size(const nn_comm *comm);
int nn_comm_given_rank(const nn_comm *comm);            /* in the communicator that it was made of */
int nn_comm_node_size(const nn_comm *comm);             /* ranks on this node */
int nn_comm_node_rank(const nn_comm *comm);             /* this rank among them */
int nn_comm_node_count(const nn_comm *comm);            /* nodes of the job */
int nn_comm_node_leader(const nn_comm *comm, int rank); /* the lowest rank on the node of `rank` */
/* The name of this rank's host, cut to NN_HOST_SIZE bytes. Borrowed. */
#define NN_HOST_SIZE 64
const char *nn_comm_host(const nn_comm *comm);
const char *nn_comm_library(void); /* first line of "Open MPI v4.1.4 ..."; borrowed */

/* This rank's share of its node's cores: those that it may run on, divided by the number of ranks on the node
 * that may run on them. Collective over the node. */
nn_cpus_share nn_comm_cores_per_rank(nn_comm *comm, const nn_cpus *cpus);

/*
 * All ranks fail or none does. Collective: each gives its own status; all return the status of the worst
 * failure. If ranks failed, the error text on all ranks becomes that of the lowest failing rank, preceded by
 * "rank R on HOST: " (if size > 1) and followed by the number of other ranks that failed; if all ranks
 * failed, no rank is named.
 */
nn_status nn_comm_agree(nn_comm *comm, nn_status status);

/* Whether the recorded failure is one that all ranks have agreed on. Any other is known only to this rank,
 * while the others wait. Not collective. */
bool nn_comm_has_agreed(const nn_comm *comm);

/* Ends the entire job with the status as exit code, after printing this rank's recorded error. For failures
 * outside collective sections. Does not return. */
void nn_comm_abort(nn_comm *comm, nn_status status);

nn_status nn_comm_barrier(nn_comm *comm); /* collective */

/* Sends bytes from the root to all ranks; any size_t size. Collective. */
nn_status nn_comm_broadcast(nn_comm *comm, void *bytes, size_t size, int root);

/* Gives all ranks the parcel of rank 0, which they take from its start; all fail if rank 0 could not fill it.
 * Collective. */
nn_status nn_comm_share(nn_comm *comm, nn_parcel *parcel);

/* Sends bytes from this rank to another, which calls nn_comm_receive with the same size; any size_t size.
 * Between two ranks they arrive in the order in which they were sent. Not collective. */
nn_status nn_comm_send(nn_comm *comm, const void *bytes, size_t size, int receiver);
nn_status nn_comm_receive(nn_comm *comm, void *bytes, size_t size, int sender);

/* Bytes that this rank sends to another, or receives from it. */
typedef struct nn_comm_part {
    void *bytes;
    size_t size; /* any */
    int rank;    /* not this one */
} nn_comm_part;

/* What a rank can do while it waits for others. */
typedef struct nn_comm_meanwhile {
    nn_status (*run)(void *context); /* called again and again; must not block. NULL: nothing */
    void *context;
} nn_comm_meanwhile;

/* Sends and receives all parts at the same time. For each part that a rank receives, the other rank sends one
 * of the same size; between two ranks, in the same order. Only the ranks that have parts call it. Allocates
 * nothing if there are few messages. */
nn_status nn_comm_exchange(nn_comm *comm, const nn_comm_part *sends, size_t send_count,
                           const nn_comm_part *receives, size_t receive_count, nn_comm_meanwhile meanwhile);

/* Gives every rank all parts, one after another in rank order: sizes[r] bytes of rank r (known to all). If
 * part is NULL, `all` already contains the caller's part in its place. Any size_t size. Collective. */
nn_status nn_comm_gather_all(nn_comm *comm, const void *part, const size_t *sizes, void *all);

/* The same for parts of one size: `size` bytes of each rank. Collective. */
nn_status nn_comm_gather_equal(nn_comm *comm, const void *part, size_t size, void *all);

/* As nn_comm_gather_all, but only to rank 0; other ranks ignore `all`, and rank 0's part is never in
 * place. */
nn_status nn_comm_gather(nn_comm *comm, const void *part, const size_t *sizes, void *all);

/* The maximum of each value over all ranks, in place; whether `hash` is the same on all ranks. Collective. */
nn_status nn_comm_maximum(nn_comm *comm, int64_t *values, size_t count);
nn_status nn_comm_same(nn_comm *comm, uint64_t hash, bool *same);

/* The sum of each value over all ranks, modulo 2^64, in place. Collective. */
nn_status nn_comm_sum_integers(nn_comm *comm, uint64_t *values, size_t count);

/* ---- node-shared memory ---- */

/* Memory seen by all ranks of a node: one copy per node, in an MPI shared window. */
typedef struct nn_shared nn_shared;

/* Allocates `size` bytes, zeroed, once per node; all ranks of the node get the same memory through
 * nn_shared_memory. First checks for enough space in /dev/shm, and fails with NN_ERROR_MEMORY on all ranks of
 * the node if it is too small. Creation and destruction (which accepts NULL) are collective over the node. */
nn_status nn_shared_create(nn_comm *comm, size_t size, nn_shared **shared);
/* The same, but without writing to the memory: the caller's ranks zero all of it, each what it will use most,
 * so that its pages are placed near that rank, and then call nn_shared_barrier. */
nn_status nn_shared_reserve(nn_comm *comm, size_t size, nn_shared **shared);
void *nn_shared_memory(const nn_shared *shared);
nn_status nn_shared_barrier(nn_comm *comm); /* among the node's ranks; makes their writes visible */
void nn_shared_destroy(nn_shared *shared);

/* For tests: the number of bytes above which messages are split (normally near 2^31). */
void nn_comm_set_message_limit(size_t bytes);

#endif
