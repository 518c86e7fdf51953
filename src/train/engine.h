/* Training and evaluation in one precision, for callers that know nothing of nn_real. */
#ifndef NN_TRAIN_ENGINE_H
#define NN_TRAIN_ENGINE_H

#include "base/real.h"
#include "train/train.h"

/* As the functions of train.h, and collective as they are. */
typedef struct nn_engine {
    nn_status (*train)(nn_comm *comm, const nn_job *job, nn_train_result *result);
    nn_status (*evaluate)(nn_comm *comm, const nn_evaluation *evaluation);
    nn_status (*predict)(nn_comm *comm, const nn_prediction *prediction);
    nn_status (*replay)(const char *path);
} nn_engine;

extern const nn_engine nn_engine_f32, nn_engine_f64;

#endif
