/*
 * Places where tests disturb a run: kill it, stop it, delay it, or flip a bit. They are compiled only into
 * the tests' own program, nntrain_faults; everywhere else nn_fault does nothing.
 *
 * The environment variable NN_FAULT of that program lists what to do, separated by commas:
 *
 *     PLACE[@VISIT][/RANK]=ACTION     commit.renamed@3/1=kill, step.weights@20=flip, step.leaf/2=sleep:300
 *
 * VISIT counts the calls at a place in a process from 1; without it, every visit counts. Without RANK, it
 * applies to all ranks. Actions: kill (SIGKILL), stop (SIGSTOP), sleep:MILLISECONDS, flip (one random bit of
 * the bytes that the place passes; the flip is reported on stderr), flip:BIT (always this bit, like a broken
 * unit; only the first visit is reported).
 */
#ifndef NN_BASE_FAULT_H
#define NN_BASE_FAULT_H

#include <stddef.h>

#ifdef NN_FAULT_INJECTION
/* `bytes` may be NULL if there is nothing to flip. Thread-safe. */
void nn_fault(const char *place, void *bytes, size_t size);

/* The N of the action value:N at a visit of this place, otherwise 0: makes an allocation fail, or sets a
 * property that the machine is assumed to have. */
long nn_fault_value(const char *place);
#else
#define nn_fault(place, bytes, size) ((void)0)
#define nn_fault_value(place) 0L
#endif

#endif
