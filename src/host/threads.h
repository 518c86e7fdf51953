/* The number of threads per rank, and their stacks: OpenMP's variables are read only here. */
#ifndef NN_HOST_THREADS_H
#define NN_HOST_THREADS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* Per rank, whatever is requested. OpenBLAS has two buffers for each thread that it was built for, 128 in all
 * where it was built for 64, as Debian's. When more products are computed at the same time it adds buffers
 * while others search for theirs, and may crash. */
#define NN_THREADS_MAX 128

/* Minimum stack of a thread that computes. */
#define NN_THREADS_STACK ((size_t)512 * 1024)

typedef struct nn_threads_given {
    int64_t configured;   /* training.threads; 0: not given */
    const char *variable; /* OMP_NUM_THREADS; NULL: not set */
    int limit;            /* OpenMP's own limit (OMP_THREAD_LIMIT); 0: none */
    int cores;            /* available to this rank */
} nn_threads_given;

typedef enum nn_threads_source {
    NN_THREADS_CONFIGURED,
    NN_THREADS_VARIABLE,
    NN_THREADS_CORES
} nn_threads_source;

typedef struct nn_threads_decision {
    int threads;
    nn_threads_source source;
    bool ignored; /* the variable is set but not a number of threads: ignored */
    bool limited; /* the limit is lower than the requested number */
} nn_threads_decision;

/* training.threads, otherwise OMP_NUM_THREADS (the first number of a list such as "4,2", for the outermost
 * threads; empty counts as unset), otherwise the rank's cores; never more than the limit. */
nn_threads_decision nn_threads_decide(nn_threads_given given);

/* Parses a stack size as OMP_STACKSIZE gives it: a number with B, K, M or G, or of KiB. Returns bytes; 0:
 * invalid. */
size_t nn_threads_stack_size(const char *text);

/* Bytes of stack that OpenMP gives a thread: OMP_STACKSIZE, otherwise GOMP_STACKSIZE, otherwise the system's
 * default. */
size_t nn_threads_stack(void);

/* Whether this process can have `threads` threads with that stack, including its own: starts them once.
 * OpenMP itself would end the process without saying what to do. */
nn_status nn_threads_try(int threads, size_t stack);

/* As pthread_create, for helper threads: the thread blocks all signals, so that they go to the threads that
 * expect them; its texts have the decimal point of C. Returns the error, or 0. */
int nn_threads_start(pthread_t *thread, void *(*run)(void *), void *context);

#endif
