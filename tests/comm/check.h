/* Checks for programs that run under mpirun: a failed one is printed, counted, and agreed on at the end. */
#ifndef NN_TESTS_COMM_CHECK_H
#define NN_TESTS_COMM_CHECK_H

#include <stdio.h>

#include "comm/comm.h"

static int check_failures = 0;

#define CHECK(condition, ...)                                                                                \
    do {                                                                                                     \
        if (!(condition) && check_failures++ < 10) {                                                         \
            fprintf(stderr, "%s:%d: ", __FILE__, __LINE__);                                                  \
            fprintf(stderr, __VA_ARGS__);                                                                    \
            fputc('\n', stderr);                                                                             \
        }                                                                                                    \
    } while (0)

#define CHECK_OK(call)                                                                                       \
    do {                                                                                                     \
        nn_status check_status = (call);                                                                     \
        CHECK(check_status == NN_OK, "%s: status %d, %s", #call, (int)check_status, nn_error_text());        \
    } while (0)

/* The exit code: 0 when no rank has failed a check. Ends MPI. */
static inline int check_end(nn_comm *comm)
{
    int64_t failures = check_failures;
    nn_status status = nn_comm_maximum(comm, &failures, 1);

    nn_comm_destroy(comm);
    return status == NN_OK && failures == 0 ? 0 : 1;
}

#endif
