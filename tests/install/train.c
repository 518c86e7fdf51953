/* Training from a program of one's own: train CONFIG RUN_DIR [KEY=VALUE ...], under mpirun. */
#include <inttypes.h>
#include <stdio.h>

#include "nntrain/nntrain_mpi.h"

int main(int argc, char **argv)
{
    int provided, rank;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    nn_status status = NN_ERROR_USAGE;
    nn_train_result result = {0};
    if (argc < 3)
        fprintf(stderr, "train CONFIG RUN_DIR [KEY=VALUE ...]\n");
    else
        status = nn_train(MPI_COMM_WORLD, argv[1], argv[2], (const char *const *)argv + 3, (size_t)argc - 3,
                          &result);
    if (rank == 0 && status == NN_OK)
        printf("%" PRId64 " steps, fingerprint %016" PRIx64 "\n", result.steps, result.fingerprint);
    if (rank == 0 && status != NN_OK && argc >= 3) fprintf(stderr, "train: %s\n", nn_error_text());
    MPI_Finalize();
    return (int)status;
}
