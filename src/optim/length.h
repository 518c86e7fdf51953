/* The length of a run, and durations in steps of it. */
#ifndef NN_OPTIM_LENGTH_H
#define NN_OPTIM_LENGTH_H

#include <stdint.h>

#include "base/options.h"
#include "base/status.h"

/* The length of the run, for converting durations into steps. */
typedef struct nn_schedule_length {
    int64_t steps; /* of the complete run */
    int64_t steps_per_epoch;
} nn_schedule_length;

/* The duration in steps, rounded to nearest; validations are taken for epochs. It may be longer than the run;
 * only percentages depend on the run's length. */
int64_t nn_schedule_duration_steps(nn_duration duration, nn_schedule_length length);

/* Fails for a duration in validations, and for one in seconds: the number of steps would depend on the
 * machine. name: of the option. */
nn_status nn_schedule_check_duration(const char *name, nn_duration duration);

/* Fails unless the duration is an integer number of validations, or of epochs: for options that count
 * validations. */
nn_status nn_schedule_check_validations(const char *name, nn_duration duration);

#endif
