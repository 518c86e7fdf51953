/*
 * The ranks of a job. The only folder that includes mpi.h. One thread of a rank calls these functions.
 * "Collective" means: every rank of the communicator calls it, in the same order.
 */
#ifndef NN_COMM_COMM_H
#define NN_COMM_COMM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "host/cpus.h"

typedef struct nn_comm nn_comm;

/* Starts MPI (MPI_THREAD_FUNNELED) and makes the communicator of the whole job; collective over the job.
 * Refuses a world of one rank where SLURM_NTASKS says more: a launcher that does not speak to this MPI. */
nn_status nn_comm_start(int *argc, char ***argv, nn_comm **comm);

/* Duplicates the communicator of a Fortran handle (MPI_Comm_c2f) of the caller. Collective. */
nn_status nn_comm_create_from_handle(int handle, nn_comm **comm);

/* A communicator of this process alone, without MPI: nothing here calls MPI, so it works where MPI cannot
 * start, or shall not. */
nn_status nn_comm_create_alone(nn_comm **comm);

/* Releases it, and ends MPI if nn_comm_start began it. Collective. Accepts NULL. */
void nn_comm_destroy(nn_comm *comm);

/* A rank among others, and who shares its node. */
typedef struct nn_ranks {
    int rank, size;
    const int *leaders; /* of each rank: the lowest rank on its node; borrowed */
} nn_ranks;

nn_ranks nn_comm_ranks(const nn_comm *comm);

int nn_comm_rank(const nn_comm *comm);
int nn_comm_size(const nn_comm *comm);
int nn_comm_node_size(const nn_comm *comm);             /* ranks on this node */
int nn_comm_node_rank(const nn_comm *comm);             /* this rank among them */
int nn_comm_node_count(const nn_comm *comm);            /* nodes of the job */
int nn_comm_node_leader(const nn_comm *comm, int rank); /* the lowest rank on the node of `rank` */
/* The name of this rank's host, cut to NN_HOST_SIZE bytes. Borrowed. */
#define NN_HOST_SIZE 64
const char *nn_comm_host(const nn_comm *comm);
const char *nn_comm_library(void); /* "Open MPI v4.1.4 ..." first line. Borrowed. */

/* What this rank has of its node's cores: those that it may run on, divided by the node's ranks that may too.
 * Collective over the node. */
nn_cpus_share nn_comm_cores_per_rank(nn_comm *comm, const nn_cpus *cpus);

/*
 * All ranks fail or none does. Collective: each gives its own status; all get the worst failure's status
 * back. Where ranks failed, the error text becomes, on all ranks, that of the lowest failing rank with "rank
 * R on HOST: " in front (when size > 1), and how many others failed too; where all ranks failed, no rank is
 * named.
 */
nn_status nn_comm_agree(nn_comm *comm, nn_status status);

/* Whether the recorded failure is one that all ranks have agreed on. Any other is this rank's own: the others
 * know nothing of it, and wait. Not collective. */
bool nn_comm_has_agreed(const nn_comm *comm);

/* Ends the whole job with the status as exit code, after printing the recorded error of this rank. For
 * failures outside collective sections. Does not return. */
void nn_comm_abort(nn_comm *comm, nn_status status);

nn_status nn_comm_barrier(nn_comm *comm); /* collective */

/* Bytes from the root to all; any size_t size. Collective. */
nn_status nn_comm_broadcast(nn_comm *comm, void *bytes, size_t size, int root);

/* Bytes from this rank to another one, which calls nn_comm_receive with the same size; any size_t size.
 * Between two ranks they arrive in the order in which they are sent. Not collective. */
nn_status nn_comm_send(nn_comm *comm, const void *bytes, size_t size, int receiver);
nn_status nn_comm_receive(nn_comm *comm, void *bytes, size_t size, int sender);

/* Every rank gets all parts, one after the other in the order of ranks: sizes[r] bytes of rank r (known to
 * all). `all` may contain the caller's own part in place when part is NULL. Any size_t size. Collective. */
nn_status nn_comm_gather_all(nn_comm *comm, const void *part, const size_t *sizes, void *all);

/* As nn_comm_gather_all, only to rank 0; `all` is ignored elsewhere, and the part of rank 0 is never in
 * place. */
nn_status nn_comm_gather(nn_comm *comm, const void *part, const size_t *sizes, void *all);

/* All ranks' maximum of each value; and whether `hash` is the same on all ranks. Collective. */
nn_status nn_comm_maximum(nn_comm *comm, int64_t *values, size_t count);
nn_status nn_comm_same(nn_comm *comm, uint64_t hash, bool *same);

/* ---- node-shared memory ---- */

/* Memory that all ranks of a node see: one copy a node, made by an MPI shared window. */
typedef struct nn_shared nn_shared;

/* Allocates `size` bytes, zeroed, once per node; all ranks of the node get the same memory through
 * nn_shared_memory. Checks the room in /dev/shm first and then fails with NN_ERROR_MEMORY on all ranks of the
 * node. Collective over the node, destroy too (accepts NULL). */
nn_status nn_shared_create(nn_comm *comm, size_t size, nn_shared **shared);
void *nn_shared_memory(const nn_shared *shared);
nn_status nn_shared_barrier(nn_comm *comm); /* of the node's ranks; makes their writes visible */
void nn_shared_destroy(nn_shared *shared);

/* For tests: bytes above which messages are split (normally near 2^31). */
void nn_comm_set_message_limit(size_t bytes);

#endif
