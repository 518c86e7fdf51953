/* Checks whether an output can be compared with a target: private to losses and metrics. Each fails with the
 * remedy. */
#ifndef NN_LOSS_FIT_H
#define NN_LOSS_FIT_H

#include "base/real.h"
#include "base/shape.h"
#include "base/status.h"

/* For a target that is a class, or shares of classes, with one output value per class; or a class at every
 * step (or position), with an output of T x classes for a target of T. */
nn_status nn_fit_classes(nn_shape output, const nn_field *target);

/* For a target that is values, as many as the output has. */
nn_status nn_fit_values(nn_shape output, const nn_field *target);

/* For a target that is labels 0 and 1, or values, as many as the output has. */
nn_status nn_fit_yes_no(nn_shape output, const nn_field *target);

#endif
