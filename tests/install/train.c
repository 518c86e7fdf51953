/* Training from a program of one's own: train CONFIG RUN_DIR [KEY=VALUE ...], under mpirun. NN_TEST_LOG=all
 * or none lets other ranks speak. What the run has changed in this process is printed. */
#define _XOPEN_SOURCE 700
#include <fenv.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nntrain/nntrain_mpi.h"

/* What a program would be surprised to find changed. */
typedef struct surroundings {
    struct sigaction actions[32];
    sigset_t blocked;
    mode_t mask;
    char folder[4096];
    int rounding;
} surroundings;

static surroundings look_around(void)
{
    static surroundings seen;
    memset(&seen, 0, sizeof seen);
    for (int i = 1; i < 32; i++) sigaction(i, NULL, &seen.actions[i]);
    sigprocmask(SIG_SETMASK, NULL, &seen.blocked);
    seen.mask = umask(0);
    umask(seen.mask);
    if (!getcwd(seen.folder, sizeof seen.folder)) seen.folder[0] = '\0';
    seen.rounding = fegetround();
    return seen;
}

static void compare(const surroundings *before)
{
    surroundings after = look_around();
    for (int i = 1; i < 32; i++)
        if (before->actions[i].sa_handler != after.actions[i].sa_handler)
            printf("changed: the handler of signal %d\n", i);
    if (memcmp(&before->blocked, &after.blocked, sizeof after.blocked) != 0)
        puts("changed: the blocked signals");
    if (before->mask != after.mask) puts("changed: umask");
    if (strcmp(before->folder, after.folder) != 0) puts("changed: the working directory");
    if (before->rounding != after.rounding) puts("changed: the rounding mode");
}

int main(int argc, char **argv)
{
    int provided, rank;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    nn_status status = NN_ERROR_USAGE;
    nn_train_result result = {0};
    const char *log = getenv("NN_TEST_LOG");
    if (log) nn_set_log_ranks(strcmp(log, "all") == 0 ? NN_LOG_ALL_RANKS : NN_LOG_NO_RANK);
    surroundings before = look_around();
    if (argc < 3)
        fprintf(stderr, "train CONFIG RUN_DIR [KEY=VALUE ...]\n");
    else
        status = nn_train(MPI_COMM_WORLD, argv[1], argv[2], (const char *const *)argv + 3, (size_t)argc - 3,
                          &result);
    compare(&before);
    if (rank == 0 && status == NN_OK)
        printf("%" PRId64 " steps, fingerprint %016" PRIx64 "\n", result.steps, result.fingerprint);
    if (rank == 0 && status != NN_OK && argc >= 3) fprintf(stderr, "train: %s\n", nn_error_text());
    MPI_Finalize();
    return (int)status;
}
