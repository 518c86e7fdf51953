#include "step/team_mode.h"

#include <omp.h>
#include <stdbool.h>

#include "base/memory.h"
#include "host/surroundings.h"

/* One run computes at a time in a process. By thread of the team: OpenMP keeps its threads in their places. */
static nn_float_mode *team_modes;
static int team_threads;
static bool team_is_entered;

nn_status nn_team_mode_enter(int threads)
{
    nn_team_mode_leave();
    if (threads > team_threads) {
        nn_free(team_modes);
        team_threads = 0;
        NN_TRY(NN_ALLOCATE(&team_modes, threads, "the floating-point modes of threads"));
        team_threads = threads;
    }
    nn_team_mode_resume();
    return NN_OK;
}

void nn_team_mode_resume(void)
{
    if (team_threads == 0 || team_is_entered) return;
#pragma omp parallel num_threads(team_threads)
    nn_float_mode_enter(&team_modes[omp_get_thread_num()]);
    team_is_entered = true;
}

void nn_team_mode_leave(void)
{
    if (!team_is_entered) return;
#pragma omp parallel num_threads(team_threads)
    nn_float_mode_leave(&team_modes[omp_get_thread_num()]);
    team_is_entered = false;
}
