/* Choosing the number of threads, and measuring their speed. */
#include <omp.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"
#include "host/threads.h"
#include "step/step_threads.h"
#include "step/team_mode.h"
#include "tensor/arithmetic.h"

/* The size of the square products for the peak; the larger where at least a second is allowed. */
#define PEAK_SMALL 512
#define PEAK_LARGE 2048

/* Where OpenMP binds threads, it has bound this one to the first place already: its mask is not that of the
 * process. All places together are. */
void nn_step_threads_cpus(nn_cpus *cpus)
{
    int places = omp_get_proc_bind() == omp_proc_bind_false ? 0 : omp_get_num_places();
    nn_cpus_of_thread(cpus);
    for (int cpu = 0; places > 0 && cpu < NN_CPUS_MAX; cpu++) cpus->may_use[cpu] = false;
    for (int place = 0; place < places; place++) {
        int ids[NN_CPUS_MAX], count = omp_get_place_num_procs(place);
        if (count > NN_CPUS_MAX) continue;
        omp_get_place_proc_ids(place, ids);
        for (int i = 0; i < count; i++)
            if (ids[i] >= 0 && ids[i] < NN_CPUS_MAX) cpus->may_use[ids[i]] = true;
    }
    nn_cpus_find_cores(cpus, NULL);
}

/* The most that OpenMP would start. */
static int threads_limit(void)
{
    return omp_get_max_active_levels() > 0 ? omp_get_thread_limit() : 1;
}

nn_threads_decision nn_step_threads_find(nn_comm *comm, int64_t configured, int ranks_per_node,
                                         nn_cpus_share *share)
{
    nn_cpus cpus;
    nn_step_threads_cpus(&cpus);
    *share = nn_comm_cores_per_rank(comm, &cpus);
    if (ranks_per_node > 1) {
        share->cores = share->cores > ranks_per_node ? share->cores / ranks_per_node : 1;
        share->threads = share->threads > ranks_per_node ? share->threads / ranks_per_node : 1;
    }
    const char *variable = getenv("OMP_NUM_THREADS");
    nn_threads_decision decision =
        nn_threads_decide((nn_threads_given){configured, variable, threads_limit(), share->cores});
    if (decision.ignored)
        nn_log_warning(
            "OMP_NUM_THREADS=%s is not a number of threads; ignored: using %d threads per rank, one per core",
            variable, decision.threads);
    if (decision.limited && decision.threads == NN_THREADS_MAX)
        nn_log_warning(
            "a rank uses at most %d threads, fewer than requested: start more ranks where a node has "
            "more cores, or set OMP_NUM_THREADS or training.threads to fewer",
            NN_THREADS_MAX);
    else if (decision.limited)
        nn_log_warning(
            "OpenMP allows %d thread%s per rank, fewer than requested: raise OMP_THREAD_LIMIT, and "
            "make sure that OMP_MAX_ACTIVE_LEVELS is not 0",
            decision.threads, decision.threads > 1 ? "s" : "");
    return decision;
}

void nn_step_threads_warn(nn_comm *comm, int threads, const nn_cpus_share *share)
{
    bool binds = omp_get_proc_bind() != omp_proc_bind_false && share->shared;
    int64_t most[3] = {threads > share->threads ? threads : 0, share->threads, binds};
    if (nn_comm_maximum(comm, most, 3) != NN_OK) return;
    if (most[0] > 0)
        nn_log_warning("%lld threads per rank share %lld core%s: this is slow; give each rank more cores "
                       "(mpirun --map-by slot:PE=%lld) or set OMP_NUM_THREADS=%lld",
                       (long long)most[0], (long long)most[1], most[1] == 1 ? "" : "s", (long long)most[0],
                       (long long)most[1]);
    if (most[2] > 0)
        nn_log_warning(
            "OMP_PROC_BIND or OMP_PLACES binds the threads of several ranks to the same cores: this is "
            "slow; give each rank cores of its own (mpirun --map-by slot:PE=%d --bind-to core) or "
            "set OMP_PROC_BIND=false",
            threads);
}

nn_status nn_step_threads_choose(nn_comm *comm, int64_t configured, int *threads)
{
    nn_cpus_share share;
    omp_set_dynamic(0); /* as many as are asked for, whatever the load is */
    *threads = nn_step_threads_find(comm, configured, 0, &share).threads;
    nn_step_threads_warn(comm, *threads, &share);
    nn_status status = nn_threads_try(*threads, nn_threads_stack());
    if (status == NN_OK) status = nn_team_mode_enter(*threads);
    return nn_comm_agree(comm, status);
}

nn_status nn_step_threads_peak(nn_comm *comm, const nn_network *network, int threads, double seconds,
                               double *peak)
{
    *peak = 0;
    if (seconds <= 0) return NN_OK;
    const nn_tensor_arithmetic *tensor = nn_tensor_arithmetic_of(network->scalar);
    int size = nn_comm_size(comm);
    double own = 0, *rates = NULL;
    nn_status status;
    NN_TRY_TO(done, status, nn_comm_agree(comm, NN_ALLOCATE(&rates, size, "the matrix rates of ranks")));
    NN_TRY_TO(done, status, nn_comm_barrier(comm));
#pragma omp parallel num_threads(threads) reduction(+ : own)
    own += tensor->peak(network->engine, seconds < 1 ? PEAK_SMALL : PEAK_LARGE, seconds);
    NN_TRY_TO(done, status, nn_comm_gather_equal(comm, &own, sizeof own, rates));
    for (int r = 0; r < size; r++) *peak += rates[r];
done:
    nn_free(rates);
    return status;
}
