/* Layers that read whole numbers, such as embedding, and the inputs that they read. */
#ifndef NN_MODEL_INDICES_H
#define NN_MODEL_INDICES_H

#include "base/real.h"
#include "base/status.h"
#include "model/model.h"

/* Fails where such a layer reads what other layers compute, an input that is normalised, or one that holds
 * more different numbers than the layer knows. The model has its network, its input and its scaling. */
nn_status nn_indices_check(const nn_model *model);

#endif
