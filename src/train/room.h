/* Whether what a run will take fits into what its nodes have, reported before the kernel kills a rank for it.
 */
#ifndef NN_TRAIN_ROOM_H
#define NN_TRAIN_ROOM_H

#include "train/run.h"

/* Warns about the node that lacks the most memory. untouched: bytes that this rank has allocated and not
 * written yet. Collective. */
nn_status nn_room_warn(const nn_run *run, size_t untouched);

#endif
