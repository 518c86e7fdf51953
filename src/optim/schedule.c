/* Learning-rate schedules: warm-up, and durations in steps. */
#include "optim/schedule.h"

#include <math.h>

#include "optim/duration.h"

int64_t nn_duration_steps(nn_duration duration, nn_run_length length)
{
    const double steps_in_unit[] = {[NN_DURATION_EPOCHS] = (double)length.steps_per_epoch,
                                    [NN_DURATION_STEPS] = 1,
                                    [NN_DURATION_FRACTION] = (double)length.steps};
    double steps = round(duration.amount * steps_in_unit[duration.unit]);
    return steps < (double)length.steps ? (int64_t)steps : length.steps;
}

nn_status nn_duration_check(const char *name, nn_duration duration)
{
    if (duration.unit == NN_DURATION_SECONDS)
        NN_FAIL(NN_ERROR_USAGE,
                "%s is given in time, which would make the result depend on the machine's speed; give it in "
                "epochs, steps or percent of the run, such as '2 epochs', '100 steps' or '5%%'",
                name);
    return NN_OK;
}

nn_status nn_duration_check_epochs(const char *name, nn_duration duration)
{
    if (duration.unit != NN_DURATION_EPOCHS || duration.amount != floor(duration.amount) ||
        duration.amount > 1e9)
        NN_FAIL(NN_ERROR_USAGE, "%s counts ends of epochs; give it in whole epochs, such as '10 epochs'",
                name);
    return NN_OK;
}

int64_t nn_schedule_warmup_steps(const void *options, nn_run_length length)
{
    const nn_duration *warmup = options;
    return nn_duration_steps(*warmup, length);
}

double nn_schedule_factor(const nn_schedule_type *type, const void *options, const nn_schedule_memory *memory,
                          int64_t step, nn_run_length length)
{
    int64_t warmup = nn_schedule_warmup_steps(options, length);
    if (step < warmup) return (double)(step + 1) / (double)warmup;
    length.steps -= warmup;
    return type->factor(options, memory, step - warmup, length);
}

void nn_schedule_observe(const nn_schedule_type *type, const void *options, nn_schedule_memory *memory,
                         double value, bool higher_is_better)
{
    if (type->observe) type->observe(options, memory, value, higher_is_better);
}
