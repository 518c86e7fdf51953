/* The number of threads per rank, and their speed. */
#ifndef NN_STEP_STEP_THREADS_H
#define NN_STEP_STEP_THREADS_H

#include "comm/comm.h"
#include "host/threads.h"
#include "nn/network.h"

/* The processors of this process, and their cores, also where OpenMP has bound the calling thread to a few of
 * them. */
void nn_step_threads_cpus(nn_cpus *cpus);
/* Threads per rank, by nn_threads_decide, where `ranks_per_node` ranks share the cores available to this
 * process; 0: where this process has its own. Warns about variables that are ignored. Collective over the
 * node. */
nn_threads_decision nn_step_threads_find(nn_comm *comm, int64_t configured, int ranks_per_node,
                                         nn_cpus_share *share);
/* Warns where more threads than cores run, or threads of several ranks are bound to the same cores.
 * Collective. */
void nn_step_threads_warn(nn_comm *comm, int threads, const nn_cpus_share *share);
/* The threads of this rank, started once to see that it works; warns like nn_step_threads_warn. Collective.
 */
nn_status nn_step_threads_choose(nn_comm *comm, int64_t configured, int *threads);
/* FLOP/s of the fastest matrix product in the network's precision (tensor/peak.h), on all threads of all
 * ranks at the same time. Collective. */
nn_status nn_step_threads_peak(nn_comm *comm, const nn_network *network, int threads, double seconds,
                               double *peak);

#endif
