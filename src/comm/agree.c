/* All ranks fail or none does; and how a rank waits. */
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "comm/comm.h"
#include "comm/comm_internal.h"

/* How often a wait spins before it yields the core. */
#define SPIN_TURNS 256

/* A request to stop ranks below any failure. */
static int64_t agree_severity(nn_status status)
{
    return status == NN_STOPPED ? 1 : (int64_t)status;
}

static nn_status agree_status(int64_t severity)
{
    return severity == 1 ? NN_STOPPED : (nn_status)severity;
}

/* Composes this rank's failure as all ranks will report it. If all ranks failed with the same status (a
 * mistake in the configuration), no rank is named; a text that was agreed on before already names its
 * rank. */
static void agree_compose(nn_comm *comm, int failures, int ranks)
{
    char text[NN_AGREED_TEXT];
    char others[64] = "";

    if (failures == ranks || (comm->agreed[0] != '\0' && strstr(nn_error_text(), comm->agreed) != NULL)) {
        snprintf(comm->agreed, sizeof(comm->agreed), "%s", nn_error_text());
        return;
    }
    if (failures > 1) {
        snprintf(others, sizeof(others), " (%d other rank%s failed too)", failures - 1,
                 failures > 2 ? "s" : "");
    }
    snprintf(text, sizeof(text), "%s", nn_error_text());
    snprintf(comm->agreed, sizeof(comm->agreed), "rank %d on %s: %.*s%s", comm->rank, comm->host,
             (int)(sizeof(text) - sizeof(comm->host) - sizeof(others) - 32), text, others);
}

static nn_status agree_among(nn_comm *comm, MPI_Comm group, nn_status status)
{
    const char *doing = "agreeing on a failure";
    const int64_t unit = (int64_t)1 << 32;
    int64_t worst = 0;
    int group_rank = 0, ranks = 1, speaker, failures = status != NN_OK;

    /* A single maximum finds the worst failure and the lowest rank with it. */
    MPI_Comm_rank(group, &group_rank);
    MPI_Comm_size(group, &ranks);
    if (status != NN_OK) worst = agree_severity(status) * unit + (INT_MAX - group_rank);
    NN_TRY(NN_MPI_WAIT(MPI_Allreduce(MPI_IN_PLACE, &worst, 1, MPI_INT64_T, MPI_MAX, group), doing));
    if (worst == 0) return NN_OK;

    comm->agreed_by_all = group == comm->job;
    speaker = INT_MAX - (int)(worst % unit);
    NN_TRY(NN_MPI_WAIT(MPI_Allreduce(MPI_IN_PLACE, &failures, 1, MPI_INT, MPI_SUM, group), doing));
    if (group_rank == speaker) agree_compose(comm, failures, ranks);
    NN_TRY(NN_MPI_WAIT(MPI_Bcast(comm->agreed, (int)sizeof(comm->agreed), MPI_CHAR, speaker, group), doing));
    NN_FAIL(agree_status(worst / unit), "%s", comm->agreed);
}

nn_status nn_comm_agree(nn_comm *comm, nn_status status)
{
    return comm->size == 1 ? status : agree_among(comm, comm->job, status);
}

bool nn_comm_has_agreed(const nn_comm *comm)
{
    return comm->size == 1 || (comm->agreed_by_all && strstr(nn_error_text(), comm->agreed) != NULL);
}

nn_status nn_comm_agree_on_node(nn_comm *comm, nn_status status)
{
    return comm->node_size == 1 ? status : agree_among(comm, comm->node, status);
}

nn_status nn_comm_all(MPI_Comm group, bool flag, bool *all)
{
    int value = flag ? 1 : 0;

    NN_TRY(NN_MPI_WAIT(MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_INT, MPI_MIN, group), "agreeing"));
    *all = value == 1;
    return NN_OK;
}

nn_status nn_comm_pause(MPI_Comm group, unsigned *turns)
{
    int found = 0;

    if (*turns < SPIN_TURNS) {
        (*turns)++;
        return NN_OK;
    }
    sched_yield();
    return nn_mpi_check(MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, group, &found, MPI_STATUS_IGNORE), "waiting");
}
