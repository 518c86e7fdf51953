/* From the targets of the data to the heads of a model. */
#ifndef NN_STEP_HEADS_H
#define NN_STEP_HEADS_H

#include "data/dataset.h"
#include "model/model.h"

/* What the losses need from the data: one entry per head, borrowing from the spec. */
void nn_heads_wanted(const nn_model_spec *spec, nn_target_wanted *wanted);

/* Makes the model for an open data set; takes the contents of the spec. */
nn_status nn_heads_model(nn_model_spec *spec, const nn_dataset *data, int64_t microbatch_size,
                         nn_model **model);

#endif
