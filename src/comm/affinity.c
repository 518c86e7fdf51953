/* The cores available to a rank, among the ranks of its node. */
#include <string.h>

#include "comm/comm.h"
#include "comm/comm_internal.h"

nn_cpus_share nn_comm_cores_per_rank(nn_comm *comm, const nn_cpus *cpus)
{
    enum { CPU_USERS, CORE_USERS, KINDS };
    int mine[KINDS][NN_CPUS_MAX] = {{0}}, users[KINDS][NN_CPUS_MAX];

    for (int cpu = 0; cpu < NN_CPUS_MAX; cpu++) {
        if (!cpus->may_use[cpu]) continue;
        mine[CPU_USERS][cpu] = 1;
        mine[CORE_USERS][cpus->core[cpu]] = 1;
    }
    memcpy(users, mine, sizeof(users));
    if (comm->node_size > 1 &&
        MPI_Allreduce(mine, users, KINDS * NN_CPUS_MAX, MPI_INT, MPI_SUM, comm->node) != MPI_SUCCESS)
        return (nn_cpus_share){.cores = 1, .threads = 1};
    return nn_cpus_divide(cpus, users[CPU_USERS], users[CORE_USERS]);
}
