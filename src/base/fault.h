/*
 * Places where tests break a run: kill it, stop it, delay it, or flip a bit. They are compiled in only in the
 * tests' own program, nntrain_faults; everywhere else nn_fault is nothing.
 *
 * The environment variable NN_FAULT of that program lists what happens, separated by commas:
 *
 *     PLACE[@VISIT][/RANK]=ACTION     commit.renamed@3/1=kill, step.weights@20=flip, step.leaf/2=sleep:300
 *
 * VISIT counts the calls of a place in a process from 1; without it every visit counts. Without a RANK all
 * ranks do it. Actions: kill (SIGKILL), stop (SIGSTOP), sleep:MILLISECONDS, flip (one bit, chosen at random,
 * of the bytes that the place passes; what was flipped is told on stderr), flip:BIT (always that one, as a
 * broken unit does; the first visit is told).
 */
#ifndef NN_BASE_FAULT_H
#define NN_BASE_FAULT_H

#include <stddef.h>

#ifdef NN_FAULT_INJECTION
/* `bytes` may be NULL where there is nothing to flip. Thread-safe. */
void nn_fault(const char *place, void *bytes, size_t size);

/* The N of the action value:N at a visit of this place, 0 elsewhere: an allocation that fails, or what the
 * machine is taken for. */
long nn_fault_value(const char *place);
#else
#define nn_fault(place, bytes, size) ((void)0)
#define nn_fault_value(place) 0L
#endif

#endif
