/* The processors that a process may run on, and the cores they belong to as hyperthreads. */
#ifndef NN_HOST_CPUS_H
#define NN_HOST_CPUS_H

#include <stdbool.h>

#define NN_CPUS_MAX 8192

typedef struct nn_cpus {
    bool may_use[NN_CPUS_MAX];
    int core[NN_CPUS_MAX]; /* for those: the lowest processor of the same core */
} nn_cpus;

/* What a rank may use on its node. */
typedef struct nn_cpus_share {
    int cores;   /* at least 1; two hyperthreads count as one core */
    int threads; /* that can run at the same time: hyperthreads count; at least 1 */
    bool shared; /* other ranks may use some of these cores, too */
} nn_cpus_share;

/* The affinity mask of the calling thread if there is one, otherwise all online processors. Cores are not yet
 * known. */
void nn_cpus_of_thread(nn_cpus *cpus);

/* Finds the cores from the kernel's lists in `folder`; NULL: /sys/devices/system/cpu. A processor that is not
 * listed is a core of its own. */
void nn_cpus_find_cores(nn_cpus *cpus, const char *folder);

/* The NUMA domain of the first of these processors, from the kernel's lists in `folder`; NULL:
 * /sys/devices/system/cpu. 0 where none is listed. A process that may run in several domains thus belongs to
 * the first: the system places its memory where its threads happen to run, and any choice serves. */
int nn_cpus_find_domain(const nn_cpus *cpus, const char *folder);

/* The number of NUMA domains of these processors, at least 1. */
int nn_cpus_count_domains(const nn_cpus *cpus, const char *folder);

/* The share of one rank. cpu_users, core_users: how many ranks of the node, including this one, may run on
 * each processor, and on each core (identified by its lowest processor). What several ranks may use is
 * divided by their number. */
nn_cpus_share nn_cpus_divide(const nn_cpus *cpus, const int *cpu_users, const int *core_users);

#endif
