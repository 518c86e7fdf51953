/* Checks the inputs of layers that read integers, such as embedding. */
#ifndef NN_MODEL_INDICES_H
#define NN_MODEL_INDICES_H

#include "base/real.h"
#include "base/status.h"
#include "model/model.h"

/* Fails if such a layer reads the output of a layer that computes, an input that is normalised, or one with
 * more symbols than the layer has. The model needs its network, input and scaling. */
nn_status nn_indices_check(const nn_model *model);

#endif
