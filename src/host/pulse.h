/*
 * What this process does, told by those who do it and read by the watchdog: relaxed atomics, which cost
 * nothing and order nothing. Any thread may mark progress; phase, step and waiting are the main thread's.
 */
#ifndef NN_HOST_PULSE_H
#define NN_HOST_PULSE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Counters that processes share must need no lock, which would be of one process. */
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2 && ATOMIC_INT_LOCK_FREE == 2, "atomics must be lock-free");

typedef enum nn_phase {
    NN_PHASE_SETUP,
    NN_PHASE_DATA,    /* reading, or waiting for what is read */
    NN_PHASE_COMPUTE, /* the gradient of a share */
    NN_PHASE_REDUCE,
    NN_PHASE_UPDATE,
    NN_PHASE_SHARE, /* the weights back to all */
    NN_PHASE_EVALUATE,
    NN_PHASE_SAVE,
    NN_PHASE_END,
    NN_PHASES
} nn_phase;

/* "reading data", "computing": completes "is". */
const char *nn_phase_name(nn_phase phase);

/* Something has moved: a microbatch, a block of a file, a piece of a checkpoint. */
void nn_pulse(void);

/* Another phase begins, which is progress. Returns the one before. */
nn_phase nn_pulse_phase(nn_phase phase);
void nn_pulse_step(int64_t step); /* steps done */

/* From here on this rank can do nothing before other ranks do something; and no longer. They nest. */
void nn_pulse_wait(void);
void nn_pulse_go_on(void);

/* The marks of a process. */
typedef struct nn_pulse_marks {
    _Alignas(64) atomic_ullong count; /* it only grows */
    atomic_int phase;
    atomic_int waits; /* above 0: it waits */
    atomic_llong step;
} nn_pulse_marks;

/* From now on marks are made in `place`, such as memory that other processes see; NULL: in this process's
 * own. What they say goes with them. While threads other than the caller's make marks, the old place must
 * last. */
void nn_pulse_move(nn_pulse_marks *place);

#endif
