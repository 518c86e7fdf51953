/* Time limits of jobs, as batch systems write and tell them. */
#ifndef NN_HOST_LIMIT_H
#define NN_HOST_LIMIT_H

#include "base/status.h"

/* The forms of a limit, for help and messages. */
#define NN_TIME_LIMIT_FORMS                                                                                  \
    "90 (minutes), 90:00, 1:30:00, 1-12 (days-hours), 1-12:00:00, \"45 s\", \"10 min\", \"2 h\""

/* Seconds of a limit written as for SLURM's --time (minutes, minutes:seconds, hours:minutes:seconds,
 * days-hours, days-hours:minutes, days-hours:minutes:seconds), or as a number with a unit. */
nn_status nn_time_limit_parse(const char *text, double *seconds);

/* When the batch system ends this job, by time(): SLURM_JOB_END_TIME; 0 where nothing is told. An end that
 * has passed, as a shell of an earlier allocation may hand down, and one that cannot be read are a failure.
 */
nn_status nn_time_limit_of_job(double now, double *end);

#endif
