#include <omp.h>

#include "base/log.h"
#include "step/team_mode.h"
#include "tensor/matrix.h"
#include "train/host.h"

void nn_host_enter(nn_comm *comm, nn_host *host)
{
    *host = (nn_host){
        .blas_threads = nn_matrix_threads(), .dynamic = omp_get_dynamic(), .speaks = nn_log_enabled()};
    nn_surroundings_enter(&host->surroundings);
    nn_store_printing_keep(&host->printing);
    nn_log_enable(nn_log_chosen(nn_comm_rank(comm)));
}

void nn_host_resume(nn_comm *comm, nn_host *host)
{
    nn_host_enter(comm, host);
    nn_matrix_set_threads(1);
    omp_set_dynamic(0);
    nn_team_mode_resume();
}

void nn_host_leave(const nn_host *host)
{
    nn_matrix_set_threads(host->blas_threads);
    omp_set_dynamic(host->dynamic);
    nn_store_printing_restore(&host->printing);
    nn_log_enable(host->speaks);
    nn_team_mode_leave();
    nn_surroundings_leave(&host->surroundings);
}
