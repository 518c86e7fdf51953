#include "rundir/damaged.h"

#include "base/memory.h"

nn_status nn_damaged_add(nn_damaged *damaged, int64_t step)
{
    NN_TRY(nn_reallocate((void **)&damaged->steps, damaged->count, damaged->count + 1, sizeof *damaged->steps,
                         "a list of checkpoints"));
    damaged->steps[damaged->count++] = step;
    return NN_OK;
}

bool nn_damaged_has(const nn_damaged *damaged, int64_t step)
{
    for (size_t i = 0; i < damaged->count; i++)
        if (damaged->steps[i] == step) return true;
    return false;
}

void nn_damaged_release(nn_damaged *damaged)
{
    nn_free(damaged->steps);
    *damaged = (nn_damaged){0};
}
