/* Between the heads of a model and the targets of the data. */
#ifndef NN_STEP_HEADS_H
#define NN_STEP_HEADS_H

#include "data/dataset.h"
#include "model/model.h"

/* What the losses want of the data, one entry a head, which borrow from the spec. */
void nn_heads_wanted(const nn_model_spec *spec, nn_target_wanted *wanted);

/* Makes the model for an open data set; takes what is in the spec. */
nn_status nn_heads_model(nn_model_spec *spec, const nn_dataset *data, int64_t microbatch_size,
                         nn_model **model);

#endif
