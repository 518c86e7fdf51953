#include "train/engine.h"

#include "train/loop.h"
#include "train/predictions.h"
#include "train/replay.h"
#include "train/trained.h"

const nn_engine NN_REAL_SYMBOL(nn_engine) = {
    .train = nn_loop_train,
    .evaluate = nn_trained_evaluate,
    .predict = nn_predictions_write,
    .replay = nn_replay_show,
};
