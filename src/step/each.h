/* The threads of a rank at work on independent tasks. */
#ifndef NN_STEP_EACH_H
#define NN_STEP_EACH_H

#include <stdint.h>

/* Task number `index`, by thread number `thread` of the team. */
typedef void (*nn_step_task)(void *context, int64_t index, int thread);

/* Runs tasks 0 to count - 1 on `threads` threads, in any order; returns when all are done. */
void nn_step_each(int threads, int64_t count, nn_step_task task, void *context);

#endif
