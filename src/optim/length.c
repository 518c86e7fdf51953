#include "optim/length.h"

#include <math.h>

/* Longer than any run, and small enough to add to a step without overflow. */
#define LENGTH_LONGEST (INT64_C(1) << 60)

int64_t nn_schedule_duration_steps(nn_duration duration, nn_schedule_length length)
{
    const double steps_in_unit[] = {[NN_DURATION_EPOCHS] = (double)length.steps_per_epoch,
                                    [NN_DURATION_STEPS] = 1,
                                    [NN_DURATION_FRACTION] = (double)length.steps,
                                    [NN_DURATION_VALIDATIONS] = (double)length.steps_per_epoch};
    double steps = round(duration.amount * steps_in_unit[duration.unit]);
    return steps < (double)LENGTH_LONGEST ? (int64_t)steps : LENGTH_LONGEST;
}

nn_status nn_schedule_check_duration(const char *name, nn_duration duration)
{
    if (duration.unit == NN_DURATION_VALIDATIONS)
        NN_FAIL(NN_ERROR_USAGE,
                "%s: cannot be counted in validations; give it in epochs, steps or percent of "
                "the run, such as '2 epochs', '100 steps' or '5%%'",
                name);
    if (duration.unit == NN_DURATION_SECONDS)
        NN_FAIL(NN_ERROR_USAGE,
                "%s: a duration in time would make the result depend on the machine's speed; give it in "
                "epochs, steps or percent of the run, such as '2 epochs', '100 steps' or '5%%'",
                name);
    return NN_OK;
}

nn_status nn_schedule_check_validations(const char *name, nn_duration duration)
{
    bool counts = duration.unit == NN_DURATION_VALIDATIONS || duration.unit == NN_DURATION_EPOCHS;
    if (!counts || duration.amount != floor(duration.amount) || duration.amount > 1e9)
        NN_FAIL(NN_ERROR_USAGE, "%s must be a whole number of validations, such as '10 validations'", name);
    return NN_OK;
}
