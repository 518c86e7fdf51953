/* How many threads a rank has, and how fast they are. */
#ifndef NN_STEP_THREADS_H
#define NN_STEP_THREADS_H

#include "base/real.h"
#include "comm/comm.h"
#include "host/threads.h"

/* Threads of each of `ranks_per_node` ranks that share what this process may use, as nn_threads_decide has
 * them; 0: of this rank, by its own share. Warns of variables that do not count. Collective over the node. */
nn_threads_decision nn_threads_find(nn_comm *comm, int64_t configured, int ranks_per_node,
                                    nn_cpus_share *share);
/* Warns where cores are shared out more than once: one rank of a node may have fewer than others. Collective.
 */
void nn_threads_warn(nn_comm *comm, int threads, const nn_cpus_share *share);
/* Threads of this rank, started once to see that they can be had; warns as nn_threads_warn. Collective. */
nn_status nn_threads_choose(nn_comm *comm, int64_t configured, int *threads);
/* FLOP/s of a square product on all threads of all ranks at the same time. Collective. */
nn_status nn_threads_peak(nn_comm *comm, int threads, double seconds, double *peak);

#endif
