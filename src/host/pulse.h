/*
 * What this process is doing, as marked by the code that does it and read by the watchdog: relaxed atomics,
 * which cost nothing and order nothing. Any thread may mark progress; phase, step and waiting belong to the
 * main thread.
 */
#ifndef NN_HOST_PULSE_H
#define NN_HOST_PULSE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Counters shared between processes must not need a lock, which would exist in only one process. */
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2 && ATOMIC_INT_LOCK_FREE == 2, "atomics must be lock-free");

typedef enum nn_phase {
    NN_PHASE_SETUP,
    NN_PHASE_DATA,    /* reading, or waiting for the reader */
    NN_PHASE_COMPUTE, /* the gradient of the rank's share */
    NN_PHASE_REDUCE,
    NN_PHASE_UPDATE,
    NN_PHASE_SHARE, /* distributing the weights to all ranks */
    NN_PHASE_EVALUATE,
    NN_PHASE_SAVE,
    NN_PHASE_END,
    NN_PHASES
} nn_phase;

/* "reading data", "computing": completes "is". */
const char *nn_phase_name(nn_phase phase);

/* Marks progress: a microbatch, a block of a file, a part of a checkpoint is done. */
void nn_pulse(void);

/* Begins another phase, which counts as progress. Returns the previous phase. */
nn_phase nn_pulse_phase(nn_phase phase);
void nn_pulse_step(int64_t step); /* number of completed steps */

/* This rank can do nothing until other ranks do something; it can again. Calls nest. */
void nn_pulse_wait(void);
void nn_pulse_go_on(void);

/* The marks of a process. */
typedef struct nn_pulse_marks {
    _Alignas(64) atomic_ullong count; /* never decreases */
    atomic_int phase;
    atomic_int waits; /* above 0: waiting */
    atomic_llong step;
} nn_pulse_marks;

/* From now on, marks are made in `place`, such as memory shared with other processes; NULL: in this process's
 * own memory. Current values are carried over. The old place must remain valid while other threads may still
 * make marks. */
void nn_pulse_move(nn_pulse_marks *place);

#endif
