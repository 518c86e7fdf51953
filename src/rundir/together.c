#include "rundir/together.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/list.h"
#include "base/memory.h"
#include "host/clock.h"
#include "host/files.h"
#include "host/pulse.h"
#include "store/kept.h"

#define TOGETHER_NAME "nodes"
#define TOGETHER_TOKEN 128
#define TOGETHER_PATH (NN_PATH_SIZE + 32)

/* A network file system may hide a new file for this long: what it knows of a folder is out of date until
 * then. */
#define TOGETHER_SECONDS 65.0

/* No two jobs, and no two attempts of one, have the same. */
static void together_make_token(const nn_comm *comm, char token[TOGETHER_TOKEN])
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    memset(token, 0, TOGETHER_TOKEN);
    snprintf(token, TOGETHER_TOKEN, "%.60s %ld %lld.%09ld", nn_comm_host(comm), (long)getpid(),
             (long long)now.tv_sec, now.tv_nsec);
}

/* Whether the file has the token now. Listing the folder makes some file systems look again. */
static bool together_sees(const char *folder, const char *path, const char *token)
{
    nn_text_list names;
    void *text = NULL;
    size_t size;
    bool there;
    if (nn_folder_list(folder, &names, &there) == NN_OK) nn_list_release(&names);
    bool sees = nn_file_exists(path, &there) == NN_OK && there &&
                nn_file_load(path, TOGETHER_TOKEN, "a token", &text, &size) == NN_OK &&
                strcmp(text, token) == 0;
    nn_free(text);
    nn_error_clear();
    return sees;
}

static nn_status together_look(const char *folder, const char *path, const char *token)
{
    double began = nn_seconds(), patience = TOGETHER_SECONDS;
    long milliseconds = 10;
    if (nn_fault_value("together.seconds") > 0) patience = (double)nn_fault_value("together.seconds");
    while (!together_sees(folder, path, token)) {
        struct timespec pause = {milliseconds / 1000, milliseconds % 1000 * 1000000};
        if (nn_seconds() - began > patience)
            NN_FAIL(NN_ERROR_IO,
                    "does not see %s, which rank 0 has just written there: the nodes do not share the run "
                    "directory, so they cannot write the parts of a checkpoint; choose a --run-dir on a file "
                    "system that all nodes share, or let rank 0 write all of it, with a larger "
                    "checkpoint.shard_size",
                    path);
        nanosleep(&pause, NULL);
        nn_pulse();
        if (milliseconds < 1000) milliseconds *= 2;
    }
    return NN_OK;
}

nn_status nn_together_prove(nn_comm *comm, const char *run_directory)
{
    char token[TOGETHER_TOKEN], path[TOGETHER_PATH];
    bool first = nn_comm_rank(comm) == 0, leads = nn_comm_node_rank(comm) == 0;
    nn_status status = NN_OK;
    snprintf(path, sizeof path, "%.4000s/" TOGETHER_NAME, run_directory);
    if (first) {
        together_make_token(comm, token);
        status = nn_store_commit(path, token, strlen(token));
    }
    NN_TRY(nn_comm_agree(comm, status));
    NN_TRY(nn_comm_broadcast(comm, token, sizeof token, 0));
    status = nn_comm_agree(comm, leads && !first ? together_look(run_directory, path, token) : NN_OK);
    if (first) unlink(path);
    return status;
}
