/* Prediction inside the program: what nntrain/nntrain.h does not offer. */
#ifndef NN_MODEL_PREDICT_H
#define NN_MODEL_PREDICT_H

#include "nntrain/nntrain.h"

/* As nn_predictor_run for one sample, without the rest of a microbatch: faster, but the last bits may differ.
 */
void nn_predictor_run_alone(nn_predictor *predictor, const float *inputs, float *outputs);

#endif
