/* The pulse of a step. */
#include "step/observer.h"

#include "host/pulse.h"

static nn_status pulse_begin(void *context, const nn_step_progress *progress)
{
    (void)context;
    nn_pulse_step(progress->step);
    nn_pulse_phase(NN_PHASE_COMPUTE);
    return NN_OK;
}

static nn_status pulse_computed(void *context, const nn_step_progress *progress)
{
    (void)context, (void)progress;
    nn_pulse_phase(NN_PHASE_REDUCE);
    return NN_OK;
}

static nn_status pulse_agreed(void *context, const nn_step_progress *progress)
{
    (void)context, (void)progress;
    nn_pulse_phase(NN_PHASE_UPDATE);
    return NN_OK;
}

static nn_status pulse_updated(void *context, const nn_step_progress *progress)
{
    (void)context, (void)progress;
    nn_pulse_phase(NN_PHASE_SHARE);
    return NN_OK;
}

const nn_step_observer nn_step_pulse = {
    .at = {[NN_SEAM_BEGIN] = pulse_begin,
           [NN_SEAM_COMPUTED] = pulse_computed,
           [NN_SEAM_AGREED] = pulse_agreed,
           [NN_SEAM_UPDATED] = pulse_updated},
};
