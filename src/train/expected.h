/* What a checkpoint must hold by its own configuration. */
#ifndef NN_TRAIN_EXPECTED_H
#define NN_TRAIN_EXPECTED_H

#include "base/real.h"
#include "store/store.h"
#include "train/engine.h"

/* See nn_engine.check. */
nn_status nn_expected_verify(nn_store_file *file, nn_verify_report report, void *context);

#endif
