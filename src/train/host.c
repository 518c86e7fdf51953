#include <omp.h>

#include "base/log.h"
#include "tensor/matrix.h"
#include "train/host.h"

void nn_host_enter(nn_comm *comm, nn_host *host)
{
    *host = (nn_host){
        .blas_threads = nn_matrix_threads(), .dynamic = omp_get_dynamic(), .speaks = nn_log_enabled()};
    nn_store_printing_keep(&host->printing);
    nn_log_enable(nn_log_chosen(nn_comm_rank(comm)));
}

void nn_host_leave(const nn_host *host)
{
    nn_matrix_set_threads(host->blas_threads);
    omp_set_dynamic(host->dynamic);
    nn_store_printing_restore(&host->printing);
    nn_log_enable(host->speaks);
}
