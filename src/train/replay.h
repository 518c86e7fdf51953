/* `nntrain replay`: a microbatch that gave NaN or Inf, computed again layer by layer. */
#ifndef NN_TRAIN_REPLAY_H
#define NN_TRAIN_REPLAY_H

#include "base/status.h"

/* See nn_replay_job. Not collective. */
nn_status nn_replay_show(const char *path);

#endif
