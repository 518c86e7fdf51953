/* The cores that a rank may use. Affinity masks are Linux's; elsewhere all cores count as shared by the node.
 */
#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif

#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "comm/comm.h"
#include "comm/internal.h"

#define MAX_CORES 8192

/* users[c] becomes 1 for each core c that this process may run on. */
static void affinity_read(int users[MAX_CORES])
{
#if defined(__linux__)
    cpu_set_t masks[MAX_CORES / CPU_SETSIZE];

    CPU_ZERO_S(sizeof(masks), masks);
    if (sched_getaffinity(0, sizeof(masks), masks) == 0) {
        for (size_t core = 0; core < MAX_CORES; core++)
            users[core] = CPU_ISSET_S(core, sizeof(masks), masks) ? 1 : 0;
        return;
    }
#endif
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    for (int core = 0; core < MAX_CORES; core++) users[core] = core < cores;
}

int nn_comm_cores_per_rank(nn_comm *comm, bool *shared_cores)
{
    int mine[MAX_CORES], users[MAX_CORES];
    double cores = 0;
    bool shared = false;

    affinity_read(mine);
    memcpy(users, mine, sizeof(users));
    if (comm->node_size > 1 &&
        MPI_Allreduce(mine, users, MAX_CORES, MPI_INT, MPI_SUM, comm->node) != MPI_SUCCESS)
        return 1;
    for (int core = 0; core < MAX_CORES; core++) {
        if (mine[core] == 0) continue;
        cores += 1.0 / users[core];
        shared = shared || users[core] > 1;
    }
    if (shared_cores != NULL) *shared_cores = shared;
    return cores < 1 ? 1 : (int)(cores + 1e-6);
}
