/* Checkpoints that a search has found damaged: only these may be removed for being damaged. */
#ifndef NN_RUNDIR_DAMAGED_H
#define NN_RUNDIR_DAMAGED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* Zero-initialise; release with nn_damaged_release. */
typedef struct nn_damaged {
    int64_t *steps; /* owned */
    size_t count;
} nn_damaged;

nn_status nn_damaged_add(nn_damaged *damaged, int64_t step);
bool nn_damaged_has(const nn_damaged *damaged, int64_t step);
void nn_damaged_release(nn_damaged *damaged);

#endif
