/* The clock for measuring durations. */
#ifndef NN_HOST_CLOCK_H
#define NN_HOST_CLOCK_H

/* Seconds on the monotonic clock, from an arbitrary start. */
double nn_seconds(void);

#endif
