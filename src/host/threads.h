/* How many threads a rank has, and the stack of each: what the variables of OpenMP say, read in one place. */
#ifndef NN_HOST_THREADS_H
#define NN_HOST_THREADS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* Of a rank, whatever is asked for: OpenBLAS ends the process where many more compute at the same time. */
#define NN_THREADS_MAX 512

/* The least stack of a thread that computes. */
#define NN_THREADS_STACK ((size_t)512 * 1024)

typedef struct nn_threads_given {
    int64_t configured;   /* training.threads; 0: not given */
    const char *variable; /* OMP_NUM_THREADS; NULL: not set */
    int limit;            /* what OpenMP allows at most (OMP_THREAD_LIMIT); 0: no limit */
    int cores;            /* of this rank */
} nn_threads_given;

typedef enum nn_threads_source {
    NN_THREADS_CONFIGURED,
    NN_THREADS_VARIABLE,
    NN_THREADS_CORES
} nn_threads_source;

typedef struct nn_threads_decision {
    int threads;
    nn_threads_source source;
    bool ignored; /* the variable is not empty, and not a number of threads: it does not count */
    bool limited; /* the limit is lower than what was asked for */
} nn_threads_decision;

/* training.threads, else OMP_NUM_THREADS (of a list such as "4,2" the first, for the outermost threads; an
 * empty one counts as not set), else the cores of the rank; never more than the limit. */
nn_threads_decision nn_threads_decide(nn_threads_given given);

/* Bytes of a stack as OMP_STACKSIZE has it: a number with B, K, M or G, or of KiB. 0: it is none. */
size_t nn_threads_stack_size(const char *text);

/* Bytes of stack that OpenMP gives a thread: OMP_STACKSIZE, else GOMP_STACKSIZE, else the system's. */
size_t nn_threads_stack(void);

/* Whether this process can have `threads` threads with that stack, its own included: starts them once. OpenMP
 * would end the process without a word of what to do. */
nn_status nn_threads_try(int threads, size_t stack);

/* As pthread_create, for helpers: the thread takes no signals, which stay with the threads that expect them.
 * Returns the error, or 0. */
int nn_threads_start(pthread_t *thread, void *(*run)(void *), void *context);

#endif
