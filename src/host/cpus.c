/* Affinity masks, and the kernel's lists of hyperthreads. Both exist only on Linux; elsewhere every online
 * processor is a core of its own. */
#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif

#include "host/cpus.h"

#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#define CPUS_FOLDER "/sys/devices/system/cpu"
#define CPUS_DOMAINS_MAX 1024

void nn_cpus_of_thread(nn_cpus *cpus)
{
#if defined(__linux__)
    cpu_set_t masks[NN_CPUS_MAX / CPU_SETSIZE];

    CPU_ZERO_S(sizeof(masks), masks);
    if (sched_getaffinity(0, sizeof(masks), masks) == 0) {
        for (int cpu = 0; cpu < NN_CPUS_MAX; cpu++) {
            cpus->may_use[cpu] = CPU_ISSET_S((size_t)cpu, sizeof(masks), masks);
            cpus->core[cpu] = cpu;
        }
        return;
    }
#endif
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    for (int cpu = 0; cpu < NN_CPUS_MAX; cpu++) {
        cpus->may_use[cpu] = cpu < online;
        cpus->core[cpu] = cpu;
    }
}

void nn_cpus_find_cores(nn_cpus *cpus, const char *folder)
{
    for (int cpu = 0; cpu < NN_CPUS_MAX; cpu++) {
        char path[512];
        int lowest;
        if (!cpus->may_use[cpu]) continue;
        cpus->core[cpu] = cpu;
        snprintf(path, sizeof path, "%s/cpu%d/topology/thread_siblings_list", folder ? folder : CPUS_FOLDER,
                 cpu);
        FILE *file = fopen(path, "r");
        if (!file) continue;
        /* "0,64" or "0-1": the first number is the lowest processor. */
        if (fscanf(file, "%d", &lowest) == 1 && lowest >= 0 && lowest <= cpu) cpus->core[cpu] = lowest;
        fclose(file);
    }
}

/* The kernel lists the domain of a processor as a link cpu3/node1. */
static int cpus_domain_of(int cpu, const char *folder)
{
    for (int domain = 0; domain < CPUS_DOMAINS_MAX; domain++) {
        char path[512];
        snprintf(path, sizeof path, "%s/cpu%d/node%d", folder ? folder : CPUS_FOLDER, cpu, domain);
        if (access(path, F_OK) == 0) return domain;
    }
    return 0;
}

int nn_cpus_find_domain(const nn_cpus *cpus, const char *folder)
{
    for (int cpu = 0; cpu < NN_CPUS_MAX; cpu++)
        if (cpus->may_use[cpu]) return cpus_domain_of(cpu, folder);
    return 0;
}

int nn_cpus_count_domains(const nn_cpus *cpus, const char *folder)
{
    bool seen[CPUS_DOMAINS_MAX] = {false};
    int count = 0;
    for (int cpu = 0; cpu < NN_CPUS_MAX; cpu++) {
        if (!cpus->may_use[cpu]) continue;
        int domain = cpus_domain_of(cpu, folder);
        count += !seen[domain];
        seen[domain] = true;
    }
    return count > 0 ? count : 1;
}

static int cpus_whole(double share)
{
    return share < 1 ? 1 : (int)(share + 1e-6);
}

nn_cpus_share nn_cpus_divide(const nn_cpus *cpus, const int *cpu_users, const int *core_users)
{
    bool counted[NN_CPUS_MAX] = {false};
    double cores = 0, threads = 0;
    nn_cpus_share share = {.shared = false};
    for (int cpu = 0; cpu < NN_CPUS_MAX; cpu++) {
        int core = cpus->core[cpu];
        if (!cpus->may_use[cpu]) continue;
        threads += 1.0 / (cpu_users[cpu] > 0 ? cpu_users[cpu] : 1);
        if (counted[core]) continue;
        counted[core] = true;
        cores += 1.0 / (core_users[core] > 0 ? core_users[core] : 1);
        share.shared = share.shared || core_users[core] > 1;
    }
    share.cores = cpus_whole(cores);
    share.threads = cpus_whole(threads);
    return share;
}
