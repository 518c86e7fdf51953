/* The processors that a process may run on, and the cores that they are hyperthreads of. */
#ifndef NN_HOST_CPUS_H
#define NN_HOST_CPUS_H

#include <stdbool.h>

#define NN_CPUS_MAX 8192

typedef struct nn_cpus {
    bool may_use[NN_CPUS_MAX];
    int core[NN_CPUS_MAX]; /* of those: the lowest processor of the same core */
} nn_cpus;

/* What a rank has of its node. */
typedef struct nn_cpus_share {
    int cores;   /* at least 1; two hyperthreads are one core */
    int threads; /* that run at the same time: hyperthreads count; at least 1 */
    bool shared; /* other ranks may use some of these cores too */
} nn_cpus_share;

/* The affinity mask of the calling thread, where there is one, else all that are online. Cores are not known
 * yet. */
void nn_cpus_of_thread(nn_cpus *cpus);

/* Looks the cores up where the kernel lists them; NULL: /sys/devices/system/cpu. A processor that is not
 * listed is a core of its own. */
void nn_cpus_find_cores(nn_cpus *cpus, const char *folder);

/* The share of a rank. cpu_users, core_users: how many ranks of the node may run on a processor, and on a
 * core (by its lowest processor), this rank included. What several ranks may use is divided by their number.
 */
nn_cpus_share nn_cpus_divide(const nn_cpus *cpus, const int *cpu_users, const int *core_users);

#endif
