#include "host/pulse.h"

#include <stddef.h>

static nn_pulse_marks pulse_own;
static _Atomic(nn_pulse_marks *) pulse_place = &pulse_own;

static nn_pulse_marks *pulse_marks(void)
{
    return atomic_load_explicit(&pulse_place, memory_order_acquire);
}

const char *nn_phase_name(nn_phase phase)
{
    static const char *const names[NN_PHASES] = {
        [NN_PHASE_SETUP] = "setting up",
        [NN_PHASE_DATA] = "reading data",
        [NN_PHASE_COMPUTE] = "computing",
        [NN_PHASE_REDUCE] = "summing gradients",
        [NN_PHASE_UPDATE] = "updating weights",
        [NN_PHASE_SHARE] = "sharing weights",
        [NN_PHASE_EVALUATE] = "evaluating",
        [NN_PHASE_SAVE] = "saving a checkpoint",
        [NN_PHASE_END] = "ending",
    };
    return (unsigned)phase < NN_PHASES ? names[phase] : "unknown";
}

void nn_pulse(void)
{
    atomic_fetch_add_explicit(&pulse_marks()->count, 1, memory_order_relaxed);
}

nn_phase nn_pulse_phase(nn_phase phase)
{
    nn_pulse();
    return (nn_phase)atomic_exchange_explicit(&pulse_marks()->phase, (int)phase, memory_order_relaxed);
}

void nn_pulse_step(int64_t step)
{
    atomic_store_explicit(&pulse_marks()->step, step, memory_order_relaxed);
}

void nn_pulse_wait(void)
{
    nn_pulse();
    atomic_fetch_add_explicit(&pulse_marks()->waits, 1, memory_order_relaxed);
}

void nn_pulse_go_on(void)
{
    atomic_fetch_sub_explicit(&pulse_marks()->waits, 1, memory_order_relaxed);
    nn_pulse();
}

void nn_pulse_move(nn_pulse_marks *place)
{
    nn_pulse_marks *from = pulse_marks(), *to = place ? place : &pulse_own;
    if (from == to) return;
    atomic_store_explicit(&to->phase, atomic_load_explicit(&from->phase, memory_order_relaxed),
                          memory_order_relaxed);
    atomic_store_explicit(&to->waits, atomic_load_explicit(&from->waits, memory_order_relaxed),
                          memory_order_relaxed);
    atomic_store_explicit(&to->step, atomic_load_explicit(&from->step, memory_order_relaxed),
                          memory_order_relaxed);
    atomic_store_explicit(&pulse_place, to, memory_order_release);
}
