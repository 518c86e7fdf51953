/*
 * The floating-point mode of OpenMP's threads. Those that the program around this library has started have
 * its mode, which may trap; those that start during a run have the mode of the calling thread.
 */
#ifndef NN_STEP_TEAM_MODE_H
#define NN_STEP_TEAM_MODE_H

#include "base/status.h"

/* Gives a team of this size the default mode, and keeps the one that each had. */
nn_status nn_team_mode_enter(int threads);

/* The same for the largest team so far, after a leave. */
void nn_team_mode_resume(void);

/* Puts it back; does nothing if there was no enter. */
void nn_team_mode_leave(void);

#endif
