/* The setting that makes a configuration's networks those of the precision that a test is compiled for. */
#ifndef NN_TESTS_STEP_PRECISION_H
#define NN_TESTS_STEP_PRECISION_H

#include "base/real.h"

static const char *const own_precision[] = {NN_SCALAR_REAL == NN_SCALAR_F64 ? "training.precision=float64"
                                                                            : "training.precision=float32"};

#endif
