/* Time limits of jobs, as batch systems write and report them. */
#ifndef NN_HOST_LIMIT_H
#define NN_HOST_LIMIT_H

#include "base/status.h"

/* The forms of a limit, for help and messages. */
#define NN_TIME_LIMIT_FORMS                                                                                  \
    "90 (minutes), 90:00, 1:30:00, 1-12 (days-hours), 1-12:00:00, \"45 s\", \"10 min\", \"2 h\""

/* Parses a limit to seconds: written as for SLURM's --time (minutes, minutes:seconds, hours:minutes:seconds,
 * days-hours, days-hours:minutes, days-hours:minutes:seconds), or as a number with a unit. */
nn_status nn_time_limit_parse(const char *text, double *seconds);

/* When the batch system will end this job, in the units of time(), from SLURM_JOB_END_TIME; 0 if that is not
 * set. Fails if it cannot be parsed, or is in the past, as when a shell inherited it from an earlier
 * allocation. */
nn_status nn_time_limit_of_job(double now, double *end);

#endif
