/* Predictions next to their targets, as a CSV file: one line per sample. */
#ifndef NN_TRAIN_PREDICTIONS_H
#define NN_TRAIN_PREDICTIONS_H

#include "train/train.h"

/* See nn_predict_job. Collective. */
nn_status nn_predictions_write(nn_comm *comm, const nn_prediction *prediction);

#endif
