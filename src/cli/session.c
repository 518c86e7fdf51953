/* MPI from start to end, and the signals that ask for a stop. */
#include "cli/session.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "store/probe.h"

static volatile sig_atomic_t stop_flag;
static bool is_started; /* MPI: at most once in a process */

static void session_on_signal(int signal_number)
{
    nn_log_progress_abandon(); /* mpirun soon kills its ranks */
    if (signal_number == SIGINT && stop_flag) _exit(128 + SIGINT);
    stop_flag = 1;
}

const volatile sig_atomic_t *nn_session_stop_flag(void)
{
    static const int signals[] = {SIGUSR1, SIGTERM, SIGINT};
    struct sigaction action = {.sa_handler = session_on_signal};
    sigemptyset(&action.sa_mask);
    action.sa_flags = SA_RESTART;
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) sigaction(signals[i], &action, NULL);
    return &stop_flag;
}

bool nn_session_is_shared(void)
{
    static const char *const variables[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MPI_LOCALNRANKS",
                                            "SLURM_STEP_NUM_TASKS"};
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        const char *size = getenv(variables[i]);
        if (size && atoi(size) > 1) return true;
    }
    return false;
}

/* What nn_session_run does if `status` is NN_OK on all ranks; otherwise all of them fail. */
static nn_status session_run_after(nn_status status, nn_session_work work, const void *context)
{
    nn_comm *comm = NULL;
    is_started = true;
    NN_TRY(nn_comm_start(NULL, NULL, &comm));
    bool speaks = nn_comm_rank(comm) == 0;
    nn_log_enable(speaks);
    status = nn_comm_agree(comm, status);
    if (status == NN_OK && work) status = work(comm, context);
    /* Before MPI ends: the launcher may kill this rank as soon as another one has exited. */
    if (status != NN_OK && nn_error_text()[0] && speaks) {
        nn_log_failure("%s", nn_error_text());
    }
    nn_error_clear();
    nn_comm_destroy(comm);
    return status;
}

nn_status nn_session_run(nn_session_work work, const void *context)
{
    return session_run_after(NN_OK, work, context);
}

nn_status nn_session_fail(nn_status status)
{
    if (nn_session_is_shared() && !is_started) {
        nn_text first = {0};
        nn_text_append(&first, "%s", nn_error_text());
        nn_status agreed = session_run_after(status, NULL, NULL);
        /* Where MPI did not start either, that is not what was wrong with the command. */
        if (nn_error_text()[0] && first.bytes)
            (void)nn_fail(status, "%s", first.bytes);
        else
            status = agreed;
        nn_text_free(&first);
    }
    if (nn_error_text()[0] && nn_probe_is_first()) nn_log_failure("%s", nn_error_text());
    return status;
}
