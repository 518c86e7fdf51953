/* How many threads a rank has, and how fast they are. */
#include <omp.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"
#include "tensor/matrix.h"
#include "train/run.h"

/* Square products for the peak: of this size, or larger where there is a second to spare. */
#define PEAK_SMALL 512
#define PEAK_LARGE 2048

int nn_threads_choose(nn_comm *comm, int64_t configured)
{
    int cores = nn_comm_cores_per_rank(comm, NULL);
    const char *variable = getenv("OMP_NUM_THREADS");
    int64_t threads = configured ? configured : variable ? strtol(variable, NULL, 10) : cores;
    if (threads < 1) threads = 1;
    int64_t most[2] = {threads > cores ? threads : 0, cores};
    if (nn_comm_maximum(comm, most, 2) == NN_OK && most[0] > 0)
        nn_log_warning(
            "%lld threads a rank share %lld core%s: this is slow; give a rank more cores (mpirun --map-by "
            "slot:PE=%lld) or set OMP_NUM_THREADS=%lld",
            (long long)most[0], (long long)most[1], most[1] == 1 ? "" : "s", (long long)most[0],
            (long long)most[1]);
    return (int)threads;
}

nn_status nn_threads_peak(nn_comm *comm, int threads, double seconds, double *peak)
{
    *peak = 0;
    if (seconds <= 0) return NN_OK;
    int size = nn_comm_size(comm);
    double own = 0, *rates = NULL;
    size_t *sizes = NULL;
    nn_status status;
    NN_TRY_TO(done, status, nn_comm_agree(comm, NN_ALLOCATE(&rates, size, "the matrix rates of ranks")));
    NN_TRY_TO(done, status, nn_comm_agree(comm, NN_ALLOCATE(&sizes, size, "the matrix rates of ranks")));
    for (int r = 0; r < size; r++) sizes[r] = sizeof *rates;
    NN_TRY_TO(done, status, nn_comm_barrier(comm));
#pragma omp parallel num_threads(threads) reduction(+ : own)
    own += nn_matrix_peak(seconds < 1 ? PEAK_SMALL : PEAK_LARGE, seconds);
    NN_TRY_TO(done, status, nn_comm_gather_all(comm, &own, sizes, rates));
    for (int r = 0; r < size; r++) *peak += rates[r];
done:
    nn_free(rates);
    nn_free(sizes);
    return status;
}
