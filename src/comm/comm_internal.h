/* The inside of a communicator, shared by the files of this folder. */
#ifndef NN_COMM_COMM_INTERNAL_H
#define NN_COMM_COMM_INTERNAL_H

#include <mpi.h>

#include "comm/comm.h"
#include "host/pulse.h"

#define NN_AGREED_TEXT 16384

/* A single rank makes no MPI calls: its communicators may be MPI_COMM_NULL. */
struct nn_comm {
    MPI_Comm job, node;
    int rank, size;
    int given_rank; /* in the communicator that this one was made of */
    int node_rank, node_size, node_count;
    int *leaders;          /* for each rank: the lowest rank on its node */
    int *domains;          /* for each rank: the lowest rank on its node in its NUMA domain */
    int *counts, *offsets; /* one per rank: arguments of the gathers */
    bool ends_mpi;
    char host[MPI_MAX_PROCESSOR_NAME];
    char agreed[NN_AGREED_TEXT]; /* the text of the last agreed failure */
    bool agreed_by_all;          /* by the job, not only by a node */
};

/* Converts the result of an MPI call to a status; `doing` completes "MPI failed while ...". */
nn_status nn_mpi_check(int code, const char *doing);

/* The same for a call that waits for other ranks: the watchdog distinguishes waiting ranks from late ones. */
#define NN_MPI_WAIT(call, doing) (nn_pulse_wait(), nn_mpi_waited((call), (doing)))
nn_status nn_mpi_waited(int code, const char *doing);

/* nn_comm_agree among the ranks of this node. Collective over the node. */
nn_status nn_comm_agree_on_node(nn_comm *comm, nn_status status);

/* Whether `flag` holds on all ranks of the group. Collective over it. */
nn_status nn_comm_all(MPI_Comm group, bool flag, bool *all);

/* Bytes above which messages are split. */
size_t nn_comm_message_limit(void);

/* One turn of a wait that other ranks will end: after some turns it yields the core and lets MPI make
 * progress, because the rank waited for may itself be waiting for a message from here. *turns starts at 0. */
nn_status nn_comm_pause(MPI_Comm group, unsigned *turns);

#endif
